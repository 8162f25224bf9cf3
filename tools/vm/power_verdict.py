"""What has to hold of ledger, coin line and money, wherever the plug was pulled; a sentence a broken rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# The pulse on the line, and one that is ordered behind it.
IN_DOUBT_PER_CUT = 2
LEFT_THE_PIN = ("fired", "confirmed")


@dataclass(frozen=True)
class Pulse:
    """A row of the ledger."""

    payment_id: str
    number: int
    state: str

    @property
    def name(self) -> str:
        """What no second pulse may be called."""
        return f"pulse {self.number} of {self.payment_id}"


@dataclass(frozen=True)
class Boot:
    """From one power-up to its cut: the pulses that the pin began, and all of the ledger as the cut left it.

    `pulses` stand in the order in which they were intended, those of earlier boots first.
    """

    rises: int
    pulses: tuple[Pulse, ...]


@dataclass(frozen=True)
class Sale:
    """A payment at the end: what the ledger says of it, and Stripe's books; amounts in minor units.

    `outcome` is None if the ledger never heard of it, or has it open.
    """

    payment_id: str
    credits: int
    pulses: int
    outcome: str | None
    credits_delivered: int
    status: str
    amount: int
    charged: int


def broken_at_cut(before: tuple[Pulse, ...], boot: Boot) -> Iterator[str]:
    """The rules for one boot, `before` which the ledger held so much."""
    if tuple(pulse.name for pulse in boot.pulses[: len(before)]) != tuple(pulse.name for pulse in before):
        yield f"the ledger lost pulses: it had {len(before)} before, now {len(boot.pulses)}"
    ours = boot.pulses[len(before) :]
    completed = sum(pulse.state in LEFT_THE_PIN for pulse in ours)
    if completed > boot.rises:
        yield f"{completed} pulses completed in the ledger, and only {boot.rises} on the pin"
    if boot.rises > len(ours):
        yield f"{boot.rises} pulses on the pin, and only {len(ours)} intended in the ledger"
    if len(ours) - completed > IN_DOUBT_PER_CUT:
        yield f"{len(ours) - completed} pulses in doubt, more than {IN_DOUBT_PER_CUT}: {_listed(ours)}"


def broken_at_end(boots: Sequence[Boot], sales: Sequence[Sale]) -> Iterator[str]:
    """The rules for the money, once all is settled."""
    in_boots: dict[str, set[int]] = {}
    rises: Counter[str] = Counter()
    fired: Counter[str] = Counter()
    begun = 0
    for number, boot in enumerate(boots):
        ours = boot.pulses[begun:]
        begun = len(boot.pulses)
        for pulse in ours:
            in_boots.setdefault(pulse.payment_id, set()).add(number)
        rises.update(pulse.payment_id for pulse in ours[: boot.rises])
        fired.update(pulse.payment_id for pulse in ours if pulse.state in LEFT_THE_PIN)
    for name, times in Counter(pulse.name for boot in boots[-1:] for pulse in boot.pulses).items():
        if times > 1:
            yield f"{name} was intended {times} times"
    for sale in sales:
        for sentence in _broken_of(sale, rises[sale.payment_id], fired[sale.payment_id]):
            yield f"{sale.payment_id}: {sentence}"
        if len(in_boots.get(sale.payment_id, ())) > 1:
            yield f"{sale.payment_id}: its train went on behind a cut, where the board had lost its credits"


def _broken_of(sale: Sale, rises: int, fired: int) -> Iterator[str]:
    if sale.status not in ("succeeded", "canceled"):
        yield f"not settled: {sale.status}"
    if rises > sale.pulses > 0:
        yield f"{rises} pulses on the pin for {sale.pulses} paid"
    delivered, credits = sale.credits_delivered, sale.credits
    if sale.charged != sale.amount * delivered // credits:
        yield f"charged {sale.charged} of {sale.amount} for {delivered} of {credits} credits"
    needed = _pulses_charged(sale)
    if needed > fired:
        yield f"charged for {needed} pulses, and {fired} completed in the ledger"
    if needed > rises:
        yield f"charged for {needed} pulses, and {rises} were on the pin"
    if fired == sale.pulses > 0 and sale.outcome != "delivered":
        yield f"all its pulses left the pin, and it is {sale.outcome}"


def _pulses_charged(sale: Sale) -> int:
    """How many pulses the player paid for in the end; a started minor unit counts as all that it buys."""
    return -(-sale.charged * sale.pulses // sale.amount) if sale.charged else 0


def _listed(pulses: Sequence[Pulse]) -> str:
    return ", ".join(f"{pulse.number} {pulse.state}" for pulse in pulses)
