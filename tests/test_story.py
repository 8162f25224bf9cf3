"""The story of a payment as the journal tells it: a handful of lines, each with the payment's id."""

from __future__ import annotations

from cabinets import Bench, open_bench, payment

from controller.model.events import PulseFired, ReceiptAnswered
from controller.model.payment import Payment
from controller.model.policy import MeterRules

METER = MeterRules(hold_s=0.01, within_s=0.5, out_of_order_after=3)
THREE = Payment("pi_1", 3, 250, "usd", has_receipt=True)


def story(bench: Bench) -> list[str]:
    """All that was said."""
    return [note.text for note in bench.log]


def pay(bench: Bench, paid: Payment = THREE) -> None:
    """A payment arrives."""
    bench.receive(paid, left_s=150.0)
    bench.acknowledged()


def fire(bench: Bench, *numbers: int, width_ms: float = 100.0, in_doubt_s: float = 0.0) -> None:
    """Pulses leave the pin; a coin meter has its time for each."""
    for number in numbers:
        bench.handle(PulseFired("pi_1", number, bench.now_s - width_ms / 1000, bench.now_s, in_doubt_s))
        bench.wait(0.6)
        bench.wait(1.5)  # the quiet that follows a pulse which was not counted


def test_a_sale() -> None:
    """Paid, delivered, charged."""
    bench = open_bench()
    pay(bench)
    fire(bench, 1, 2, 3)
    bench.handle(ReceiptAnswered("pi_1", "settled", 250))

    assert story(bench) == [
        "payment pi_1: received, 3 credits for $2.50, 150 s left",
        "payment pi_1: delivered, 3 of 3 credits (its last pulse was fired)",
        "payment pi_1: receipt answered: settled",
    ]


def test_a_sale_in_part() -> None:
    """What it lacks has its reason; the rest was charged."""
    bench = open_bench(shortest_ms=50.0)
    pay(bench)
    fire(bench, 1)
    fire(bench, 2, width_ms=20.0)
    fire(bench, 3)
    bench.handle(ReceiptAnswered("pi_1", "settled", 166))

    assert story(bench) == [
        "payment pi_1: received, 3 credits for $2.50, 150 s left",
        "payment pi_1: pulse 2 ambiguous, 20.0 ms wide",
        "payment pi_1: partial, 2 of 3 credits (pulses in doubt: 1 of 3)",
        "payment pi_1: receipt answered: settled",
    ]


def test_a_width_in_doubt_is_told_as_a_span() -> None:
    """Held up around its edge, the process does not know which it was; the money goes by the widest."""
    bench = open_bench(longest_ms=110.0)
    pay(bench)
    fire(bench, 1, width_ms=130.0, in_doubt_s=0.03)

    assert story(bench)[1:] == ["payment pi_1: pulse 1 ambiguous, 100.0 to 130.0 ms wide"]


def test_a_sale_that_the_board_did_not_count() -> None:
    """Released; the machine's own trouble is a line of its own."""
    bench = open_bench(coin_meter=METER)
    pay(bench)
    fire(bench, 1, 2, 3)
    bench.handle(ReceiptAnswered("pi_1", "settled", 0))

    assert story(bench) == [
        "payment pi_1: received, 3 credits for $2.50, 150 s left",
        "payment pi_1: pulse 1 uncounted, 100.0 ms wide",
        "payment pi_1: pulse 2 uncounted, 100.0 ms wide",
        "payment pi_1: pulse 3 uncounted, 100.0 ms wide",
        "payment pi_1: undelivered, 0 of 3 credits (pulses not counted: 3 of 3)",
        "out of order: coin meter: the last 3 coin pulses were not counted by the board",
        "payment pi_1: receipt answered: settled",
    ]


def test_a_sale_that_came_too_late() -> None:
    """Released, with no pulse."""
    bench = open_bench(has_ready_line=True)
    pay(bench, payment())
    bench.wait(150.0)
    bench.handle(ReceiptAnswered("pi_1", "settled", 0))

    assert story(bench) == [
        "payment pi_1: received, 1 credit for $1.00, 150 s left",
        "payment pi_1: undelivered, 0 of 1 credits (the credit window ended)",
        "payment pi_1: receipt answered: settled",
    ]
