"""CORE. The Alerts page: what lasts, what somebody sees to, and what is over, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from fleet.pages.alert_texts import one_line, remedy_of, subject_text, title_of

_PHASES = {"begins": "begin", "escalates": "escalation", "ends": "end"}


@dataclass(frozen=True)
class Names:
    """What machines and places are called, and where machines stand."""

    machines: dict[str, str]
    places: dict[int, str]
    stands: dict[str, int | None]


@dataclass(frozen=True)
class Delivery:
    """Whom an alert was told, or is to be told (Unix seconds)."""

    channel: str
    phase: str
    due_at: float
    sent_at: float | None
    error: str


@dataclass(frozen=True)
class Listed:
    """An alert of a list; `covers` are those machines of its group that its reader may see, with texts."""

    number: int
    subject: str
    kind: str
    text: str
    covers: tuple[tuple[str, str], ...]
    began_at: float
    ended_at: float | None
    acknowledged_at: float | None
    acknowledged_by: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class DeliveryView:
    """Whom an alert was told: `state` is told, waits or fails, and `words` say when or why."""

    channel: str
    state: str
    words: str


@dataclass(frozen=True)
class CoveredView:
    """A machine of a group."""

    machine_id: str
    name: str
    text: str


@dataclass(frozen=True)
class AlertView:
    """An alert as a person reads it; `state` is open, acknowledged or over.

    `machine_id` is "" where it is about no single machine.
    """

    number: int
    state: str
    title: str
    who: str
    machine_id: str
    text: str
    remedy: str
    covers: tuple[CoveredView, ...]
    began: str
    ended: str
    lasted: str
    seen_to: str
    deliveries: tuple[DeliveryView, ...]


def view(listed: Listed, names: Names, zone: tzinfo, now: float) -> AlertView:
    """An alert in words."""
    until_at = now if listed.ended_at is None else listed.ended_at
    return AlertView(
        number=listed.number,
        state=_state(listed),
        title=title_of(listed.kind),
        who=subject_text(listed.subject, names.machines, names.places),
        machine_id="" if listed.subject.startswith(":") else listed.subject,
        text=one_line(listed.text),
        remedy=remedy_of(listed.kind),
        covers=tuple(_covered(each, names) for each in listed.covers),
        began=clock(listed.began_at, zone),
        ended="" if listed.ended_at is None else clock(listed.ended_at, zone),
        lasted=duration(until_at - listed.began_at),
        seen_to=_seen_to(listed, zone),
        deliveries=tuple(_delivery(each, zone) for each in listed.deliveries),
    )


def clock(at: float, zone: tzinfo) -> str:
    """A time as the fleet's clock shows it."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """How long something lasted, in its two largest units."""
    minutes = max(int(seconds // 60), 0)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _state(listed: Listed) -> str:
    if listed.ended_at is not None:
        return "over"
    return "open" if listed.acknowledged_at is None else "acknowledged"


def _seen_to(listed: Listed, zone: tzinfo) -> str:
    if listed.acknowledged_at is None:
        return ""
    return f"{one_line(listed.acknowledged_by)}, {clock(listed.acknowledged_at, zone)}"


def _covered(covered: tuple[str, str], names: Names) -> CoveredView:
    machine_id, text = covered
    return CoveredView(machine_id, one_line(names.machines.get(machine_id, "")) or machine_id, one_line(text))


def _delivery(delivery: Delivery, zone: tzinfo) -> DeliveryView:
    what, name = _PHASES.get(delivery.phase, delivery.phase), one_line(delivery.channel)
    if delivery.sent_at is not None:
        return DeliveryView(name, "told", f"{what} told {clock(delivery.sent_at, zone)}")
    due = clock(delivery.due_at, zone)
    if delivery.error:
        return DeliveryView(name, "fails", f"{what} not told: {one_line(delivery.error)}; again {due}")
    return DeliveryView(name, "waits", f"{what} to be told {due}")
