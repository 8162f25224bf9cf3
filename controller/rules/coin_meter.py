"""CORE. The rules for the coin meter: what the board counts confirms our pulses, and the rest is cash.

At most one pulse waits for its count: the next is ordered once this one's fate is known. So each has a time
of its own, from when the board can have taken it until `within_ms` after its end, and one count confirms one
pulse. A count outside that time is cash, however likely it was ours. While somebody feeds coins our pulses
wait; where one cannot, a count inside its time may be cash too. Both times the doubt counts against us: the
player is not charged for that pulse. Behind a pulse that was not counted the next one waits as well, so that
the count of a late meter is not taken for the next pulse's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from controller.model.cabinet import Cabinet
from controller.model.debounce import DebouncedLine
from controller.model.effects import RecordCoin, RememberUncounted
from controller.model.events import PulseFired
from controller.model.journal import EntryKind
from controller.model.meter_habits import MeterHabits
from controller.model.payment import PulseFate
from controller.model.payment_events import PulseCounted, PulseNotCounted
from controller.rules import noise
from controller.rules.play import add_to_session
from controller.rules.trains import end_pulse
from controller.rules.turn import Turn

# Whoever feeds a machine with coins drops one about every second.
CASH_NEARBY_S = 1.5
# A board holds its meter for at least 60 ms (coin-op.org, Player Input Connector), and its wheel needs
# as long to come back. Credits of a note reader, the fastest known, are 150 ms apart (forum.rarib.net 26846).
COUNT_PERIOD_S = 0.12
# A contact comes to rest sooner; behind a meter that does not, a count may hide.
RESTLESS_S = 0.1


def believe(turn: Turn, line: DebouncedLine) -> None:
    """The meter's line moved: each time that it becomes active is a count."""
    before = turn.cabinet.coin_meter
    turn.change(coin_meter=line)
    if not line.level or before.level:
        return
    last_s = turn.cabinet.meter_rose_s
    turn.change(meter_rose_s=line.since_s)
    if last_s is not None and line.since_s < last_s + COUNT_PERIOD_S:
        noise.races(turn, line.since_s)
    elif turn.cabinet.is_steady("coin_meter"):
        _counted(turn, line.since_s)


def begin(turn: Turn, line: DebouncedLine) -> None:
    """What it counts are edges: a count that was under way is half seen, and one of before was seen."""
    turn.change(coin_meter=line)


def expect_count(turn: Turn, pulse: PulseFired) -> None:
    """A pulse of ours has ended; the board may have counted it before we heard that."""
    early_s = turn.cabinet.counted_early_s
    turn.change(expected=pulse, counted_early_s=())
    for at_s in early_s:
        _counted(turn, at_s)


def miss_what_was_not_counted(turn: Turn, until_s: float) -> None:
    """Every edge until then was told: what was not counted by its time will not be."""
    due_s, pulse = turn.cabinet.count_due_s, turn.cabinet.expected
    if due_s is not None and until_s >= due_s and pulse:
        turn.apply(pulse.payment_id, PulseNotCounted(in_doubt=_is_unreadable(turn.cabinet, due_s)))


def confirm(turn: Turn, _: str, event: PulseCounted) -> None:
    """The board took the pulse, and takes pulses: whatever was wrong with it is over."""
    pulse = _expected(turn)
    if event.beside_cash:
        end_pulse(turn, pulse, PulseFate.AMBIGUOUS)
        return
    if turn.cabinet.uncounted:
        turn.record(RememberUncounted(0))
        turn.note(f"coin meter counted again, after {turn.cabinet.uncounted} pulses that it had not")
    turn.change(uncounted=0)
    end_pulse(turn, pulse, PulseFate.CONFIRMED)


def count_as_not_credited(turn: Turn, payment_id: str, event: PulseNotCounted) -> None:
    """The player is not charged for it; after some in a row the machine sells no more.

    What was paid is held until its window ends: if a technician comes in time, it is still credited.
    """
    pulse = _expected(turn)
    if event.in_doubt:
        end_pulse(turn, pulse, PulseFate.AMBIGUOUS)
        return
    turn.change(
        meter_habits=turn.cabinet.meter_habits.missed(pulse.fell_s),
        quiet_until_s=turn.now_s + CASH_NEARBY_S,
    )
    turn.record(RememberUncounted(turn.cabinet.uncounted + 1))
    turn.change(uncounted=turn.cabinet.uncounted + 1)
    end_pulse(turn, pulse, PulseFate.UNCOUNTED)
    if turn.cabinet.out_of_order:
        turn.note(f"out of order: {turn.cabinet.meter_trouble}", logging.ERROR)


def _counted(turn: Turn, at_s: float) -> None:
    cabinet = turn.cabinet
    if cabinet.expected is None and any(train.in_flight for train in cabinet.trains):
        turn.change(counted_early_s=(*cabinet.counted_early_s, at_s))
    elif cabinet.expected and _is_in_its_time(turn, cabinet.expected, at_s):
        turn.change(meter_habits=cabinet.meter_habits.counted(at_s))
        turn.apply(cabinet.expected.payment_id, PulseCounted(_is_beside_cash(turn, cabinet.expected)))
    elif not _is_a_habit(turn, at_s):
        _take_cash(turn, at_s)


def _is_a_habit(turn: Turn, at_s: float) -> bool:
    """A count that came late, or twice, as the one before did, is no coin of metal."""
    before, within_s = turn.cabinet.meter_habits, _within_s(turn.cabinet)
    after = before.another(at_s, within_s)
    turn.change(meter_habits=after)
    trouble = after.trouble(within_s)
    if trouble and not before.trouble(within_s):
        turn.note(f"out of order: {trouble}", logging.ERROR)
    return trouble is not None and after != before


def _is_unreadable(cabinet: Cabinet, due_s: float) -> bool:
    """Whether a count could have hidden in the meter's noise."""
    moved_s = cabinet.coin_meter.moved_s
    return not cabinet.is_steady("coin_meter") or (moved_s is not None and moved_s < due_s - RESTLESS_S)


def _within_s(cabinet: Cabinet) -> float:
    return cabinet.rules.coin_meter.within_s if cabinet.rules.coin_meter else 0.0


def _is_in_its_time(turn: Turn, pulse: PulseFired, at_s: float) -> bool:
    earliest_s = pulse.rose_s + turn.cabinet.rules.shortest_ms / 1000
    return earliest_s <= at_s <= pulse.fell_s + _within_s(turn.cabinet)


def _is_beside_cash(turn: Turn, pulse: PulseFired) -> bool:
    cash_s = turn.cabinet.cash_counted_s
    return cash_s is not None and pulse.rose_s < cash_s + CASH_NEARBY_S


def _take_cash(turn: Turn, at_s: float) -> None:
    """A coin of metal. It takes as many for a credit as pulses of ours, for the board counts both alike."""
    coins = turn.cabinet.coins + 1
    turn.record(RecordCoin(coins))
    turn.enter(EntryKind.COIN, at_s=at_s, number=coins)
    towards_credit = turn.cabinet.coins_towards_credit + 1
    credits, rest = divmod(towards_credit, turn.cabinet.rules.pulses_per_credit)
    turn.change(coins=coins, coins_towards_credit=rest)
    turn.change(cash_counted_s=at_s, quiet_until_s=at_s + CASH_NEARBY_S)
    turn.note(f"coin {coins} counted by the coin meter")
    add_to_session(turn, credits, named=f"coin-{coins}")


def _expected(turn: Turn) -> PulseFired:
    pulse = turn.cabinet.expected
    assert pulse is not None, "a payment that waits for its count, and no pulse that does"  # noqa: S101
    turn.change(expected=None)
    return pulse


def forget_habits(turn: Turn) -> None:
    """Somebody has seen to the meter, or to its keys: what it does from now on counts."""
    turn.change(meter_habits=MeterHabits())


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When a pulse that was not counted counts as not counted."""
    if cabinet.count_due_s is not None:
        yield cabinet.count_due_s
