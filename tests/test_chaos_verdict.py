"""The verdict on a run of chaos: from hand-made books, each kind of wrong is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.chaos.rules.evidence import Books, Ended, Journal, NextDoor, Payment, Pulse, Struck
from simulator.chaos.rules.report import Crowd, table
from simulator.chaos.rules.verdict import judge

BOUGHT_3 = Payment("pi_3", 3, 250, "usd", created_s=1000, settled_s=1002, captured=250)
BOUGHT_1 = Payment("pi_1", 1, 100, "usd", created_s=1010, settled_s=1011, captured=100)


def fired(payment_id: str, rose_s: float) -> Pulse:
    return Pulse(payment_id, "fired", rose_s, rose_s + 0.1)


GOOD = Books(
    payments=(BOUGHT_3, BOUGHT_1),
    pulses=(fired("pi_3", 10), fired("pi_3", 10.25), fired("pi_3", 10.5), fired("pi_1", 20)),
    wire=((10, 10.1), (10.25, 10.35), (10.5, 10.6), (20, 20.1)),
    coins=4,
    owed=frozenset(),
    window_s=60,
    working=((900, float("inf")),),
    faults=(),
    killed=0,
)


def with_payment(**changes: object) -> Books:
    """The books with one payment of one credit, changed so."""
    payment = replace(BOUGHT_1, **changes)
    return replace(GOOD, payments=(payment,), pulses=GOOD.pulses[3:], wire=GOOD.wire[3:], coins=1)


def without_coins(books: Books) -> Books:
    return replace(books, pulses=(), wire=(), coins=0)


def test_good_books_have_no_failure() -> None:
    """Everything paid was given, and exactly that was charged."""
    verdict = judge(GOOD)
    assert verdict.calm_failures == ()
    assert (verdict.payments, verdict.credited, verdict.covered, verdict.coins) == (2, 2, 2, 4)
    assert verdict.captured == {"usd": 350}


def test_money_held_for_ever_is_lost() -> None:
    """Neither charged nor given back, though nothing will happen any more."""
    verdict = judge(without_coins(with_payment(settled_s=None, captured=0)))
    assert (verdict.lost, verdict.released) == (("pi_1",), 0)


def test_a_receipt_that_is_still_owed_is_lost() -> None:
    """At rest the cabinet owes the relay nothing."""
    assert judge(replace(GOOD, owed=frozenset({"pi_3"}))).lost == ("pi_3",)


def test_a_charge_without_any_coin_is_lost_and_for_nothing() -> None:
    """The ledger may say what it likes: the coin line did not move."""
    verdict = judge(replace(with_payment(), wire=(), coins=0))
    assert (verdict.lost, verdict.charged_for_nothing, verdict.credited) == (("pi_1",), ("pi_1",), 0)


def test_more_charged_than_was_given_is_for_nothing() -> None:
    """Two of three coins came: 166 is their price, rounded down, and one more is too much."""
    two = replace(GOOD, pulses=GOOD.pulses[:2], wire=GOOD.wire[:2], coins=2)
    paid = [replace(BOUGHT_3, captured=amount) for amount in (166, 167)]
    found = [judge(replace(two, payments=(payment,))) for payment in paid]
    assert [verdict.charged_for_nothing for verdict in found] == [(), ("pi_3",)]
    assert [verdict.partial for verdict in found] == [1, 1]


def test_a_coin_too_many_is_doubled() -> None:
    """A second pulse for a payment of one credit."""
    twice = (*GOOD.pulses[3:], fired("pi_1", 30))
    books = replace(with_payment(), pulses=twice, wire=((20, 20.1), (30, 30.1)), coins=2)
    assert judge(books).doubled == ("pi_1",)


def test_a_credit_whose_money_was_given_back_is_doubled() -> None:
    """More coins than were paid for: released, and played all the same."""
    assert judge(with_payment(captured=0)).doubled == ("pi_1",)


def test_a_coin_that_no_payment_explains_is_found() -> None:
    """A pulse on the wire that the ledger does not know."""
    verdict = judge(replace(GOOD, wire=(*GOOD.wire, (30, 30.1)), coins=5))
    assert verdict.failures == ("1 coins belong to no payment",)


def test_an_ambiguous_pulse_explains_one_coin() -> None:
    """Killed inside a pulse: its coin is a gift, not charged, and no failure; a second one would be."""
    payment = replace(BOUGHT_3, captured=166)
    pulses = (*GOOD.pulses[:2], Pulse("pi_3", "ambiguous"))
    books = replace(GOOD, payments=(payment,), pulses=pulses, wire=GOOD.wire[:3], coins=3, killed=1)
    verdict = judge(books)
    assert (verdict.failures, verdict.ambiguous, verdict.uncredited) == ((), 1, ())
    assert judge(replace(books, wire=GOOD.wire, coins=4)).stray == 1


def test_more_ambiguous_pulses_than_kills_are_a_failure() -> None:
    """Without a kill every pulse is known."""
    books = replace(GOOD, pulses=(*GOOD.pulses, Pulse("pi_3", "intended")))
    assert judge(books).failures == ("1 ambiguous pulses after 0 kills",)


def test_a_pulse_that_the_board_did_not_count_is_found() -> None:
    """The wire moved, and the board saw no coin."""
    assert judge(replace(GOOD, coins=3)).failures == ("1 pulses were not counted by the board",)


def test_a_chain_that_worked_for_the_windows_last_half_minute_must_credit() -> None:
    """Released although all worked from 1040 to the window's end at 1070: not in time would be excused."""
    released = without_coins(with_payment(captured=0))
    found = [judge(replace(released, working=(span,))).uncredited for span in ((1040, 1070), (1041, 1070))]
    assert found == [("pi_1",), ()]


@pytest.mark.parametrize(
    ("settled_s", "held"), [(1130, ()), (1131, ("pi_1",)), (None, ("pi_1",))], ids=["just", "late", "never"]
)
def test_money_that_is_held_without_need_is_a_failure_of_its_own(
    settled_s: float | None, held: tuple[str, ...]
) -> None:
    """Made at 1010 with a window of 60 s, and all worked: a minute behind the window is enough."""
    books = replace(with_payment(settled_s=settled_s), working=((1040, 1070),))
    verdict = judge(books)
    assert (verdict.held, verdict.uncredited) == (held, ())
    assert ("1 payments held without need" in verdict.failures) is bool(held)


def test_money_that_is_held_because_something_was_broken_is_excused() -> None:
    """It was credited in the end; nothing says when it must be, in a world that does not work."""
    books = replace(with_payment(settled_s=1300), working=((1041, 1070),))
    assert (judge(books).held, judge(books).failures) == ((), ())


NEXT_DOOR = NextDoor((replace(BOUGHT_1, id="pi_next_door"),), {"pi_next_door": 1})


def test_a_hall_next_door_that_keeps_to_its_own_is_no_matter() -> None:
    """Its payment has its coin there, and ours have theirs here."""
    verdict = judge(replace(GOOD, next_door=NEXT_DOOR))
    assert (verdict.calm_failures, verdict.paid_next_door, verdict.payments) == ((), 1, 2)


def test_a_coin_in_the_wrong_hall_is_found_in_both_directions() -> None:
    """Heard next door and paid here, or in our ledger and paid next door."""
    heard = replace(NEXT_DOOR, heard={"pi_next_door": 1, "pi_3": 3})
    ours = replace(GOOD, next_door=heard, pulses=(*GOOD.pulses, fired("pi_next_door", 40)))
    verdict = judge(ours)
    assert verdict.stolen == ("pi_3", "pi_next_door")
    assert "2 payments credited in the wrong hall" in verdict.failures


@pytest.mark.parametrize(
    "next_door",
    [
        replace(NEXT_DOOR, heard={}),
        replace(NEXT_DOOR, payments=(replace(NEXT_DOOR.payments[0], settled_s=None, captured=0),)),
    ],
    ids=["charged for nothing", "held"],
)
def test_a_payment_lost_next_door_is_found(next_door: NextDoor) -> None:
    """That hall's players are to be treated as well as ours."""
    verdict = judge(replace(GOOD, next_door=next_door))
    assert verdict.failures == ("1 payments of the hall next door lost",)


def test_a_door_that_sells_with_a_token_refused_is_a_failure() -> None:
    """Whoever paid there could not be credited, nor charged."""
    assert judge(replace(GOOD, doors_left_open=1)).failures == ("the door sold 1 times with a token refused",)


def test_a_conflict_fails_a_calm_run_only() -> None:
    """Under fire a receipt may come too late; on a calm day nothing may."""
    verdict = judge(with_payment(conflict=True))
    assert (verdict.failures, verdict.calm_failures) == ((), ("1 conflicts",))


def test_a_run_in_which_nobody_paid_proves_nothing() -> None:
    """An empty book is no success."""
    assert judge(without_coins(replace(GOOD, payments=()))).failures == ("nobody paid",)


def test_a_kind_of_fault_that_hit_nobody_fails_the_run() -> None:
    """Each has to strike while a payment is under way: between paying and settling."""
    faults = (Struck("relay killed", 1001, 1001), Struck("disk full", 1005, 1008))
    verdict = judge(replace(GOOD, faults=faults), ("relay killed", "disk full"))
    assert verdict.hits == {"relay killed": 1, "disk full": 0}
    assert verdict.struck == {"relay killed": 1, "disk full": 1}
    assert verdict.failures == ("no payment was hit by: disk full",)


def test_the_table_names_what_went_wrong() -> None:
    """A payment that went wrong is named, so that it can be looked up in the logs."""
    faults = tuple(Struck("relay killed", at_s, at_s) for at_s in (1001, 2000))
    books = replace(GOOD, owed=frozenset({"pi_3"}), next_door=NEXT_DOOR, faults=faults)
    text = table(judge(books, ("relay killed",)), Crowd(came=3, left=1))
    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "players 3 (1 could not pay)",
        "payments 2",
        "credited 2 (100.0%)",
        "partial 0",
        "released 0",
        "captured, in the smallest unit 350 usd",
        "pulses that the board counted 4",
        "lost 1 pi_3",
        "doubled 0",
        "charged for nothing 0",
        "conflicts 0",
        "ambiguous pulses 0 (0 kills of the cabinet)",
        "had all working for their last 30 s 2",
        "of these not credited 0",
        "of these held for over a minute more 0",
        "paid in the hall next door 1",
        "of these lost 0",
        "credited in the wrong hall 0",
        "doors left open with a token refused 0",
        "otherwise in the fleet's book 0",
        "entries amiss in the fleet's book 0",
        "hit by: relay killed 1 (struck 2 times)",
    ]


BOOKED = {"pi_3": Ended("delivered", 3, 250), "pi_1": Ended("delivered", 1, 100)}


@pytest.mark.parametrize(
    ("by_fleet", "misbooked"),
    [
        (BOOKED, ()),
        ({"pi_3": BOOKED["pi_3"]}, ("pi_1",)),
        (BOOKED | {"pi_1": Ended("delivered", 1, None)}, ("pi_1",)),
        (BOOKED | {"pi_3": Ended("delivered", 2, 250)}, ("pi_3",)),
        (BOOKED | {"pi_9": Ended("delivered", 1, 100)}, ("pi_9",)),
    ],
)
def test_a_payment_that_the_fleet_has_otherwise_is_found(
    by_fleet: dict[str, Ended], misbooked: tuple[str, ...]
) -> None:
    """Missing, added, or with another figure."""
    assert judge(replace(GOOD, journal=Journal(BOOKED, by_fleet))).misbooked == misbooked


def test_what_ledger_and_fleet_agree_on_is_held_against_stripe() -> None:
    """To the cent; a conflict was named before."""
    booked = {"pi_1": Ended("delivered", 1, 90)}
    books = replace(with_payment(), journal=Journal(booked, booked))
    assert judge(books).misbooked == ("pi_1",)
    assert judge(replace(with_payment(conflict=True), journal=books.journal)).misbooked == ()


@pytest.mark.parametrize(
    ("theirs", "amiss"),
    [(("a", "b"), 0), (("a",), 1), (("a", "b", "c"), 1), (("a", "b", "b"), 1), (("b", "a"), 1)],
)
def test_an_entry_that_is_missing_added_doubled_or_out_of_order_is_found(
    theirs: tuple[str, ...], amiss: int
) -> None:
    """By its sum, which names it together with all before it."""
    journal = Journal(sums_of_ledger=("a", "b"), sums_of_fleet=theirs)
    assert judge(replace(GOOD, journal=journal)).entries_amiss == amiss
