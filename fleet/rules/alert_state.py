"""CORE. What is known of the fleet when its alerts are decided, and what is found about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleet.rules.opening import Opening
from fleet.rules.silence import Habit

BROKER, FLEET, STRIPE = ":broker", ":fleet", ":stripe"
"""Subjects that are no machine: no machine id has a colon."""


@dataclass(frozen=True)
class Place:
    """Where machines stand; `number` is None for those of which nobody said where they are."""

    number: int | None
    name: str
    opening: Opening


@dataclass(frozen=True)
class Fault:
    """One thing that a machine says is wrong with it."""

    kind: str
    text: str


@dataclass(frozen=True)
class Machine:
    """A machine as it was heard last: since `since_at` it is as it is.

    `silent_s` is how long it could have sold and had no customer (None: not counted now), `conflicts` how
    many receipts of the last day contradict Stripe, `money_short` in what the two books differ ("" in
    nothing; None: not compared), `troubles` what the fleet found about it, by kind.
    """

    machine_id: str
    name: str
    place: Place
    is_online: bool
    state: str
    since_at: float
    faults: tuple[Fault, ...] = ()
    silent_s: float | None = None
    habit: Habit | None = None
    conflicts: int = 0
    money_short: str | None = None
    troubles: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Broker:
    """Whether anybody of the fleet hears the broker, since when that is so, and what is wrong if not."""

    is_heard: bool
    since_at: float
    trouble: str = ""


@dataclass(frozen=True)
class World:
    """All that alerts are decided by; `broker` is None where nobody ever listened to it.

    `troubles` are those of the fleet itself: kind, subject and text.
    """

    machines: tuple[Machine, ...]
    broker: Broker | None = None
    troubles: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Finding:
    """Whether something is so: a text if it is, "" if not, and None if that cannot be known now.

    `since_at` is since when, where the book knows it. `place` is where the machine stands.
    """

    text: str | None
    since_at: float | None = None
    place: int | None = None


Key = tuple[str, str]
"""A subject and a kind."""
