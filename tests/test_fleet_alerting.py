"""Alerts from the book to the channel, on SQLite and on PostgreSQL: told once, in order, whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fleet_alerts_kit import NOON, Fleet, empty
from fleet_kit import Postgres
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from fleet.book import tables
from fleet.book.alerts import deliveries
from fleet.book.alerts.flips import acknowledge
from fleet.book.database.engine import open_book, reading, writing
from fleet.book.running.workers import end_trouble, hold_lease, say_trouble
from fleet.book.stripe.marks import mark_read

pytestmark = pytest.mark.fleet


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A book in a database of each kind, made once."""
    if request.param == "sqlite":
        with _quick_book(tmp_path_factory.mktemp("book") / "book.db") as made:
            yield made
        return
    server: Postgres = request.getfixturevalue("postgres")
    made = open_book(server.new_database("alerts"))
    yield made
    made.dispose()


@contextmanager
def _quick_book(file: Path) -> Iterator[Engine]:
    """A book in a file that no test waits for: its power is not cut."""
    made = open_book(make_url(f"sqlite:///{file}"))
    event.listen(made, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    made.dispose()
    yield made
    made.dispose()


@pytest.fixture
def fleet(engine: Engine) -> Fleet:
    empty(engine)
    return Fleet(engine)


def test_a_plug_that_is_pulled_is_told_once_and_its_return_once(fleet: Fleet) -> None:
    """From the status in the book to the channel and back, within a minute and a half."""
    fleet.add_channel()
    fleet.add_machines("m1", "m2")
    thread = fleet.thread()
    fleet.go(thread, for_s=60)
    fleet.say("m1", state="offline")
    fleet.go(thread, for_s=60)
    assert fleet.channels.told == [
        (
            "test://all",
            "m1: offline",
            "not connected to the broker\nSince 2026-11-28 12:01\nSee whether it has power and a network.",
        )
    ]
    fleet.say("m1")
    fleet.go(thread, for_s=60)
    assert fleet.channels.told[1:] == [
        (
            "test://all",
            "Over: m1: offline",
            "not connected to the broker\nFrom 2026-11-28 12:01 to 2026-11-28 12:02",
        )
    ]


def test_two_workers_at_the_same_moment_tell_each_flip_once(fleet: Fleet) -> None:
    """Both decide and both claim, at the same instant, again and again; the channel hears each thing once."""
    fleet.add_channel()
    fleet.add_machines(*(f"m{number}" for number in range(4)))
    threads = [fleet.thread(), fleet.thread()]
    for turn in range(6):
        fleet.say(f"m{turn % 4}", state="offline" if turn < 4 else "attract")
        for _ in range(4):
            fleet.clock.now += 15
            _at_once(*(thread.go_round for thread in threads))
    begun = [f"m{number}: offline" for number in range(4)]
    assert fleet.channels.titles() == [*begun, "Over: m0: offline", "Over: m1: offline"]


def test_a_claim_is_one_workers_of_many(fleet: Fleet) -> None:
    """Twelve at once claim one delivery: one update changes one row, and eleven change none."""
    fleet.add_channel()
    fleet.add_machines("m1")
    fleet.channels.failing.add("test://all")
    thread = fleet.thread()
    fleet.say("m1", state="offline")
    fleet.go(thread, for_s=30)
    fleet.clock.now += 100
    with reading(fleet.engine) as connection:
        (delivery,) = deliveries.due(connection, fleet.clock())
    claimed: list[str] = []

    def claim(worker: str) -> None:
        with writing(fleet.engine) as connection:
            if deliveries.claim(connection, delivery, worker, fleet.clock()):
                claimed.append(worker)

    _at_once(*(lambda name=f"w{number}": claim(name) for number in range(12)))
    assert len(claimed) == 1


def test_a_lease_is_one_workers_until_it_is_old(fleet: Fleet) -> None:
    """Who decides stays who decides; another takes over when it has been silent."""
    fleet.thread().go_round()

    def holds(worker: str) -> bool:
        with writing(fleet.engine) as connection:
            return hold_lease(connection, "alerts", worker, fleet.clock(), 45)

    fleet.clock.now += 100
    assert [holds("a"), holds("b"), holds("a")] == [True, False, True]
    fleet.clock.now += 45
    assert [holds("b"), holds("a")] == [True, False]


def test_a_crash_between_claim_and_sending_tells_once_more_rather_than_never(fleet: Fleet) -> None:
    """A worker that dies in the middle of a message leaves a claim, which grows old; another tells."""
    fleet.add_channel()
    fleet.add_machines("m1")
    first, second = fleet.thread(), fleet.thread()
    fleet.say("m1", state="offline")
    fleet.go(first, for_s=15)
    fleet.clock.now += 15

    class Died(BaseException):
        """Nothing catches it: the process is gone."""

    def die(*_: object) -> None:
        raise Died

    first._teller._send = die  # type: ignore[assignment]
    with pytest.raises(Died):
        first.go_round()
    fleet.go(second, for_s=deliveries.CLAIM_S - 15)
    assert fleet.channels.titles() == []
    fleet.go(second, for_s=30)
    assert fleet.channels.titles() == ["m1: offline"]
    fleet.go(second, for_s=600)
    assert fleet.channels.titles() == ["m1: offline"]


def test_a_channel_that_fails_is_tried_again_ever_more_rarely_and_tells_in_order(fleet: Fleet) -> None:
    """It shows its error, keeps no other channel waiting, and is told begin and end in one message."""
    fleet.add_channel("test://broken")
    fleet.add_channel("test://good")
    fleet.add_machines("m1")
    fleet.channels.failing.add("test://broken")
    thread = fleet.thread()
    fleet.say("m1", state="offline")
    fleet.go(thread, for_s=300)
    with reading(fleet.engine) as connection:
        row = connection.execute(
            select(tables.alert_deliveries).where(tables.alert_deliveries.c.sent_at.is_(None))
        ).one()
    assert (row.attempts, row.error) == (4, "no route to it")
    fleet.say("m1")
    fleet.go(thread, for_s=60)
    assert fleet.channels.titles("test://good") == ["m1: offline", "Over: m1: offline"]
    fleet.channels.failing.clear()
    fleet.go(thread, for_s=900)
    assert [told for told in fleet.channels.told if told[0] == "test://broken"] == [
        (
            "test://broken",
            "1 alerts, 1 over",
            "m1: offline (Since 2026-11-28 12:00)\n"
            "Over: m1: offline (From 2026-11-28 12:00 to 2026-11-28 12:05)",
        )
    ]


def test_in_quiet_hours_nothing_is_told_and_at_their_end_what_is_still_so(fleet: Fleet) -> None:
    """One machine that came back in the night is not mentioned; the other is, in the morning."""
    fleet.add_channel(quiet='[["22:00", "07:00"]]', zone="Europe/Berlin")
    fleet.add_machines("m1", "m2")
    fleet.clock.now = NOON + 10 * 3600  # 23:00 in Berlin
    thread = fleet.thread()
    thread.go_round()
    fleet.say("m1", "m2", state="offline")
    fleet.go(thread, for_s=120)
    fleet.say("m1")
    fleet.go(thread, for_s=120)
    fleet.clock.now = NOON + 18 * 3600 - 30
    fleet.go(thread, for_s=15)
    assert fleet.channels.titles() == []
    fleet.go(thread, for_s=15)
    assert fleet.channels.titles() == ["m2: offline"]


def test_a_channel_that_works_again_in_its_quiet_hours_is_left_in_peace(fleet: Fleet) -> None:
    """It failed in the evening; what it missed is told in the morning."""
    fleet.add_channel(quiet='[["22:00", "07:00"]]')
    fleet.add_machines("m1")
    fleet.channels.failing.add("test://all")
    fleet.clock.now = NOON + 10 * 3600 - 60
    thread = fleet.thread()
    fleet.say("m1", state="offline")
    fleet.go(thread, for_s=45)
    fleet.channels.failing.clear()
    fleet.go(thread, for_s=600)
    assert fleet.channels.titles() == []
    fleet.clock.now = NOON + 19 * 3600
    fleet.go(thread, for_s=15)
    assert fleet.channels.titles() == ["m1: offline"]


def test_what_begins_and_ends_in_quiet_hours_is_never_planned_to_be_told(fleet: Fleet) -> None:
    """Even where nobody looked at what is due in between."""
    fleet.add_channel(quiet='[["00:00", "23:00"]]')
    with writing(fleet.engine) as connection:
        alert = {"subject": "m1", "kind": "offline", "text": "", "covers": "[]", "began_at": NOON}
        made = insert(tables.alerts).values(alert).returning(tables.alerts.c.id)
        number = connection.execute(made).scalar_one()
        deliveries.plan_begin(connection, number, {None}, NOON)
        deliveries.plan_end(connection, number, NOON + 60)
        assert connection.execute(select(tables.alert_deliveries)).all() == []


def test_what_nobody_acknowledges_is_told_to_the_channels_for_that(fleet: Fleet) -> None:
    """After twenty minutes the boss is told, and of its end too; what somebody sees to is not escalated."""
    fleet.add_channel("test://staff")
    fleet.add_channel("test://boss", escalates_after_s=1200)
    fleet.add_machines("m1", "m2")
    thread = fleet.thread()
    fleet.say("m1", state="offline")
    fleet.go(thread, for_s=300)
    fleet.say("m2", state="offline")
    fleet.go(thread, for_s=300)
    with writing(fleet.engine) as connection:
        number = connection.execute(
            select(tables.alerts.c.id).where(tables.alerts.c.subject == "m2")
        ).scalar_one()
        assert acknowledge(connection, number, "Ada", fleet.clock())
        assert not acknowledge(connection, number, "Bob", fleet.clock())
    fleet.go(thread, for_s=600)
    assert fleet.channels.titles("test://boss") == []
    fleet.go(thread, for_s=900)
    assert fleet.channels.titles("test://boss") == ["Nobody has acknowledged: m1: offline"]
    fleet.say("m1", "m2")
    fleet.go(thread, for_s=60)
    assert fleet.channels.titles("test://boss")[1:] == ["Over: m1: offline"]
    assert fleet.channels.titles("test://staff") == ["m1: offline", "m2: offline", "2 alerts over"]


def test_a_place_hears_of_its_own_machines_alone(fleet: Fleet) -> None:
    """A channel of a location is told of a whole fleet that goes dark with its own machines' names only."""
    halls = [fleet.add_place(name) for name in ("North", "South")]
    for number, hall in enumerate(halls):
        fleet.add_machines(*(f"m{number}{each}" for each in range(3)), place=hall)
    fleet.add_channel("test://north", location_id=halls[0])
    fleet.add_channel()
    thread = fleet.thread()
    fleet.say(*(f"m{number}{each}" for number in range(2) for each in range(3)), state="offline")
    fleet.go(thread, for_s=60)
    assert sorted((url, title, body.splitlines()[0]) for url, title, body in fleet.channels.told) == [
        ("test://all", "The fleet: 6 machines offline", "m00, m01, m02, m10, m11, m12"),
        ("test://north", "The fleet: 3 machines offline", "m00, m01, m02"),
    ]


def test_a_broker_that_dies_is_one_message_for_a_fleet_of_five_hundred(fleet: Fleet) -> None:
    """Machines of which nobody can hear anything are not told as offline, nor when they come back."""
    names = [f"m{number}" for number in range(500)]
    hall = fleet.add_place("Hall")
    fleet.add_machines(*names, place=hall)
    fleet.add_channel()
    fleet.broker()
    fleet.clock.now += 90
    thread = fleet.thread()
    for number in range(12):
        if number == 1:
            fleet.say(*names, state="offline")
        if number == 7:
            fleet.say(*names)
        fleet.broker("connection refused" if 1 <= number < 6 else "")
        fleet.go(thread, for_s=30)
    assert fleet.channels.titles() == ["The fleet: broker away", "Over: The fleet: broker away"]


def test_the_fleets_own_troubles_are_told(fleet: Fleet) -> None:
    """Stripe that cannot be read, a machine that floods, and an ingester that is gone."""
    fleet.add_channel()
    fleet.add_machines("m1")
    fleet.broker()
    thread = fleet.thread()
    with writing(fleet.engine) as connection:
        say_trouble(connection, ":stripe", "stripe_unreadable", "401", fleet.clock(), 86400)
        say_trouble(connection, "m1", "flood", "9000 entries in an hour", fleet.clock())
        say_trouble(connection, "m1", "flood", "9999 entries in an hour", fleet.clock())
    fleet.go(thread, for_s=120)
    assert fleet.alerts() == [
        ("m1", "flood", True),
        (":broker", "not_listening", True),
        (":stripe", "stripe_unreadable", True),
    ]
    with writing(fleet.engine) as connection:
        end_trouble(connection, ":stripe", "stripe_unreadable")
    fleet.broker()
    fleet.go(thread, for_s=720)
    fleet.broker()
    fleet.go(thread, for_s=30)
    assert (":stripe", "stripe_unreadable", False) in fleet.alerts()
    assert ("m1", "flood", False) in fleet.alerts()


def test_a_database_that_is_away_is_told_without_it(fleet: Fleet) -> None:
    """The channels known last are told once, and once again when it answers."""
    fleet.add_channel()
    fleet.add_channel("test://boss", escalates_after_s=60)
    thread = fleet.thread()
    thread.go_round()

    def refuse(*_: object) -> None:
        raise OperationalError("SELECT secret", {}, Exception("disk I/O error"))

    event.listen(fleet.engine, "before_cursor_execute", refuse)
    try:
        fleet.go(thread, for_s=300)
    finally:
        event.remove(fleet.engine, "before_cursor_execute", refuse)
    fleet.go(thread, for_s=60)
    assert fleet.channels.told == [
        ("test://all", "The fleet's database does not answer", "disk I/O error\nNo other alert can be told."),
        ("test://all", "Over: the fleet's database answers again", ""),
    ]


def test_a_channel_that_was_switched_off_is_told_nothing(fleet: Fleet) -> None:
    """Not even what was waiting for it."""
    channel = fleet.add_channel()
    fleet.add_machines("m1")
    fleet.channels.failing.add("test://all")
    thread = fleet.thread()
    fleet.say("m1", state="offline")
    fleet.go(thread, for_s=60)
    fleet.channels.failing.clear()
    with writing(fleet.engine) as connection:
        connection.execute(
            update(tables.channels).where(tables.channels.c.id == channel).values(is_active=False)
        )
    fleet.go(thread, for_s=600)
    with reading(fleet.engine) as connection:
        assert connection.execute(select(tables.alert_deliveries)).all() == []
    assert fleet.channels.told == []


def test_silence_is_learned_from_the_book_and_told(fleet: Fleet) -> None:
    """A machine that sold each half hour for a month, and then does not; it is learned again after moving."""
    hall, other = (
        fleet.add_place("Hall", '{"sat": [["10:00", "22:00"]], "fri": [["10:00", "22:00"]]}'),
        fleet.add_place("Bar"),
    )
    fleet.add_machines("m1", "m2", place=hall)
    fleet.add_channel()
    with writing(fleet.engine) as connection:
        connection.execute(insert(tables.sales), [_sale("m1", at) for at in _open_half_hours(NOON)])
        connection.execute(
            insert(tables.coins),
            [_coin(n, "m2", at) for n, at in enumerate(_open_half_hours(NOON + 6 * 3600))],
        )
    thread = fleet.thread()
    fleet.go(thread, for_s=30)
    fleet.clock.now = NOON + 1800
    fleet.go(thread, for_s=30)
    assert fleet.channels.told == []
    fleet.clock.now = NOON + 5 * 3600
    fleet.go(thread, for_s=30)
    assert fleet.channels.titles() == ["m1: silent"]
    fleet.clock.now = NOON + 12 * 3600
    fleet.go(thread, for_s=30)
    assert fleet.alerts() == [("m1", "silent", True)]
    with writing(fleet.engine) as connection:
        moved = update(tables.machines).where(tables.machines.c.machine_id == "m2")
        connection.execute(moved.values(location_id=other))
    fleet.clock.now = NOON + 24 * 3600
    fleet.go(thread, for_s=60)
    assert fleet.alerts() == [("m1", "silent", True)]


def test_money_is_short_when_the_books_differ_beyond_what_is_on_its_way(fleet: Fleet) -> None:
    """What was charged otherwise, by one book alone, or is not read yet: the first two are told."""
    fleet.add_channel()
    fleet.add_machines("same", "otherwise", "here", "there", "fresh", "no-journal")
    old, fresh = NOON - 90000, NOON - 600
    with writing(fleet.engine) as connection:
        mark_read(connection, NOON - 9e5, NOON)
        for name in ("same", "otherwise", "here", "there", "fresh"):
            connection.execute(insert(tables.entries).values(_entry(name, NOON - 9e5)))
            connection.execute(insert(tables.ledgers).values(_ledger(name, NOON)))
        connection.execute(
            insert(tables.stripe_payments),
            [
                _payment("p0", "same", NOON - 9e5, 100),
                _payment("p1", "same", old, 100),
                _payment("p2", "otherwise", old, 100),
                _payment("p3", "there", old, 100),
                _payment("p4", "fresh", fresh, 100),
                _payment("p5", "no-journal", old, 100),
            ],
        )
        connection.execute(
            insert(tables.sales),
            [
                _sale("same", NOON - 9e5, "p0", 100),
                _sale("same", old, "p1", 100),
                _sale("otherwise", old, "p2", 50),
                _sale("here", old, "p6", 100),
                _sale("fresh", fresh, "p7", 100),
            ],
        )
    fleet.go(fleet.thread(), for_s=60)
    assert fleet.alerts() == [(name, "money_short", True) for name in ("here", "otherwise", "there")]
    with reading(fleet.engine) as connection:
        texts = connection.execute(select(tables.alerts.c.text).order_by(tables.alerts.c.subject)).scalars()
        assert list(texts) == [
            "payment p6 (€1.00): the cabinet says charged, Stripe has no such payment of ours",
            "payment p2 (€1.00): Stripe charged another amount",
            "payment p3 (€1.00): charged, and no cabinet tells of it",
        ]


def test_stripe_that_nobody_reads_any_more_is_told(fleet: Fleet) -> None:
    """Whatever keeps it from being read, and be it that the process is gone."""
    fleet.add_channel()
    with writing(fleet.engine) as connection:
        mark_read(connection, NOON - 9e5, NOON)
    thread = fleet.thread()
    fleet.go(thread, for_s=60)
    assert fleet.channels.told == []
    fleet.clock.now += 3 * 3600
    fleet.go(thread, for_s=90)
    assert fleet.channels.titles() == ["The fleet: Stripe unreadable"]
    with writing(fleet.engine) as connection:
        mark_read(connection, NOON - 9e5, fleet.clock())
    fleet.go(thread, for_s=30)
    assert fleet.channels.titles()[1:] == ["Over: The fleet: Stripe unreadable"]


def test_two_ledgers_that_go_on_side_by_side_are_twins_and_a_new_one_is_not(fleet: Fleet) -> None:
    """After a new card the old ledger is silent; of two cabinets with one name neither is."""
    fleet.add_machines("new-card", "twins")
    with writing(fleet.engine) as connection:
        for name, heard in (("new-card", NOON - 650), ("twins", NOON)):
            connection.execute(insert(tables.entries).values(_entry(name, NOON - 9e5)))
            connection.execute(insert(tables.ledgers).values(_ledger(name, heard)))
            second = _entry(name, NOON - 700) | {"ledger": "second", "sum": "t"}
            connection.execute(insert(tables.entries).values(second))
            connection.execute(insert(tables.ledgers).values(_ledger(name, NOON) | {"ledger": "second"}))
    fleet.go(fleet.thread(), for_s=15)
    assert fleet.alerts() == [("twins", "ledger_twins", True)]


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from(["attract", "offline", "out_of_order"]), st.integers(1, 8)
        ),
        max_size=10,
    ),
    st.integers(0, 2**80),
)
def test_any_history_is_told_in_turns(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[int, str, int]], broken: int
) -> None:
    """Whatever machines do and however often the channel fails: begin, end, begin, end, of each thing."""
    with _quick_book(tmp_path_factory.mktemp("book") / "book.db") as engine:
        _play(Fleet(engine), history, broken)


def _play(fleet: Fleet, history: list[tuple[int, str, int]], broken: int) -> None:
    fleet.add_channel()
    fleet.add_machines("m0", "m1", "m2")
    threads = (fleet.thread(), fleet.thread())
    for machine, state, rounds in history:
        fleet.say(f"m{machine}", state=state)
        for _ in range(rounds):
            broken, fails = divmod(broken, 2)
            fleet.channels.failing = {"test://all"} if fails else set()
            fleet.go(*threads, for_s=15)
    fleet.channels.failing = set()
    fleet.say("m0", "m1", "m2")
    fleet.go(*threads, for_s=120)
    fleet.clock.now += deliveries.LONGEST_RETRY_S
    fleet.go(*threads, for_s=60)
    lines = [
        line.partition(" (")[0] for _, title, body in fleet.channels.told for line in _lines(title, body)
    ]
    for about in {line.removeprefix("Over: ") for line in lines}:
        told = [line for line in lines if line.removeprefix("Over: ") == about]
        assert told == [about, f"Over: {about}"] * (len(told) // 2)
    assert not [alert for alert in fleet.alerts() if alert[2]]


def _lines(title: str, body: str) -> list[str]:
    return body.splitlines() if "alerts" in title else [title]


def _at_once(*calls: object) -> None:
    barrier = threading.Barrier(len(calls))

    def call(each: object) -> None:
        barrier.wait()
        each()  # type: ignore[operator]

    threads = [threading.Thread(target=call, args=(each,)) for each in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _open_half_hours(until: float) -> list[float]:
    """Each half hour of the Fridays and Saturdays of two months, from 10 to 22."""
    began = NOON - 60 * 86400
    times = (began + 1800 * number for number in range(int((until - began) / 1800)))
    return [at for at in times if int(at // 86400 + 4) % 7 in (5, 6) and 10 <= at % 86400 / 3600 < 22]


def _sale(machine: str, at: float, payment: str = "", charged: int | None = None) -> dict[str, object]:
    return {
        "machine_id": machine,
        "payment_id": payment or f"pi_{at}",
        "at": at,
        "day": "2026-11-28",
        "kind": "phone",
        "credits": 1,
        "credits_delivered": 1,
        "fired": 1,
        "uncounted": 0,
        "in_doubt": 0,
        "currency": "eur",
        "charged": charged,
    }


def _coin(number: int, machine: str, at: float) -> dict[str, object]:
    return {"entry_id": number, "machine_id": machine, "at": at, "day": "2026-11-28", "number": 1}


def _payment(payment: str, machine: str, at: float, captured: int) -> dict[str, object]:
    return {
        "payment_id": payment,
        "machine_id": machine,
        "created_at": at,
        "status": "succeeded",
        "currency": "eur",
        "amount": captured,
        "captured": captured,
        "day": "2026-11-28",
        "refunded": 0,
        "disputed": 0,
        "has_failed_refund": False,
        "notes": "{}",
        "read_at": NOON,
    }


def _entry(machine: str, at: float) -> dict[str, object]:
    boot = {"boot": "b", "boot_s": 1.0, "body": "{}", "came_at": at, "at": at}
    return {"machine_id": machine, "ledger": "l", "seq": 1, "sum": "s", "kind": "start", **boot}


def _ledger(machine: str, at: float) -> dict[str, object]:
    return {"machine_id": machine, "ledger": "l", "first": 1, "seq": 1, "sum": "s", "heard_at": at}
