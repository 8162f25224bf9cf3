"""CORE. From what is so to what is told: each state once when it begins, and once when it ends.

What begins at several machines at once has one cause, and is one message: of a place, or of the fleet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fleet.rules.alert_rules import BY_KIND
from fleet.rules.alert_state import FLEET, Finding, Key

SPREAD_S = 15.0
"""How long the first of several waits for the others: wills come within a keepalive of each other."""
JOINING_S = 300.0
"""How long after a group began another machine of the same kind belongs to it."""
LULL_S = 300.0
"""How long half of a group must be well before it is taken apart."""
FEWEST_OF_FLEET = 5


@dataclass(frozen=True)
class Held:
    """How long something is as it is."""

    is_so: bool
    since_at: float


@dataclass(frozen=True)
class Open:
    """An alert that lasts; `covers` are the machines of a group, none where it is about its subject alone.

    `left_at` is when each of those was well that do not belong to the group any more.
    """

    number: int
    subject: str
    kind: str
    began_at: float
    covers: tuple[str, ...] = ()
    left_at: tuple[float, ...] = ()

    @property
    def members(self) -> tuple[str, ...]:
        """What it is about."""
        return self.covers or (self.subject,)


@dataclass(frozen=True)
class Begin:
    """Something began; `covers` has each machine of a group with its text."""

    subject: str
    kind: str
    text: str
    covers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Join:
    """More machines belong to an open group: nothing new to tell."""

    number: int
    covers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Leave:
    """Machines of a group are well again, and the group goes on: nothing to tell yet."""

    number: int
    machines: tuple[str, ...]


@dataclass(frozen=True)
class End:
    """An open alert ended; `remaining` are machines of its group for which it goes on by itself."""

    number: int
    remaining: tuple[str, ...] = ()


Flip = Begin | Join | Leave | End


def place_subject(place: int) -> str:
    """The subject of what a whole place has in common."""
    return f":location:{place}"


def hold(held: Mapping[Key, Held], found: Mapping[Key, Finding], now: float) -> dict[Key, Held]:
    """Since when each thing is as it is; what cannot be known now is forgotten."""
    return {
        key: _held(held.get(key), finding, now) for key, finding in found.items() if finding.text is not None
    }


def flips(
    held: Mapping[Key, Held], found: Mapping[Key, Finding], open_alerts: Sequence[Open], now: float
) -> list[Flip]:
    """What to tell now, ends first."""
    ends = [end for alert in open_alerts if (end := _end(alert, held, found, now)) is not None]
    ended = {each.number for each in ends if isinstance(each, End)}
    still = [alert for alert in open_alerts if alert.number not in ended]
    return [*ends, *_begins(held, found, still, now)]


def _held(before: Held | None, finding: Finding, now: float) -> Held:
    is_so = bool(finding.text)
    if before is not None and before.is_so == is_so:
        return before
    return Held(is_so, now if finding.since_at is None else min(finding.since_at, now))


def _end(
    alert: Open, held: Mapping[Key, Held], found: Mapping[Key, Finding], now: float
) -> End | Leave | None:
    over = tuple(each for each in alert.members if _is_over((each, alert.kind), held, found, now))
    remaining = tuple(each for each in alert.members if each not in over)
    if not remaining:
        return End(alert.number)
    left_at = (*alert.left_at, *(now for _ in over))
    if left_at and len(remaining) <= len(left_at) and max(left_at) + LULL_S <= now:
        return End(alert.number, remaining)
    return Leave(alert.number, over) if over else None


def _is_over(key: Key, held: Mapping[Key, Held], found: Mapping[Key, Finding], now: float) -> bool:
    if key not in found:
        return True  # a machine that nobody watches any more
    state = held.get(key)
    return state is not None and not state.is_so and state.since_at + _rule_s(key, begins=False) <= now


def _rule_s(key: Key, *, begins: bool) -> float:
    rule = BY_KIND.get(key[1])
    if rule is None:
        return 0.0
    return rule.begins_after_s if begins else rule.ends_after_s


def _begins(
    held: Mapping[Key, Held], found: Mapping[Key, Finding], still: Sequence[Open], now: float
) -> Iterable[Flip]:
    covered = {(each, alert.kind) for alert in still for each in alert.members}
    pending: dict[str, list[Key]] = defaultdict(list)
    for key, state in held.items():
        if state.is_so and key not in covered:
            pending[key[1]].append(key)
    for kind, keys in pending.items():
        groups = [alert for alert in still if alert.kind == kind and alert.covers]
        yield from _begin_kind(kind, keys, held, found, groups, now)


def _begin_kind(
    kind: str,
    keys: Sequence[Key],
    held: Mapping[Key, Held],
    found: Mapping[Key, Finding],
    groups: Sequence[Open],
    now: float,
) -> Iterable[Flip]:
    ripe = [key for key in keys if held[key].since_at + _rule_s(key, begins=True) <= now]
    ripe = [key for key in ripe if not _waits(key, keys, ripe, held, now)]
    joining: dict[int, list[Key]] = defaultdict(list)
    fresh = []
    for key in ripe:
        group = next((each for each in groups if _takes(each, found[key].place, now)), None)
        if group is None:
            fresh.append(key)
        else:
            joining[group.number].append(key)
    yield from (Join(number, _covers(joined, found)) for number, joined in joining.items())
    watched = sum(1 for _, each in found if each == kind)
    if _is_of_fleet(fresh, found, watched) and not _taken(FLEET, groups):
        yield Begin(FLEET, kind, "", _covers(fresh, found))
        return
    yield from _begin_places(kind, fresh, found, groups)


def _begin_places(
    kind: str, fresh: Sequence[Key], found: Mapping[Key, Finding], groups: Sequence[Open]
) -> Iterable[Flip]:
    by_place: dict[int | None, list[Key]] = defaultdict(list)
    for key in fresh:
        by_place[found[key].place].append(key)
    for place, keys in by_place.items():
        if place is not None and len(keys) > 1 and not _taken(place_subject(place), groups):
            yield Begin(place_subject(place), kind, "", _covers(keys, found))
        else:
            yield from (Begin(key[0], kind, found[key].text or "") for key in keys)


def _waits(key: Key, keys: Sequence[Key], ripe: Sequence[Key], held: Mapping[Key, Held], now: float) -> bool:
    """Whether it waits for others of its kind that are about to begin as well."""
    if len(ripe) == len(keys):
        return False
    return now < held[key].since_at + _rule_s(key, begins=True) + SPREAD_S


def _takes(group: Open, place: int | None, now: float) -> bool:
    if now > group.began_at + JOINING_S:
        return False
    return group.subject == FLEET or (place is not None and group.subject == place_subject(place))


def _taken(subject: str, groups: Sequence[Open]) -> bool:
    return any(group.subject == subject for group in groups)


def _is_of_fleet(keys: Sequence[Key], found: Mapping[Key, Finding], watched: int) -> bool:
    places = {found[key].place for key in keys}
    return len(keys) >= max(FEWEST_OF_FLEET, watched / 2) and len(places) > 1


def _covers(keys: Sequence[Key], found: Mapping[Key, Finding]) -> tuple[tuple[str, str], ...]:
    return tuple((key[0], found[key].text or "") for key in keys)
