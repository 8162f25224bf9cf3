"""CORE. The overview: every machine with its state in a word, what it took today, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from fleet.reports.amounts import Money, added_up


class State(Enum):
    """How a machine is: the word, and the kind that gives colour and shape; the worst comes first."""

    OUT_OF_ORDER = ("out of order", "broken")
    OFFLINE = ("offline", "broken")
    NOT_READY = ("not ready", "waits")
    STARTING = ("starting", "waits")
    NEVER_HEARD = ("never heard of", "waits")
    PLAYING = ("being played", "busy")
    PAYING = ("being paid", "busy")
    SELLS = ("sells", "well")
    OTHER = ("does not sell", "waits")

    @property
    def words(self) -> str:
        """The state as a person reads it."""
        return self.value[0]

    @property
    def kind(self) -> str:
        """Broken, waits, busy or well."""
        return self.value[1]


_BY_WORD = {
    "out_of_order": State.OUT_OF_ORDER,
    "not_ready": State.NOT_READY,
    "starting": State.STARTING,
    "playing": State.PLAYING,
    "paying": State.PAYING,
    "offline": State.OFFLINE,
}
_NEED = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True)
class Heard:
    """What a machine said last of itself; None of one that never did."""

    is_online: bool
    is_accepting: bool
    state: str
    since_at: float


@dataclass(frozen=True)
class Machine:
    """What is known of a machine; money in sums by currency, times in Unix seconds."""

    machine_id: str
    name: str
    place: str
    heard: Heard | None
    faults: tuple[tuple[str, float], ...] = ()
    phone: tuple[Money, ...] = ()
    cash: tuple[Money, ...] = ()
    coins: int = 0
    plays: int = 0
    last_game_at: float | None = None

    @property
    def state(self) -> State:
        """In one word of ours: a cabinet's own may be anything."""
        if self.heard is None:
            return State.NEVER_HEARD
        if not self.heard.is_online:
            return State.OFFLINE
        if self.heard.is_accepting and self.heard.state not in ("playing", "paying"):
            return State.SELLS
        return _BY_WORD.get(self.heard.state, State.OTHER)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.machine_id

    @property
    def since_at(self) -> float | None:
        """Since when it is as it is."""
        return self.heard.since_at if self.heard else None

    @property
    def is_well(self) -> bool:
        """Whether nobody has to do anything."""
        return self.state.kind in ("well", "busy") and not self.faults


@dataclass(frozen=True)
class Group:
    """The machines of one place, those in need first; what they took today together."""

    place: str
    machines: tuple[Machine, ...]
    takings: tuple[Money, ...]
    in_need: int


@dataclass(frozen=True)
class Overview:
    """All places, those in need first."""

    groups: tuple[Group, ...]
    machines: int
    in_need: int
    takings: tuple[Money, ...]
    plays: int


def overview(machines: Iterable[Machine], search: str = "") -> Overview:
    """The machines whose name, id or place has the searched words in it, by place."""
    words = search.casefold().split()
    chosen = [machine for machine in machines if all(word in _text(machine) for word in words)]
    places: dict[str, list[Machine]] = {}
    for machine in chosen:
        places.setdefault(machine.place, []).append(machine)
    groups = [_group(place, found) for place, found in places.items()]
    return Overview(
        tuple(sorted(groups, key=lambda group: (-group.in_need, group.place == "", group.place.casefold()))),
        len(chosen),
        sum(not machine.is_well for machine in chosen),
        _takings(chosen),
        sum(machine.plays for machine in chosen),
    )


def _group(place: str, machines: Sequence[Machine]) -> Group:
    by_need = sorted(machines, key=_need)
    return Group(place, tuple(by_need), _takings(machines), sum(not each.is_well for each in machines))


def _need(machine: Machine) -> tuple[bool, int, str]:
    return machine.is_well, _NEED[machine.state], machine.title.casefold()


def _takings(machines: Iterable[Machine]) -> tuple[Money, ...]:
    return added_up(money for machine in machines for money in (*machine.phone, *machine.cash))


def _text(machine: Machine) -> str:
    return f"{machine.machine_id} {machine.name} {machine.place}".casefold()
