"""The journal: an entry for each fact, in the commit of the fact, and summed up with all before it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from cabinets import NOW_S, Bench, bare_bench, open_bench, payment, pulse, train
from hypothesis import given
from hypothesis import strategies as st
from test_ledger_file import schema

from controller.config.keys import Config
from controller.config.reload import Reloaded
from controller.formats.journal_lines import body_of, canonical, sum_of
from controller.ledger.ledger import Ledger
from controller.model.effects import ClosePayment, IntendPulse, RecordPayment, RecordPulse
from controller.model.events import (
    BrokerConnected,
    BrokerLost,
    CreditTestRequested,
    FaultsCleared,
    InputChanged,
    ReceiptAnswered,
    RulesChanged,
    Started,
    Tick,
)
from controller.model.journal import Entry, EntryKind, short
from controller.model.payment import Outcome, PulseFate, Receipt
from controller.model.policy import MeterRules
from controller.rules.decide import decide

NOON = "2026-06-01T12:00:00.000Z"
METER = MeterRules(hold_s=0.005, within_s=0.5, out_of_order_after=3)
# What the program of the fifth version wrote, as SQLite dumps it.
VERSION_5 = """
PRAGMA journal_mode = WAL;
CREATE TABLE coins (number INTEGER PRIMARY KEY, counted_at TEXT NOT NULL) STRICT;
INSERT INTO "coins" VALUES(1,'2026-11-22T03:15:00.000Z');
CREATE TABLE game_overs (
      session_id TEXT NOT NULL,
      game INTEGER NOT NULL,
      credits INTEGER NOT NULL,
      duration_s INTEGER NOT NULL,
      ended_at TEXT NOT NULL,
      PRIMARY KEY (session_id, game)
    ) STRICT;
INSERT INTO "game_overs" VALUES('pi_1',1,2,60,'2026-11-22T03:15:00.000Z');
CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "memory" VALUES('session','{"id": "pi_1", "boot_id": "boot-a", "since_s": 1.5, "credits": 2, \
"active_s": 1.5, "games_over": 0, "playing": true}');
INSERT INTO "memory" VALUES('board','"pi-a"');
INSERT INTO "memory" VALUES('boot_id','"boot-a"');
INSERT INTO "memory" VALUES('doubt_before_s','null');
CREATE TABLE payments (
      id TEXT PRIMARY KEY,
      credits INTEGER NOT NULL,
      amount INTEGER,
      currency TEXT,
      has_receipt INTEGER NOT NULL,
      pulses INTEGER NOT NULL,
      deadline_s REAL NOT NULL,
      boot_id TEXT NOT NULL,
      received_at TEXT NOT NULL,
      outcome TEXT,
      credits_delivered INTEGER,
      reason TEXT,
      answer TEXT
    , test INTEGER NOT NULL DEFAULT 0, charged INTEGER) STRICT;
INSERT INTO "payments" VALUES('pi_1',1,100,'usd',1,1,1060.0,'boot-a','2026-11-22T03:15:00.000Z',\
'delivered',1,'its last pulse was fired','settled',0,100);
INSERT INTO "payments" VALUES('pi_2',3,300,'usd',1,3,1060.0,'boot-a','2026-11-22T03:15:00.000Z',\
NULL,NULL,NULL,NULL,0,NULL);
CREATE TABLE "pulses" (
      payment_id TEXT NOT NULL REFERENCES payments (id),
      number INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('intended', 'fired', 'confirmed', 'uncounted', 'ambiguous')),
      rose_s REAL,
      fell_s REAL,
      PRIMARY KEY (payment_id, number)
    ) STRICT;
INSERT INTO "pulses" VALUES('pi_1',1,'confirmed',1.0,1.1);
INSERT INTO "pulses" VALUES('pi_2',1,'fired',2.0,2.1);
CREATE INDEX unsettled ON payments (id)
      WHERE outcome IS NULL OR (has_receipt AND answer IS NULL);
CREATE INDEX received ON payments (received_at);
PRAGMA user_version = 5;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A new ledger."""
    with closing(opened(path)) as ledger:
        yield ledger


def opened(path: Path) -> Ledger:
    return Ledger(path, lambda: NOON)


def coin(number: int) -> Entry:
    return Entry(EntryKind.COIN, NOW_S, "boot-a", {"number": number})


def told(bench: Bench, event: Any) -> list[tuple[str, dict[str, Any]]]:
    """The entries that an event makes, as kind and fields."""
    decision = decide(bench.cabinet, event, bench.now_s)
    bench.cabinet = decision.cabinet
    return [(entry.kind, dict(entry.fields)) for entry in decision.entries]


def bodies(ledger: Ledger) -> list[dict[str, Any]]:
    return [json.loads(body) for body in ledger.journal.read(0).bodies]


# The table


def test_a_ledger_of_the_fifth_version_is_taken_over(path: Path, tmp_path: Path) -> None:
    """With what it holds and a journal that begins; what was before is told by nobody."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(VERSION_5)

    with closing(opened(path)) as ledger:
        start, upgraded_from = ledger.read_start(), ledger.upgraded_from
        identity = ledger.journal.identity
        ledger.write([ClosePayment("pi_2", Outcome.PARTIAL, 1, "too late", None)], (), [coin(2)])
    with closing(opened(path)) as again:
        assert (again.upgraded_from, again.journal.identity) == (None, identity)
        assert [body["number"] for body in bodies(again)] == [2]
    opened(tmp_path / "new.sqlite").close()

    assert (upgraded_from, start.coins, len(start.game_overs)) == (5, 1, 1)
    assert (len(identity), set(identity) <= set("0123456789abcdef")) == (32, True)
    assert schema(path) == schema(tmp_path / "new.sqlite")


def test_each_ledger_has_a_name_of_its_own(ledger: Ledger, tmp_path: Path) -> None:
    """A fleet tells a new card from the old one by it; one that is put back takes a new one."""
    with closing(opened(tmp_path / "other.sqlite")) as other:
        names = [ledger.journal.identity, other.journal.identity]
        other.take_new_identity()
        names.append(other.journal.identity)

    assert len(set(names)) == 3


def test_an_entry_is_summed_up_with_all_before_it(ledger: Ledger) -> None:
    """So that nobody can put another in its place, and a fleet sees at once where it goes on."""
    ledger.write([], (), [coin(1)])
    ledger.write([], (), [coin(2)])

    first = '{"boot":"boot-a","kind":"coin","number":1,"s":1000.0,"seq":1,"wall":"2026-06-01T12:00:00.000Z"}'
    excerpt = ledger.journal.read(1)
    before = hashlib.sha256(first.encode()).hexdigest()[:16]
    assert ledger.journal.read(0).bodies[0] == first
    assert (excerpt.first, excerpt.after, excerpt.prev) == (1, 1, before)
    assert ledger.journal.sum_at(2) == hashlib.sha256((before + excerpt.bodies[0]).encode()).hexdigest()[:16]
    assert (ledger.newest_entry, ledger.journal.sum_at(3)) == (2, None)


ANY_TEXT = st.text(st.characters(), max_size=9)
ANY_VALUE = st.none() | st.booleans() | st.integers() | ANY_TEXT
ANY_FIELDS = st.dictionaries(st.text(max_size=9), ANY_VALUE, max_size=4)


@given(ANY_FIELDS, st.floats(0, 1e9))
def test_whoever_reads_an_entry_comes_to_the_same_sum(fields: dict[str, Any], at_s: float) -> None:
    """By reading its JSON and writing it again, as a fleet does."""
    body = body_of(Entry(EntryKind.TECHNICIAN, at_s, "boot-a", fields), 7, NOON, {})

    assert canonical(json.loads(body)) == body
    assert len(sum_of("", body)) == 16


@given(st.text(st.characters(), max_size=600))
def test_a_text_of_any_length_and_kind_fits_an_entry(text: str) -> None:
    """What an error says may hold anything, and an entry has 2 KiB."""
    entry = Entry(EntryKind.SALE, NOW_S, "b" * 36, {"paymentId": "p" * 255, "reason": short(text)})
    body = body_of(entry, 10**9, NOON, {"receivedAt": NOON})

    assert (len(body.encode()) < 2048, canonical(json.loads(body))) == (True, body)


def test_a_fact_that_cannot_be_written_leaves_no_entry(ledger: Ledger) -> None:
    """And no number is left out for it."""
    with pytest.raises(sqlite3.IntegrityError):
        ledger.write([RecordPayment(train(payment())), RecordPayment(train(payment()))], (), [coin(1)])
    ledger.write([], (), [coin(2)])

    assert [(body["seq"], body["number"]) for body in bodies(ledger)] == [(1, 2)]


@pytest.mark.timeout(4)  # a commit would wait for five seconds
def test_no_entry_waits_for_a_program_that_holds_the_ledger(ledger: Ledger, tmp_path: Path) -> None:
    """It is written with the next commit; meanwhile the loop has better things to do."""
    (file,) = tmp_path.rglob("*.sqlite")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ledger.enter([Entry(EntryKind.COIN, NOW_S, "boot-a", {"number": 1})])
        other.execute("ROLLBACK")
    newest = ledger.newest_entry
    ledger.enter([Entry(EntryKind.COIN, NOW_S, "boot-a", {"number": 2})])
    assert ledger.newest_entry == newest + 2


def test_on_a_full_disk_an_entry_without_a_record_waits(ledger: Ledger) -> None:
    """It must not stop a sale; the next commit takes it along, in its order."""
    pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")
    ledger.enter([Entry(EntryKind.START, NOW_S, "boot-a", {"number": 1, "long": "x" * 9000})])
    assert bodies(ledger) == []
    ledger._db.execute("PRAGMA max_page_count = 1000")
    ledger.write([], (), [coin(2)])

    assert [(body["seq"], body["number"]) for body in bodies(ledger)] == [(1, 1), (2, 2)]


def test_what_a_fleet_has_seen_and_is_old_is_pruned(path: Path) -> None:
    """But for the last, which the next one is numbered after; what nobody has seen stays."""
    days = iter([f"2024-01-{day:02}T12:00:00.000Z" for day in range(1, 21)] + [NOON] * 99)
    with closing(Ledger(path, lambda: next(days))) as ledger:
        next(days)  # of the file
        for number in range(1, 20):
            ledger.write([], (), [coin(number)])
        with ledger._commit():
            ledger.journal.prune(0, "2024-01-15")
        assert len(bodies(ledger)) == 19
        fifth = ledger.journal.sum_at(5)
        with ledger._commit():
            ledger.journal.prune(5, "2024-01-15")
        kept = [body["number"] for body in bodies(ledger)]
        excerpt = ledger.journal.read(0)
        assert (kept, excerpt.first, excerpt.after, excerpt.prev) == ([*range(6, 20)], 6, 5, fifth)
        with ledger._commit():
            ledger.journal.prune(19, "2024-01-10")
        assert bodies(ledger)[0]["wall"].startswith("2024-01-1")
        with ledger._commit():
            ledger.journal.prune(19, "2026-01-15")
        ledger.write([], (), [coin(20)])
        assert [body["seq"] for body in bodies(ledger)] == [19, 20]


def test_a_journal_that_nobody_reads_ends_growing(ledger: Ledger) -> None:
    """A cabinet without a fleet keeps the newest entries."""
    ledger.write([], (), [coin(number) for number in range(10)])
    with ledger._commit():
        ledger.journal.prune(0, None, most=3)

    assert [body["seq"] for body in bodies(ledger)] == [8, 9, 10]


# What is entered


def test_a_sale_tells_what_the_ledger_knows_of_it(ledger: Ledger) -> None:
    """Its pulses by their fate, its price, and how it ended."""
    paid = payment("pi_1", 4)
    fates = [PulseFate.CONFIRMED, PulseFate.UNCOUNTED, PulseFate.AMBIGUOUS, PulseFate.FIRED]
    ledger.write([RecordPayment(train(paid))])
    for number, fate in enumerate(fates, start=1):
        ledger.write([IntendPulse("pi_1", number), RecordPulse("pi_1", number, 1.0, 1.1, fate)])
    receipt = Receipt("pi_1", Outcome.PARTIAL, 2, 4)
    sale = {"paymentId": "pi_1", "outcome": "partial", "reason": "too late", "creditsDelivered": 2}
    entry = Entry(EntryKind.SALE, NOW_S, "boot-a", {**sale, "free": False})
    ledger.write([ClosePayment("pi_1", Outcome.PARTIAL, 2, "too late", receipt)], (), [entry])

    assert bodies(ledger) == [
        {
            **sale,
            **{"seq": 1, "kind": "sale", "boot": "boot-a", "s": NOW_S, "wall": NOON},
            **{"credits": 4, "amount": 400, "currency": "usd", "receivedAt": NOON},
            **{"hasReceipt": True, "test": False, "free": False},
            **{"fired": 1, "confirmed": 1, "uncounted": 1, "ambiguous": 1},
        }
    ]


def test_the_end_of_a_payment_and_its_answer_are_entered() -> None:
    """Each in the decision that writes it down."""
    bench = open_bench()
    bench.receive(payment("free_1"))
    bench.acknowledged()
    ended = decide(bench.cabinet, pulse_of(bench, "free_1"), bench.now_s)
    bench.cabinet = ended.cabinet

    assert [type(record) for record in ended.records if isinstance(record, ClosePayment)] == [ClosePayment]
    assert [(entry.kind, entry.at_s, entry.boot_id, dict(entry.fields)) for entry in ended.entries] == [
        (
            "sale",
            NOW_S,
            "boot-a",
            {
                "paymentId": "free_1",
                "outcome": "delivered",
                "reason": "its last pulse was fired",
                "creditsDelivered": 1,
                "free": True,
            },
        )
    ]
    assert told(bench, ReceiptAnswered("free_1", "settled", 0)) == [
        ("settled", {"paymentId": "free_1", "answer": "settled", "charged": 0})
    ]


def pulse_of(bench: Bench, payment_id: str) -> Any:
    return pulse(bench, payment_id, 1)


def test_coins_games_and_credits_that_nobody_played_are_entered() -> None:
    """A game with how long the board was without a session before; one that was forgotten with its rest."""
    bench = open_bench(coin_meter=METER, session_timeout_s=100.0)
    entries = [drop_coin(bench), end_game(bench)]
    bench.now_s += 50.0
    entries += [drop_coin(bench), drop_coin(bench), end_game(bench)]
    bench.now_s += 200.0
    entries.append(told(bench, Tick()))

    coins = [[("coin", {"number": number})] for number in (1, 2, 3)]
    game = {"credits": 1, "durationS": 5, "game": 1, "idleS": None, "sessionId": "coin-1", "why": "game over"}
    second = game | {"sessionId": "coin-2", "credits": 2, "durationS": 10, "idleS": 54}
    forgotten = [("session_end", {"sessionId": "coin-2", "creditsLeft": 1})]
    assert entries == [coins[0], [("game", game)], *coins[1:], [("game", second)], forgotten]


def test_a_game_that_never_ends_is_entered_as_forgotten_with_the_credits_behind_it() -> None:
    """The board's game over wire did not speak."""
    bench = open_bench(coin_meter=METER, session_timeout_s=100.0)
    drop_coin(bench)
    drop_coin(bench)
    bench.now_s += 200.0

    game = {"sessionId": "coin-1", "game": 1, "credits": 2, "durationS": 209, "idleS": None}
    assert told(bench, Tick()) == [
        ("game", game | {"why": "session_timeout_s"}),
        ("session_end", {"sessionId": "coin-1", "creditsLeft": 1}),
    ]


def kinds(bench: Bench, seconds: float) -> list[tuple[float, str, str]]:
    """The entries of faults while time passes, second by second: since when, what, and which."""
    found = []
    for _ in range(int(seconds)):
        bench.now_s += 1.0
        decision = decide(bench.cabinet, Tick(), bench.now_s)
        bench.cabinet = decision.cabinet
        found += [(entry.at_s, entry.kind, entry.fields["fault"]) for entry in decision.entries]
    return found


def test_a_fault_is_entered_once_it_has_lasted_and_its_end_once_it_has_been_gone() -> None:
    """With the time when it began, and ended; a moment without a broker is neither."""
    bench = open_bench()
    bench.handle(BrokerLost("Unspecified error"))
    assert kinds(bench, 2) == []
    bench.handle(BrokerConnected(session_present=True))
    assert kinds(bench, 60) == []

    bench.handle(BrokerLost("Unspecified error"))
    lost_s = bench.now_s
    assert kinds(bench, 100) == [(lost_s, "fault_begins", "broker")]
    bench.handle(BrokerConnected(session_present=True))
    back_s = bench.now_s
    assert kinds(bench, 29) == []
    assert kinds(bench, 10) == [(back_s, "fault_ends", "broker")]


def test_a_fault_that_flickers_is_told_as_one() -> None:
    """What comes back within half a minute had not ended."""
    bench, found = open_bench(), []
    for _ in range(20):
        bench.handle(BrokerLost("Unspecified error"))
        found += kinds(bench, 5)
        bench.handle(BrokerConnected(session_present=True))
        found += kinds(bench, 20)

    assert [kind for _, kind, _ in found] == ["fault_begins"]


def test_faults_have_their_share_of_an_hour_s_entries() -> None:
    """Sixty, however often something breaks; the first that can be told again is how it is then."""
    bench, found = open_bench(), []
    for _ in range(40):
        bench.handle(BrokerLost("Unspecified error"))
        found += kinds(bench, 5)
        bench.handle(BrokerConnected(session_present=True))
        found += kinds(bench, 40)
    assert (bench.now_s - NOW_S, len(found)) == (1800.0, 60)
    bench.handle(BrokerLost("Unspecified error"))

    assert [kind for _, kind, _ in kinds(bench, 3600)] == ["fault_begins"]


def test_a_fault_has_its_text_and_a_start_goes_on_with_it(ledger: Ledger) -> None:
    """It is not told twice; if it is gone, its end is told."""
    bench = open_bench()
    bench.handle(BrokerLost("gone \ud800"))
    bench.now_s += 3.0
    decision = decide(bench.cabinet, Tick(), bench.now_s)
    ledger.write([], (), decision.entries)
    assert [(body["kind"], body["fault"], body["text"]) for body in bodies(ledger)] == [
        ("fault_begins", "broker", "broker: gone ?")
    ]
    assert ledger.read_start().told_faults == ("broker",)

    again = bare_bench()
    again.handle(replace(ledger.read_start(), board="pi-a", boot_id="boot-a"))
    entries = [entry for _ in range(40) for entry in later(again)]
    assert [(entry.kind, entry.fields["fault"]) for entry in entries] == [("fault_ends", "broker")]
    ledger.write([], (), entries)
    assert ledger.read_start().told_faults == ()


def later(bench: Bench) -> tuple[Entry, ...]:
    """What a second more has entered."""
    bench.now_s += 1.0
    decision = decide(bench.cabinet, Tick(), bench.now_s)
    bench.cabinet = decision.cabinet
    return decision.entries


def test_a_start_is_entered_with_its_version_and_name() -> None:
    """The first with this program's ledger says which it had before."""
    started = Started((), (), None, None, "pi-a", "boot-a", version="9.0", machine_name="Galaga")
    plain = [
        ("start", {"version": "9.0", "board": "pi-a"}),
        ("configuration", {"name": "Galaga", "keys": []}),
    ]
    assert told(bare_bench(), started) == plain
    first = told(bare_bench(), replace(started, upgraded_from=5))
    assert first == [("start", {"version": "9.0", "board": "pi-a", "schemaBefore": 5}), plain[1]]


def test_what_a_technician_does_is_entered() -> None:
    """A test credit, a fault that was seen to, a configuration that was edited."""
    bench = open_bench(coin_meter=METER)
    bench.cabinet = replace(bench.cabinet, ledger_faults=("ledger damaged: kept as x", "and y"))

    def did(what: str, details: str) -> tuple[str, dict[str, Any]]:
        return ("technician", {"did": what, "details": details})

    assert told(bench, CreditTestRequested("test-1", 3)) == [did("pulse", "test credits: 3 (test-1)")]
    assert told(bench, FaultsCleared()) == [did("clear", "ledger damaged: kept as x; and y")]
    edited = RulesChanged(bench.cabinet.rules, "Galaga", ("max_credits",), "restart to apply pin")
    assert told(bench, edited) == [
        did("reload", "restart to apply pin"),
        ("configuration", {"name": "Galaga", "keys": ["max_credits"]}),
    ]


def test_an_edit_that_cannot_be_used_is_entered_without_what_stands_there() -> None:
    """A line with a mistake may hold a secret, which is nobody's but the machine's."""
    reloaded = Reloaded(cast(Config, None), problems=("config.yaml:3: relay.token: 'hunter2' is too short",))
    assert reloaded.outstanding_keys == "the edit of config.yaml is not used, for 1 of its lines"


def drop_coin(bench: Bench) -> list[tuple[str, dict[str, Any]]]:
    """A coin of metal, which the meter counts; then 5 s."""
    return move(bench, "coin_meter")


def end_game(bench: Bench) -> list[tuple[str, dict[str, Any]]]:
    """A game over; then 5 s."""
    return move(bench, "game_over")


def move(bench: Bench, line: Any) -> list[tuple[str, dict[str, Any]]]:
    """A line that becomes active for a tenth of a second, and what is entered; then 5 s."""
    entries = told(bench, InputChanged(line, active=True, at_s=bench.now_s))
    bench.now_s += 0.1
    entries += told(bench, Tick())
    entries += told(bench, InputChanged(line, active=False, at_s=bench.now_s))
    bench.now_s += 4.9
    return entries + told(bench, Tick())
