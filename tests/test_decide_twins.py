"""The rules for a broker that ends our connection again and again."""

from __future__ import annotations

import logging

from cabinets import Bench, Orders, open_bench

from attract_screen.model.feed_format import State
from controller.model.cabinet import accepting
from controller.model.effects import ConnectBroker, DisconnectBroker, Note
from controller.model.events import BrokerConnected, BrokerLost, LedgerFailed, LedgerHealed
from controller.model.fault import Fault, FaultKind
from controller.rules.decide import next_wake_s
from controller.rules.mood import faults, mood

TAKEN_OVER = BrokerLost("Session taken over", taken_over=True)
BACK = BrokerConnected(session_present=True)
TWIN = Fault(
    FaultKind.TWIN,
    "twin: another cabinet seems to be called galaga-01 too, or the broker keeps restarting",
)


def suspicious_bench() -> Bench:
    """A cabinet that has just left the broker over a second take-over; it has no relay to ask meanwhile."""
    bench = open_bench(has_relay=False)
    bench.handle(TAKEN_OVER)
    bench.handle(BACK)
    bench.now_s += 599
    assert bench.handle(TAKEN_OVER) == Orders((), (DisconnectBroker(),))
    return bench


def state_of(bench: Bench) -> tuple[bool, State, tuple[Fault, ...]]:
    """Whether it sells, its mood, and its faults."""
    now_s = bench.now_s
    return accepting(bench.cabinet, now_s), mood(bench.cabinet, now_s), faults(bench.cabinet, now_s)


def test_a_cabinet_that_is_thrown_out_twice_in_ten_minutes_stays_away_for_a_while() -> None:
    """Each of two gets the other's messages; it is told as a guess, for a crashing broker looks the same."""
    bench = suspicious_bench()

    assert state_of(bench) == (False, State.OFFLINE, (TWIN,))
    assert bench.log[-1] == Note(
        "stopped selling: another cabinet seems to be called galaga-01 too, or the broker keeps "
        "restarting: left it, and back in 120 s",
        logging.ERROR,
    )
    assert next_wake_s(bench.cabinet) == bench.now_s + 120
    assert (bench.wait(119), bench.wait(1)) == (Orders(), Orders((), (ConnectBroker(),)))


def test_undisturbed_it_sells_again_by_itself() -> None:
    """Once it has been there for longer than a second cabinet would stay away."""
    bench = suspicious_bench()
    bench.wait(120)
    bench.handle(BACK)
    assert bench.wait(179) == Orders()
    assert state_of(bench) == (False, State.OFFLINE, (TWIN,))

    bench.wait(1)

    assert state_of(bench) == (True, State.ATTRACT, ())
    assert bench.log[-1] == Note("undisturbed at the broker for 180 s: selling again")


def test_a_second_cabinet_stays_visible_as_long_as_it_is_there() -> None:
    """It throws us out within what it stays away; each time we leave it the broker, without a word more."""
    bench = suspicious_bench()
    said = list(bench.log)
    for _ in range(10):
        assert bench.wait(120) == Orders((), (ConnectBroker(),))
        bench.handle(BACK)
        bench.now_s += 160
        assert bench.handle(BrokerLost("Unspecified error")) == Orders((), (DisconnectBroker(),))
        assert state_of(bench) == (False, State.OFFLINE, (TWIN,))

    assert bench.log == said


def test_a_broker_that_is_down_when_it_comes_back_is_tried_on() -> None:
    """What cannot be reached throws nobody out."""
    bench = suspicious_bench()
    bench.wait(120)

    assert bench.handle(BrokerLost("refused")) == Orders()

    assert state_of(bench) == (False, State.OFFLINE, (TWIN, Fault(FaultKind.BROKER, "broker: refused")))
    bench.handle(BACK)
    bench.wait(180)
    assert state_of(bench) == (True, State.ATTRACT, ())


def test_what_the_broker_said_before_we_left_is_old_news() -> None:
    """It waited in the queue behind the order to leave."""
    bench = suspicious_bench()

    assert (bench.handle(BACK), bench.handle(TAKEN_OVER)) == (Orders(), Orders())

    assert state_of(bench) == (False, State.OFFLINE, (TWIN,))


def test_a_ledger_that_heals_does_not_bring_it_back_before_its_time() -> None:
    """Nor does it forget to come back in time."""
    bench = suspicious_bench()
    bench.handle(LedgerFailed("database or disk is full"))
    assert bench.handle(LedgerHealed()) == Orders()

    assert bench.wait(120) == Orders((), (ConnectBroker(),))


def test_a_full_disk_is_no_sign_of_another_cabinet() -> None:
    """We hang up ourselves, and the time undisturbed begins anew."""
    bench = suspicious_bench()
    bench.wait(120)
    bench.handle(BACK)
    bench.handle(LedgerFailed("database or disk is full"))
    bench.now_s += 200
    assert bench.handle(LedgerHealed()) == Orders((), (ConnectBroker(),))
    assert state_of(bench) == (False, State.OFFLINE, (TWIN,))

    bench.handle(BACK)
    bench.wait(180)

    assert state_of(bench) == (True, State.ATTRACT, ())
