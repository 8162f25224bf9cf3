"""CORE. What will break and who will pay, drawn from a seed: the same seed gives the same schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded, it is as pure as a table

# No sale depends on it: while it is broken, everything works.
FLEET = "fleet"
LINKS = ("controller-broker", "relay-broker", "controller-relay")
PLAYER_EVERY_S = (1.0, 2.0)
FAULT_EVERY_S = 2.0
# Between two decks of faults nothing breaks: long enough for a credit window to end in which all worked for
# its last half minute.
LULL_S = 60.0
CREDITS = (1, 3)
# Long enough for the machine to break between the door and the payment.
PAYING_TAKES_S = (0.0, 2.0)
# One player in so many goes to the same machine of the hall next door.
NEXT_DOOR_ONE_IN = 8
# Around a kind of fault that comes first, slow players: it strikes while they pay.
OPENING_S = 2.0
OPENING_PAYING_TAKES_S = (1.0, 6.0)
OPENING_PLAYERS = 5
# Players go on coming so long while faults still wait for somebody to hit.
OVERTIME_S = 90.0
# So long after a payment a fault strikes: from before its webhook until after its receipt.
BEHIND_A_PAYMENT_S = (0.0, 0.8)


@dataclass(frozen=True)
class Kind:
    """One kind of fault. Of two faults of one `target`, the second ends the first.

    One that `comes_first` or `comes_last` strikes once, alone, and nothing breaks for `calm_s` after it.
    It waits up to `waits_s` for somebody who pays.
    """

    name: str
    target: str
    least_s: float = 0.0
    most_s: float = 0.0
    comes_first: bool = False
    comes_last: bool = False
    calm_s: float = 0.0
    waits_s: float = 60.0


@dataclass(frozen=True, order=True)
class Fault:
    """Something breaks at `at_s` for `lasts_s`; `behind_s` after the payment that it is to hit."""

    at_s: float
    kind: str
    lasts_s: float
    behind_s: float


@dataclass(frozen=True, order=True)
class Wish:
    """Somebody comes to the door at `at_s`, wants so many credits, and takes `takes_s` to pay for them.

    `next_door` is the door of another hall, which has a machine with the same name.
    """

    at_s: float
    credits: int
    takes_s: float
    next_door: bool = False


@dataclass(frozen=True)
class Schedule:
    """All that happens in `lasts_s` seconds, in order of time; players beyond it come if they are needed."""

    lasts_s: float
    wishes: tuple[Wish, ...]
    faults: tuple[Fault, ...]


# The controller and its coin line are one target: a service manager ends both before it starts them anew.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("controller killed", "cabinet"),
        Kind("controller stopped", "cabinet", 0.2, 5),
        Kind("coin line killed", "cabinet"),
        Kind("coin line stopped", "cabinet", 0.2, 3),
        Kind("relay killed", "relay"),
        Kind("relay stopped", "relay", 0.2, 5),
        Kind("broker restarted", "broker", 0.1, 4),
        Kind("broker killed", "broker", 0.1, 4),
        Kind("broker's sessions lost", "broker", 0.1, 4),
        *(Kind(f"{link} cut", link, 0.1, 5) for link in LINKS),
        *(Kind(f"{link} delayed", link, 0.5, 6) for link in LINKS),
        *(Kind(f"{link} slowed", link, 1, 6) for link in LINKS),
        Kind("relay's clock a minute ahead", "relay's clock", 2, 8),
        Kind("relay's clock a minute behind", "relay's clock", 2, 8),
        Kind("relay's clock ten minutes ahead", "relay's clock", 2, 8),
        Kind("relay's clock ten minutes behind", "relay's clock", 2, 8),
        Kind("webhooks repeated", "webhooks", 2, 5),
        Kind("webhooks delayed", "webhooks", 1, 5),
        Kind("webhooks reordered", "webhooks", 2, 5),
        Kind("Stripe answers 429", "Stripe", 1, 4),
        Kind("Stripe answers 500", "Stripe", 1, 4),
        Kind("Stripe answers 500 after the work", "Stripe", 1, 4),
        Kind("Stripe is silent", "Stripe", 1, 8),
        Kind("Stripe is silent after the work", "Stripe", 1, 8),
        Kind("Stripe's lists are slow", "Stripe", 4, 12),
        Kind("key may not read charges", "key", 2, 8),
        Kind("key may not write payments", "key", 2, 8),
        Kind("disk full", "disk", 0.5, 4),
        Kind("board jammed", "board", 0.5, 5),
        # Long enough for several kills.
        Kind("fleet killed", FLEET, 6, 10),
        # It comes back for the window's last half minute, and some seconds that all need to find it.
        Kind("broker away until late", "broker", 18, 22, comes_first=True, calm_s=42),
        # Longer than the credit window: what was paid before it is not delivered, and given back.
        Kind("board jammed for good", "board", 62, 65, comes_first=True),
        Kind("coin wire cut", "coin wire", 0.3, 2),
        # The door must be closed by then, and opens by itself within half a minute of the end.
        Kind("token revoked", "relay", 20, 25, comes_last=True, calm_s=60, waits_s=90),
        # A cabinet takes it for a second one of its name: it stays away for minutes, and comes back alone.
        Kind("broker crashes six times", "broker", 12, 14, comes_last=True, waits_s=90),
    )
}
# Without a coin meter nobody can know that a pulse did not reach the board.
WITHOUT_METER = tuple(name for name in KINDS if name != "coin wire cut")

KILLS_OF_THE_CABINET = ("controller killed", "coin line killed")


def draw(seed: int, lasts_s: float, kinds: Sequence[str] = WITHOUT_METER) -> Schedule:
    """A schedule in which every one of `kinds` comes at least once in `lasts_s` seconds; none is a calm day.

    Kinds that come first or last have that time for themselves, which makes the whole longer.
    """
    random = Random(seed)  # noqa: S311 - nothing secret
    first, begin_s = _alone(random, 0.0, [kind for kind in kinds if KINDS[kind].comes_first])
    opening = [_slow_wish(random, fault.at_s) for fault in first for _ in range(OPENING_PLAYERS)]
    end_s = begin_s + lasts_s
    deck = [kind for kind in kinds if not (KINDS[kind].comes_first or KINDS[kind].comes_last)]
    last, over_s = _alone(random, end_s, [kind for kind in kinds if KINDS[kind].comes_last])
    waits_s = sum(KINDS[fault.kind].waits_s for fault in last)
    return Schedule(
        lasts_s=over_s,
        wishes=(*sorted(opening), *_wishes(random, begin_s, over_s + waits_s + OVERTIME_S)),
        faults=(*first, *_faults(random, begin_s, end_s, deck), *last),
    )


def _alone(random: Random, begin_s: float, kinds: Sequence[str]) -> tuple[list[Fault], float]:
    """These faults one after the other, and when the last of them and its calm are over."""
    faults = []
    for kind in kinds:
        faults.append(_fault(random, begin_s + OPENING_S, kind))
        begin_s = faults[-1].at_s + faults[-1].lasts_s + KINDS[kind].calm_s
    return faults, begin_s


def _wishes(random: Random, begin_s: float, end_s: float) -> Iterator[Wish]:
    at_s = begin_s
    while at_s < end_s:
        next_door = random.randrange(NEXT_DOOR_ONE_IN) == 0
        yield Wish(at_s, random.choice(CREDITS), random.uniform(*PAYING_TAKES_S), next_door)
        at_s += random.uniform(*PLAYER_EVERY_S)


def _slow_wish(random: Random, around_s: float) -> Wish:
    at_s, takes_s = random.uniform(around_s - OPENING_S, around_s), random.uniform(*OPENING_PAYING_TAKES_S)
    return Wish(at_s, random.choice(CREDITS), takes_s)


def _faults(random: Random, begin_s: float, end_s: float, deck: Sequence[str]) -> Iterator[Fault]:
    """Whole decks of all kinds, each shuffled anew and dealt at an even pace, with a lull between two."""
    decks = max(1, round((end_s - begin_s + LULL_S) / (len(deck) * FAULT_EVERY_S + LULL_S)))
    lasts_s = (end_s - begin_s + LULL_S) / decks - LULL_S
    for _ in range(decks if deck else 0):
        for number, name in enumerate(random.sample(deck, len(deck))):
            yield _fault(random, begin_s + lasts_s * (number + random.random()) / len(deck), name)
        begin_s += lasts_s + LULL_S


def _fault(random: Random, at_s: float, name: str) -> Fault:
    kind = KINDS[name]
    return Fault(at_s, name, random.uniform(kind.least_s, kind.most_s), random.uniform(*BEHIND_A_PAYMENT_S))
