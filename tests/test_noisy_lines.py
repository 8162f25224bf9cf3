"""Noise on the board's lines, with an exact clock: hum, storms, chatter, and a meter with odd habits."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count as count_up
from itertools import pairwise
from typing import get_args

import pytest
from cabinets import NOW_S, Bench, open_bench, payment
from test_decide_meter import METER, count, fire, metered_bench, pay

from controller.model.cabinet import accepting
from controller.model.effects import FirePulse, Note, Record, RecordPulse, RememberUncounted
from controller.model.events import (
    Event,
    FaultsCleared,
    InputChanged,
    InputLine,
    PulseFired,
    RulesChanged,
    Tick,
)
from controller.model.payment import Outcome, PulseFate, Receipt
from controller.model.policy import MeterRules

LINES: tuple[InputLine, ...] = get_args(InputLine)
RATES = (120, 240, 1000, 10_000)
IN_TIME_S = 0.2
# A count: the line is active for 60 ms.
MOVES = ((True, 0.0), (False, 0.06))


def hum(bench: Bench, line: InputLine, edges_a_second: int, seconds: float) -> Iterator[tuple[Record, ...]]:
    """Let one line hum, edge by edge with nothing between them; gives what each edge had written."""
    began_s = bench.now_s
    for number in range(1, int(edges_a_second * seconds) + 1):
        bench.now_s = began_s + number / edges_a_second
        yield bench.handle(InputChanged(line, number % 2 == 1, bench.now_s)).records


def others(name: InputLine) -> list[InputLine]:
    """The other lines."""
    return [line for line in LINES if line != name]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("noisy", others("ready"))
def test_a_ready_line_is_believed_in_time_however_another_hums(noisy: InputLine, rate: int) -> None:
    """Its time is told by the clock, not by a moment of silence."""
    bench = open_bench(has_ready_line=True, coin_meter=METER)
    bench.handle(InputChanged("ready", True, bench.now_s))
    for _ in hum(bench, noisy, rate, 2.0):
        if bench.cabinet.ready.level:
            break

    assert bench.now_s <= NOW_S + 0.05 + IN_TIME_S


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("noisy", LINES)
def test_an_uncounted_pulse_is_decided_in_time_however_a_line_hums(noisy: InputLine, rate: int) -> None:
    """Where it is the meter itself that hums, nobody knows whether it was counted."""
    bench = pay(metered_bench(), payment())
    pulse = fire(bench, "pi_1", 1)
    due_s = bench.now_s + METER.within_s + METER.hold_s
    fates = [
        (record.fate, bench.now_s <= due_s + IN_TIME_S)
        for records in hum(bench, noisy, rate, 2.0)
        for record in records
        if isinstance(record, RecordPulse)
    ]

    assert pulse.payment_id == "pi_1"
    assert fates == [(PulseFate.AMBIGUOUS if noisy == "coin_meter" else PulseFate.UNCOUNTED, True)]


@pytest.mark.parametrize("rate", RATES)
def test_a_count_is_believed_in_time_however_another_line_hums(rate: int) -> None:
    """The pulse is confirmed, and the player has the credit."""
    bench = pay(metered_bench(), payment())
    fire(bench, "pi_1", 1)
    bench.handle(InputChanged("coin_meter", True, bench.now_s))
    began_s = bench.now_s
    for records in hum(bench, "game_over", rate, 1.0):
        if any(isinstance(each, RecordPulse) and each.fate is PulseFate.CONFIRMED for each in records):
            break

    assert bench.now_s <= began_s + METER.hold_s + IN_TIME_S


def test_an_uncounted_pulse_is_decided_in_time_though_every_line_hums() -> None:
    """Three opto-couplers on one transformer, at 240 Hz: the clock goes on, and each line is named."""
    bench = pay(metered_bench(has_ready_line=True), payment())
    bench.believe("ready", active=True)
    fire(bench, "pi_1", 1)
    due_s = bench.now_s + METER.within_s + METER.hold_s
    decided_s = []
    for number in range(2 * 240):
        bench.now_s += 1 / 240
        for line in LINES:
            written = bench.handle(InputChanged(line, number % 2 == 1, bench.now_s)).records
            decided_s += [bench.now_s for record in written if isinstance(record, RecordPulse)]

    assert [at_s <= due_s + IN_TIME_S for at_s in decided_s] == [True]
    assert [fault.split()[0] for fault in bench.faults] == [
        "coin_meter",
        "game_over",
        "ready",
        "service_button",
    ]


# A line that is no contact


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("noisy", LINES)
def test_a_line_that_hums_is_one_fault_by_its_name(noisy: InputLine, rate: int) -> None:
    """With its pin, told once; and it ends a while after the noise."""
    bench = open_bench(has_ready_line=True, coin_meter=METER, input_pins={noisy: 27})
    for _ in hum(bench, noisy, rate, 5.0):
        pass

    trouble = bench.faults
    bench.now_s += 15
    bench.wait(0)

    (name, gpio, pin, *_) = trouble[0].split()
    assert (name, gpio, pin, len(trouble), bench.faults) == (noisy, "(GPIO", "27)", 1, ())
    told = [note.text for note in bench.log if note.text.startswith(noisy)]
    calm = f"{noisy} is steady again"
    assert told == [f"{trouble[0]}: it is not believed until it has been steady for a while", calm]


@pytest.mark.parametrize("noisy", ["coin_meter", "ready"])
def test_a_hum_on_a_line_that_money_rests_on_closes_the_door(noisy: InputLine) -> None:
    """What the board takes, or has counted, nobody can tell; when the noise is over, it sells again."""
    bench = ready_bench()
    for _ in hum(bench, noisy, 240, 3.0):
        pass
    closed = accepting(bench.cabinet, bench.now_s)
    bench.handle(InputChanged(noisy, noisy == "ready", bench.now_s + 0.01))
    bench.now_s += 15
    bench.wait(0)

    assert (closed, accepting(bench.cabinet, bench.now_s)) == (False, True)


def test_a_hum_on_the_game_over_line_sells_on() -> None:
    """It ends no game, and takes none from those who pay."""
    bench = ready_bench()
    bench.receive(payment(), left_s=60.0)
    bench.acknowledged()
    pulse = fire(bench, "pi_1", 1)
    count(bench, after_s=0.05)
    written = [record for records in hum(bench, "game_over", 240, 3.0) for record in records]

    assert pulse.number == 1
    assert (written, accepting(bench.cabinet, bench.now_s)) == ([], True)


# A line that flickers


def ready_bench() -> Bench:
    """A cabinet that sells, with every line wired."""
    bench = metered_bench(has_ready_line=True)
    bench.believe("ready", active=True)
    bench.log.clear()
    return bench


@pytest.mark.parametrize("dwell_s", [0.1, 0.02], ids=["long enough to be believed", "too short"])
def test_a_chattering_ready_line_is_one_change_of_opinion(dwell_s: float) -> None:
    """A minute of it: a few lines until it is found out, then one fault, and the door stays shut."""
    bench = ready_bench()
    sells = []
    for number in range(int(60 / dwell_s)):
        bench.now_s += dwell_s
        bench.handle(InputChanged("ready", number % 2 == 1, bench.now_s))
        sells.append(accepting(bench.cabinet, bench.now_s))

    changes = sum(before != after for before, after in pairwise(sells))
    assert len(bench.log) <= 12
    assert changes <= 20
    assert (sells[-1], bench.faults) == (False, ("ready flickers",))


def test_a_ready_line_that_flickers_for_long_is_a_stuck_one() -> None:
    """The board has not been ready for as long as its line could not be believed."""
    bench = ready_bench()
    for number in range(600 * 5 + 50):
        bench.now_s += 0.2
        bench.handle(InputChanged("ready", number % 2 == 1, bench.now_s))

    assert bench.faults == (
        "ready flickers",
        "ready: the board has not been ready for more than 600 s",
    )


def test_a_board_that_closes_its_slot_with_each_coin_flickers_not() -> None:
    """It answers our pulses, however many: each is waited for, and all are paid."""
    bench = ready_bench()
    bench.receive(payment(credits=20), left_s=60.0)
    bench.acknowledged()
    for number in range(1, 21):
        bench.handle(InputChanged("ready", False, bench.now_s + 0.05))
        fire(bench, "pi_1", number)
        count(bench, after_s=0.05)
        bench.believe("ready", active=True)

    assert (bench.faults, bench.cabinet.receipts[0].receipt.credits_delivered) == ((), 20)


def chatter_meter(bench: Bench, seconds: float, dwell_s: float) -> None:
    """Let the meter's contact open and close, each time long enough to be believed."""
    for number in range(int(seconds / dwell_s)):
        bench.now_s += dwell_s
        bench.handle(InputChanged("coin_meter", number % 2 == 0, bench.now_s))


@pytest.mark.parametrize("dwell_s", [0.012, 0.02, 0.055])
def test_a_meter_that_counts_faster_than_coins_can_fall_is_not_believed(dwell_s: float) -> None:
    """At most the first of them is a coin; the fault names the line, and the machine does not sell."""
    bench = ready_bench()
    chatter_meter(bench, 10.0, dwell_s)

    assert bench.cabinet.coins <= 1
    assert bench.cabinet.credits_on_board <= 1
    assert bench.faults == ("coin_meter counts faster than coins can fall",)
    assert not accepting(bench.cabinet, bench.now_s)


def test_a_note_reader_is_no_chattering_meter() -> None:
    """A note of twenty is twenty credits, as fast as a board can count them."""
    bench = ready_bench()
    for _ in range(20):
        count(bench, after_s=0.07)

    assert (bench.cabinet.coins, bench.faults) == (20, ())


def test_a_pulse_under_a_chattering_meter_is_in_doubt_and_not_charged() -> None:
    """None of its counts is proof, and none is a coin; later the machine goes on by itself."""
    bench = ready_bench()
    bench.receive(payment(), left_s=60.0)
    bench.acknowledged()
    chatter_meter(bench, 0.2, 0.02)
    pulse = fire(bench, "pi_1", 1)
    chatter_meter(bench, 1.0, 0.02)

    assert bench.cabinet.receipts[0].receipt == Receipt("pi_1", Outcome.UNDELIVERED, 0, 1)
    assert bench.cabinet.uncounted == 0
    assert f"pulse {pulse.number} ambiguous" in " ".join(note.text for note in bench.log)


# A meter with a habit


def sell_to_a_late_meter(bench: Bench, credits: int, late_s: float) -> None:
    """Let a payment come, and each of its pulses be counted so long after its end."""
    bench.receive(payment(credits=credits), left_s=60.0)
    bench.acknowledged()
    for number in range(1, credits + 1):
        if not any(train.in_flight for train in bench.cabinet.trains):
            return
        pulse = fire(bench, "pi_1", number)
        bench.wait(METER.within_s + 0.02)
        bench.now_s = pulse.fell_s
        count(bench, after_s=late_s)
        bench.wait(2.0)


def test_a_late_meter_is_named_with_the_key_to_change() -> None:
    """The second time it is told from a coin; the machine closes for that, not for a broken wire."""
    bench = ready_bench()
    sell_to_a_late_meter(bench, 5, late_s=0.7)

    late = "coin meter: it counts 0.7 s after our pulses, and coin_meter.within_ms is 500: set it to 1100"
    assert (bench.faults, bench.cabinet.coins, bench.cabinet.uncounted) == ((late,), 1, 2)
    assert Note(f"out of order: {late}", logging.ERROR) in bench.log
    assert not accepting(bench.cabinet, bench.now_s)


def test_the_key_that_is_changed_opens_the_machine_again() -> None:
    """A reload is enough, and what is still paid is credited."""
    bench = ready_bench()
    sell_to_a_late_meter(bench, 5, late_s=0.7)
    patient = MeterRules(METER.hold_s, 1.1, METER.out_of_order_after)
    bench.handle(RulesChanged(replace(bench.cabinet.rules, coin_meter=patient)))
    pulse = fire(bench, "pi_1", 3)
    orders = count(bench, after_s=0.7)

    assert orders.records[:2] == (
        RememberUncounted(0),
        RecordPulse("pi_1", 3, pulse.rose_s, pulse.fell_s, PulseFate.CONFIRMED),
    )
    assert (bench.faults, accepting(bench.cabinet, bench.now_s)) == ((), True)


def test_a_late_count_does_not_confirm_the_next_pulse() -> None:
    """Which waits until none can be on its way."""
    bench = ready_bench()
    bench.receive(payment(credits=2), left_s=60.0)
    bench.acknowledged()
    fire(bench, "pi_1", 1)

    orders = bench.wait(0.6)

    assert orders.acts == ()
    assert bench.wait(1.5).acts == (FirePulse("pi_1", 2),)


def test_a_meter_that_counts_twice_is_named() -> None:
    """After the second pair it makes no coins of it, and sells nothing until somebody has seen to it."""
    bench = ready_bench()
    for name in ("pi_1", "pi_2"):
        bench.receive(payment(name), left_s=60.0)
        bench.acknowledged()
        fire(bench, name, 1)
        count(bench, after_s=0.05)
        count(bench, after_s=0.12)
        bench.wait(2.0)

    twice = (
        "coin meter: it counts each coin pulse twice: if its contact bounces, raise "
        "coin_meter.debounce_ms (up to 59), else set the board to one count a coin"
    )
    assert (bench.faults, bench.cabinet.coins) == ((twice,), 1)
    assert not accepting(bench.cabinet, bench.now_s)

    bench.handle(FaultsCleared())

    assert (bench.faults, accepting(bench.cabinet, bench.now_s)) == ((), True)


def sell_by_the_clock(bench: Bench, credits: int, counts_after_s: tuple[float, ...]) -> None:
    """Sell credits to a board that counts each pulse so long after its end, and let 20 s pass."""
    bench.receive(payment(credits=credits), left_s=60.0)
    comes: list[tuple[float, int, Event]] = [(bench.now_s + 0.01 * n, n, Tick()) for n in range(2000)]
    numbers, line_free_s = count_up(2000), bench.now_s
    while comes:
        bench.now_s, _, event = heappop(comes)
        for act in bench.handle(event).acts:
            if isinstance(act, FirePulse):
                rose_s = max(bench.now_s, line_free_s)
                fell_s, line_free_s = rose_s + 0.1, rose_s + 0.25
                pulse = PulseFired(act.payment_id, act.number, rose_s, fell_s)
                heappush(comes, (fell_s, next(numbers), pulse))
                for active, at_s in ((a, fell_s + s + w) for s in counts_after_s for a, w in MOVES):
                    heappush(comes, (at_s, next(numbers), InputChanged("coin_meter", active, at_s)))


def test_a_train_that_a_meter_counts_twice_is_found_out() -> None:
    """Taken for coins, its second counts leave the next pulse in doubt; once found out, none is a coin."""
    bench = ready_bench()
    sell_by_the_clock(bench, 3, (0.04, 0.16))

    assert bench.cabinet.receipts[0].receipt == Receipt("pi_1", Outcome.PARTIAL, 2, 3)
    assert bench.cabinet.coins == 2
    assert bench.faults[0].startswith("coin meter: it counts each coin pulse twice: ")


def test_a_long_train_on_a_late_meter_gives_one_free_credit_and_is_found_out() -> None:
    """And not each of them for nothing."""
    bench = ready_bench()
    sell_by_the_clock(bench, 5, (0.7,))

    assert (bench.cabinet.coins, bench.cabinet.uncounted) == (1, 2)
    assert bench.faults[0].startswith("coin meter: it counts 0.7 s after our pulses, ")


@pytest.mark.parametrize("credits", [1, 3, 20])
def test_a_meter_that_counts_as_it_should_has_no_habit(credits: int) -> None:
    """Whatever the size of the sale."""
    bench = ready_bench()
    sell_by_the_clock(bench, credits, (0.04,))

    assert (bench.faults, bench.cabinet.coins) == ((), 0)
    assert bench.cabinet.receipts[0].receipt.credits_delivered == credits


@pytest.mark.parametrize("gaps_s", [(0.6, 1.2), (1.3, 0.3)])
def test_coins_that_fall_between_our_pulses_are_no_habit(gaps_s: tuple[float, float]) -> None:
    """People are not so regular."""
    bench = ready_bench()
    for number, gap_s in enumerate(gaps_s, start=1):
        bench.receive(payment(f"pi_{number}"), left_s=60.0)
        bench.acknowledged()
        fire(bench, f"pi_{number}", 1)
        count(bench, after_s=0.05)
        count(bench, after_s=gap_s)
        bench.wait(2.0)

    assert (bench.faults, bench.cabinet.coins) == ((), 2)
