"""CORE. What alerts say to people: one line each, and messages of one line or many."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from fleet.rules.alert_rules import BY_KIND

_MOST_NAMES, _MOST_LINES, _MOST_CHARS = 8, 20, 300


@dataclass(frozen=True)
class Told:
    """An alert as it is told: `names` are the machines of a group."""

    phase: str
    kind: str
    who: str
    text: str
    began_at: float
    ended_at: float | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """What is sent: a title of one line, and a body."""

    title: str
    body: str
    is_bad: bool


def one_line(text: str) -> str:
    """A text of others, so that it is one line and no more than text, whatever is in it."""
    plain = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text)
    short = " ".join(plain.split())
    return short if len(short) <= _MOST_CHARS else short[: _MOST_CHARS - 1] + "…"


def title_of(kind: str) -> str:
    """The words for a kind of alert."""
    return BY_KIND[kind].title if kind in BY_KIND else kind


def remedy_of(kind: str) -> str:
    """What to do about a kind of alert."""
    return BY_KIND[kind].remedy if kind in BY_KIND else ""


def subject_text(subject: str, machines: Mapping[str, str], places: Mapping[int, str]) -> str:
    """Whom an alert is about, by name."""
    if subject.startswith(":location:"):
        number = subject.rpartition(":")[2]
        return one_line(places.get(int(number), "") or f"location {number}")
    if subject.startswith(":"):
        return "The fleet"
    name = one_line(machines.get(subject, ""))
    return f"{name} ({subject})" if name not in ("", subject) else subject


def summary(told: Told) -> str:
    """What a line begins with, and what a message of one line has as its title."""
    title = title_of(told.kind)
    count = f"{len(told.names)} machines " if told.names else ""
    if told.phase == "ends":
        return f"Over: {told.who}: {count}{title}"
    begin = "Nobody has acknowledged: " if told.phase == "escalates" else ""
    return f"{begin}{told.who}: {count}{title}"


def message(told: Sequence[Told], zone: tzinfo, page_url: str = "") -> Message:
    """One message of all that is to be told to a channel now."""
    is_bad = any(each.phase != "ends" for each in told)
    link = f"\n\n{page_url}" if page_url else ""
    if len(told) == 1:
        return Message(summary(told[0]), "\n".join(_body(told[0], zone)) + link, is_bad)
    bad = sum(1 for each in told if each.phase != "ends")
    title = f"{bad} alerts" + (f", {len(told) - bad} over" if bad < len(told) else "")
    lines = [f"{summary(each)} ({_when(each, zone)})" for each in told[:_MOST_LINES]]
    more = [f"and {len(told) - _MOST_LINES} more"] if len(told) > _MOST_LINES else []
    return Message(title if bad else f"{len(told)} alerts over", "\n".join([*lines, *more]) + link, is_bad)


def test_message(channel: str, now: float, zone: tzinfo) -> Message:
    """What the test button sends."""
    return Message(
        "Test of the fleet's alerts", f"Channel {one_line(channel)} works. {_clock(now, zone)}", is_bad=False
    )


def _body(told: Told, zone: tzinfo) -> list[str]:
    lines = [one_line(told.text)] if told.text else []
    if told.names:
        more = [f"and {len(told.names) - _MOST_NAMES} more"] if len(told.names) > _MOST_NAMES else []
        lines.append(", ".join([*map(one_line, told.names[:_MOST_NAMES]), *more]))
    lines.append(_when(told, zone))
    return lines if told.phase == "ends" else [*lines, remedy_of(told.kind)]


def _when(told: Told, zone: tzinfo) -> str:
    if told.phase == "ends" and told.ended_at is not None:
        return f"From {_clock(told.began_at, zone)} to {_clock(told.ended_at, zone)}"
    return f"Since {_clock(told.began_at, zone)}"


def _clock(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
