"""CORE. What will break and who will pay, drawn from a seed: the same seed gives the same schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded, it is as pure as a table

LINKS = ("controller-broker", "relay-broker", "controller-relay")
PLAYER_EVERY_S = (1.0, 2.0)
FAULT_EVERY_S = 2.0
CREDITS = (1, 3)
# Long enough for the machine to break between the door and the payment.
PAYING_TAKES_S = (0.0, 2.0)
# Around the kind of fault that comes first, slow players: it strikes while they pay.
OPENING_S = 2.0
OPENING_PAYING_TAKES_S = (1.0, 6.0)
OPENING_PLAYERS = 5
# Players go on coming so long while faults still wait for somebody to hit.
OVERTIME_S = 60.0
# So long after a payment a fault strikes: from before its webhook until after its receipt.
BEHIND_A_PAYMENT_S = (0.0, 0.8)


@dataclass(frozen=True)
class Kind:
    """One kind of fault. Of two faults of one `target`, the second ends the first.

    One that `comes_first` strikes once, at the beginning, and alone.
    """

    name: str
    target: str
    least_s: float = 0.0
    most_s: float = 0.0
    comes_first: bool = False


@dataclass(frozen=True, order=True)
class Fault:
    """Something breaks at `at_s` for `lasts_s`; `behind_s` after the payment that it is to hit."""

    at_s: float
    kind: str
    lasts_s: float
    behind_s: float


@dataclass(frozen=True, order=True)
class Wish:
    """Somebody comes to the door at `at_s`, wants so many credits, and takes `takes_s` to pay for them."""

    at_s: float
    credits: int
    takes_s: float


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
        Kind("webhooks repeated", "webhooks", 2, 5),
        Kind("webhooks delayed", "webhooks", 1, 5),
        Kind("webhooks reordered", "webhooks", 2, 5),
        Kind("Stripe answers 429", "Stripe", 1, 4),
        Kind("Stripe answers 500", "Stripe", 1, 4),
        Kind("Stripe answers 500 after the work", "Stripe", 1, 4),
        Kind("Stripe is silent", "Stripe", 1, 8),
        Kind("Stripe is silent after the work", "Stripe", 1, 8),
        Kind("disk full", "disk", 0.5, 4),
        Kind("board jammed", "board", 0.5, 5),
        # Longer than the credit window: what was paid before it is not delivered, and given back.
        Kind("board jammed for good", "board", 62, 65, comes_first=True),
        Kind("coin wire cut", "coin wire", 0.3, 2),
    )
}
# Without a coin meter nobody can know that a pulse did not reach the board.
WITHOUT_METER = tuple(name for name in KINDS if name != "coin wire cut")

KILLS_OF_THE_CABINET = ("controller killed", "coin line killed")


def draw(seed: int, lasts_s: float, kinds: Sequence[str] = WITHOUT_METER) -> Schedule:
    """A schedule in which every one of `kinds` comes at least once in `lasts_s` seconds; none is a calm day.

    Kinds that come first have the beginning for themselves, which makes the whole longer.
    """
    random = Random(seed)  # noqa: S311 - nothing secret
    first = [_fault(random, OPENING_S, kind) for kind in kinds if KINDS[kind].comes_first]
    begin_s = max((fault.at_s + fault.lasts_s for fault in first), default=0.0)
    end_s = begin_s + lasts_s
    opening = [_slow_wish(random) for _ in range(OPENING_PLAYERS)] if first else []
    deck = [kind for kind in kinds if not KINDS[kind].comes_first]
    return Schedule(
        lasts_s=end_s,
        wishes=(*sorted(opening), *_wishes(random, begin_s, end_s + OVERTIME_S)),
        faults=(*first, *_faults(random, begin_s, end_s, deck)),
    )


def _wishes(random: Random, begin_s: float, end_s: float) -> Iterator[Wish]:
    at_s = begin_s
    while at_s < end_s:
        yield Wish(at_s, random.choice(CREDITS), random.uniform(*PAYING_TAKES_S))
        at_s += random.uniform(*PLAYER_EVERY_S)


def _slow_wish(random: Random) -> Wish:
    at_s, takes_s = random.uniform(0.0, OPENING_S), random.uniform(*OPENING_PAYING_TAKES_S)
    return Wish(at_s, random.choice(CREDITS), takes_s)


def _faults(random: Random, begin_s: float, end_s: float, deck: Sequence[str]) -> Iterator[Fault]:
    """Whole decks of all kinds, each shuffled anew and dealt at an even pace."""
    lasts_s = end_s - begin_s
    decks = max(1, round(lasts_s / FAULT_EVERY_S / max(1, len(deck))))
    dealt = [kind for _ in range(decks) for kind in random.sample(deck, len(deck))]
    for number, name in enumerate(dealt):
        yield _fault(random, begin_s + lasts_s * (number + random.random()) / len(dealt), name)


def _fault(random: Random, at_s: float, name: str) -> Fault:
    kind = KINDS[name]
    return Fault(at_s, name, random.uniform(kind.least_s, kind.most_s), random.uniform(*BEHIND_A_PAYMENT_S))
