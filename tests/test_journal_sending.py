"""The journal's way to a fleet: any messages lost, repeated, out of order or late, and each entry once."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cabinets import BOOT, NOW_S, RULES, payment, train
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from journal_fleet import ModelFleet

from controller.announcements.journal_post import JournalPost
from controller.formats.journal_lines import Seen, read_seen
from controller.ledger.ledger import Ledger
from controller.model.cabinet import Cabinet, new_cabinet
from controller.model.journal import Entry, EntryKind
from controller.model.policy import Rules
from controller.rules import sending
from fleet.journal.batch import read_batch

WALL = "2026-06-01T12:00:00.000Z"
CABINET = replace(new_cabinet(Rules(**RULES), BOOT), broker_up=True)
HOUR_S = 3600.0
_MEMORY = Path("/dev/shm")  # noqa: S108 - real files, whose commits cost nothing


@dataclass
class Wire:
    """The broker's end: takes what is published, and answers each when told to."""

    sent: list[bytes] = field(default_factory=list)

    def publish_once(self, topic: str, payload: bytes) -> int:
        """Take it; its number is its message id."""
        assert topic == "arcade/machine/galaga-01/journal"
        self.sent.append(payload)
        return len(self.sent)


def post_of(ledger: Ledger, clock: Any) -> JournalPost:
    return JournalPost("galaga-01", BOOT, ledger, clock)


def coin(number: int, **more: Any) -> Entry:
    return Entry(EntryKind.COIN, NOW_S, BOOT, {"number": number, **more})


class Bench:
    """A cabinet's real ledger and its post, a wire, and a clock in the tester's hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.sqlite"
        self.now_s = NOW_S
        self.wire: Any = Wire()
        self.begin()

    def begin(self, *, after_s: float = sending.LISTEN_FIRST_S) -> None:
        """The process begins, connects, and has listened."""
        self.ledger = Ledger(self.path, lambda: WALL)
        self.post = post_of(self.ledger, lambda: self.now_s)
        self.turn()
        self.now_s += after_s
        self.turn()

    def turn(self, cabinet: Cabinet = CABINET, after_s: float = 0.0) -> None:
        """Let the loop come round."""
        self.now_s += after_s
        if self.post.comes_due(cabinet):
            self.post.send(self.wire)

    def enter(self, *numbers: int, **more: Any) -> None:
        """Let coins be counted."""
        self.ledger.write([], (), [coin(number, **more) for number in numbers])
        self.turn()

    def acknowledge(self) -> None:
        """Let the broker send its PUBACK for the last batch."""
        self.post.published(len(self.wire.sent))

    def say(self, **said: Any) -> None:
        """Let a fleet say something; by default that it has all there is."""
        seq = said.pop("seq", self.ledger.newest_entry)
        fields = {
            "ledger": self.ledger.journal.identity,
            "seq": seq,
            "sum": self.ledger.journal.sum_at(seq) or "",
        }
        self.post.hear(json.dumps({**fields, "fleet": "f" * 16, **said}).encode())
        self.turn()

    def numbers(self) -> list[list[int]]:
        """The numbers of the entries in each message so far."""
        return [[entry["seq"] for entry in json.loads(payload)["entries"]] for payload in self.wire.sent]


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    """A cabinet that is connected, and has nothing to tell."""
    bench = Bench(tmp_path)
    yield bench
    bench.ledger.close()


# One batch at a time


def test_a_batch_says_all_that_a_fleet_needs(bench: Bench) -> None:
    """Whose it is, when it was sent, and what it goes on from."""
    bench.enter(1)
    bench.acknowledge()
    bench.say()
    bench.enter(2)

    batch = json.loads(bench.wire.sent[1])
    (entry,) = batch.pop("entries")
    assert batch == {
        "machineId": "galaga-01",
        "ledger": bench.ledger.journal.identity,
        "first": 1,
        "bootId": BOOT,
        "sentS": NOW_S + 2.0,
        "prev": bench.ledger.journal.sum_at(1),
    }
    assert entry == {"seq": 2, "kind": "coin", "boot": BOOT, "s": NOW_S, "wall": WALL, "number": 2}


def test_what_comes_meanwhile_waits_until_the_fleet_has_the_batch(bench: Bench) -> None:
    """The broker's word is no proof that it is in the book."""
    bench.enter(1)
    bench.enter(2)
    bench.acknowledge()
    bench.turn(after_s=9.0)
    assert bench.numbers() == [[1]]

    bench.say(seq=1)

    assert bench.numbers() == [[1], [2]]


def test_a_long_journal_goes_in_messages_of_8_kib(bench: Bench) -> None:
    """Each as full as it can be, and the next at once."""
    bench.ledger.write([], (), [coin(number, text="é" * 200) for number in range(40)])
    bench.turn()
    while bench.post.seen < 40:
        bench.acknowledge()
        bench.say(seq=bench.numbers()[-1][-1])

    assert [number for batch in bench.numbers() for number in batch] == [*range(1, 41)]
    assert all(7600 < len(payload) <= 8192 for payload in bench.wire.sent[:-1])


def test_without_an_answer_it_is_sent_ever_more_rarely(bench: Bench) -> None:
    """After 10 s, 20 s and so on, and once an hour in the end; a PUBACK is no answer."""
    bench.enter(1)
    times_s = [bench.now_s]
    while len(times_s) < 12:
        bench.acknowledge()
        bench.turn(after_s=5.0)
        if len(bench.wire.sent) > len(times_s):
            times_s.append(bench.now_s)

    waits_s = [after - before for before, after in pairwise(times_s)]
    assert waits_s == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, HOUR_S, HOUR_S]


def test_a_fleet_that_comes_after_a_year_is_told_at_once(bench: Bench) -> None:
    """Its first word ends the waiting."""
    bench.enter(1)
    for _ in range(30):
        bench.acknowledge()
        bench.turn(after_s=HOUR_S)
    bench.acknowledge()
    before = len(bench.wire.sent)
    bench.now_s += 60.0
    bench.say(ledger="", seq=0, sum="")
    assert len(bench.wire.sent) == before + 1

    bench.acknowledge()
    bench.say()
    bench.enter(2)
    assert bench.numbers()[before:] == [[1], [2]]


def test_a_broker_that_has_not_answered_is_sent_nothing_more(bench: Bench) -> None:
    """Copies would pile up behind a slow link."""
    bench.enter(1)
    bench.turn(after_s=100.0)
    assert bench.numbers() == [[1]]

    bench.acknowledge()
    bench.turn()
    assert bench.numbers() == [[1], [1]]


def test_a_connection_that_ends_with_a_batch_on_its_way_makes_it_wait(bench: Bench) -> None:
    """A broker may have hung up for its sake; the fleet's word ends that."""
    bench.enter(1)
    bench.turn(replace(CABINET, broker_up=False), after_s=1.0)
    bench.turn(after_s=1.0)
    bench.turn(after_s=600.0)
    assert bench.numbers() == [[1]]

    bench.say(seq=0)
    assert bench.numbers() == [[1], [1]]


def test_offline_nothing_is_sent(bench: Bench) -> None:
    """It is all in the ledger."""
    offline = replace(CABINET, broker_up=False)
    bench.turn(offline)
    bench.ledger.write([], (), [coin(1)])
    bench.turn(offline, after_s=100.0)
    bench.turn()
    assert bench.numbers() == []

    bench.turn(after_s=2.0)
    assert bench.numbers() == [[1]]


def test_a_train_that_moves_comes_first(bench: Bench) -> None:
    """The journal never delays a coin."""
    moving = replace(CABINET, trains=(train(payment(), intended=1),))
    bench.ledger.write([], (), [coin(1)])
    bench.turn(moving, after_s=5.0)
    assert bench.numbers() == []

    bench.turn()
    assert bench.numbers() == [[1]]


def test_a_cabinet_at_rest_reads_and_writes_nothing(bench: Bench) -> None:
    """Its card, and its processor, are left alone."""
    bench.enter(1)
    bench.acknowledge()
    bench.say()
    statements: list[str] = []
    bench.ledger._db.set_trace_callback(statements.append)
    for _ in range(100):
        bench.turn(after_s=1.0)
    assert statements == []
    bench.say()
    assert [each for each in statements if not each.startswith("SELECT")] == []


# Where it goes on


def test_a_start_goes_on_where_the_fleet_is(bench: Bench) -> None:
    """By what the broker keeps, which comes with the connection; without it, from the first entry."""
    bench.enter(1, 2, 3)
    bench.ledger.close()
    bench.begin(after_s=0.0)
    bench.say(seq=2)
    assert bench.numbers() == [[1, 2, 3], [3]]

    bench.ledger.close()
    bench.begin()
    assert bench.numbers()[2:] == [[1, 2, 3]]


def test_a_fleet_that_lost_its_book_gets_all_again(bench: Bench) -> None:
    """It says that it has nothing, or less than before."""
    bench.enter(1, 2, 3)
    bench.acknowledge()
    bench.say()
    bench.say(ledger="", seq=0, sum="")
    assert bench.numbers() == [[1, 2, 3], [1, 2, 3]]

    bench.acknowledge()
    bench.say()
    bench.now_s += 60.0
    bench.say(seq=2)
    assert bench.numbers()[2:] == [[3]]


def test_two_fleets_do_not_send_it_to_and_fro(bench: Bench) -> None:
    """The one that is behind is served once a minute."""
    bench.enter(1, 2, 3)
    for _ in range(600):
        bench.acknowledge()
        bench.say(seq=3)
        bench.say(seq=1)
        bench.now_s += 0.2

    assert bench.numbers() == [[1, 2, 3], [2, 3], [2, 3]]


def test_the_word_for_another_ledger_is_none_for_ours(bench: Bench) -> None:
    """A new card in an old machine: its journal begins anew."""
    bench.enter(1)
    bench.acknowledge()
    bench.turn(after_s=10.0)
    bench.say(ledger="0" * 32, seq=900)

    assert (bench.post.seen, bench.numbers()) == (0, [[1], [1]])


@pytest.mark.parametrize("seen", [(5, None), (2, "0" * 16)], ids=["beyond our end", "another sum"])
def test_an_old_image_that_was_put_back_takes_another_name(
    bench: Bench, seen: tuple[int, str | None]
) -> None:
    """Its numbers were used for other facts: under its name nothing may come again."""
    bench.enter(1, 2, 3)
    bench.acknowledge()
    before, summed = bench.ledger.journal.identity, bench.ledger.journal.sum_at(3)
    bench.say(seq=seen[0], sum=seen[1] or "1" * 16)
    after = bench.ledger.journal.identity

    assert (after == before, bench.ledger.journal.sum_at(3)) == (False, summed)
    assert [json.loads(payload)["ledger"] for payload in bench.wire.sent] == [before, after]
    bench.say(seq=seen[0], sum="2" * 16)
    assert bench.ledger.journal.identity == after, "a fleet whose sums are wrong has us write each time"


def test_a_number_that_no_ledger_reaches_is_an_old_image_s(bench: Bench) -> None:
    """However far beyond ours: nothing is asked of SQLite that it cannot take."""
    bench.enter(1)
    before = bench.ledger.journal.identity
    bench.say(seq=2**53, sum="0" * 16)
    assert bench.ledger.journal.identity != before


def test_a_fleet_that_comes_after_pruning_has_the_sums_of_the_ledger(bench: Bench) -> None:
    """Otherwise its word would make us out to be an old image."""
    bench.ledger.write([], (), [coin(number) for number in range(1, 6)])
    with bench.ledger._commit():
        bench.ledger.journal.prune(0, None, most=2)
    bench.turn()
    fleet, before = ModelFleet(), bench.ledger.journal.identity
    bench.post.hear(fleet.hear(bench.wire.sent[-1]))

    assert (bench.numbers(), bench.post.seen) == ([[4, 5]], 5)
    assert [*fleet.book] == [bench.ledger.journal.sum_at(4), bench.ledger.journal.sum_at(5)]
    assert bench.ledger.journal.identity == before


def test_the_fleet_s_own_reader_comes_to_the_ledger_s_sums(bench: Bench) -> None:
    """Both ends are held to one contract, and here to one another."""
    bench.enter(1, 2, 3, text="é\ud800")
    batch = read_batch(bench.wire.sent[0], "galaga-01")

    journal = bench.ledger.journal
    assert (batch.ledger, batch.first, batch.boot, batch.before) == (journal.identity, 1, BOOT, "")
    assert [entry.sum for entry in batch.entries] == [journal.sum_at(seq) for seq in (1, 2, 3)]


def test_what_no_fleet_would_say_changes_nothing(bench: Bench) -> None:
    """Whoever may write to the topic; it costs no line in the log either."""
    bench.enter(1)
    wrong = [b"", b"\xff", b"[]", b"[" * 900, b'"x"', b"{}", b"{" * 2000]
    numbers = ({"seq": number} for number in (True, -1, "1", 1.0, None, 2**53 + 1, 2**63))
    for fields in (*numbers, {"ledger": 7}, {"sum": 1}):
        wrong.append(json.dumps({"ledger": "a", "seq": 1, "sum": ""} | fields).encode())
    wrong.append(json.dumps({"ledger": "a", "seq": 1, "sum": "", "more": "x" * 1024}).encode())
    for payload in wrong:
        assert read_seen(payload) is None, payload
        bench.post.hear(payload)
    assert bench.post.seen == 0
    assert read_seen(b'{"ledger":"a","seq":1,"sum":"b","fleet":"c","more":[]}') == Seen("a", 1, "b")


# Whatever happens on the way


class AnyWeather(RuleBasedStateMachine):
    """A cabinet with its real ledger, a wire that does what it likes, and a fleet by the contract."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="journal-", dir=_MEMORY))
        self.bench = Bench(self.folder)
        self.fleet = ModelFleet()
        self.to_fleet: list[bytes] = []
        self.to_cabinet: list[bytes] = []
        self.taken = 0
        self.coins = 0
        self.is_put_back = False

    def teardown(self) -> None:
        """In the end the weather is fair, and the fleet has each entry once."""
        try:
            self.clear_up()
            entries = sorted(self.fleet.book.values(), key=lambda entry: entry["number"])
            assert [entry["number"] for entry in entries] == [*range(1, self.coins + 1)]
        finally:
            self.bench.ledger.close()
            shutil.rmtree(self.folder)

    def clear_up(self) -> None:
        """Let each message come, until nothing is left to tell."""
        self.to_fleet, self.to_cabinet = [], [self.fleet.say()]
        for _ in range(400):
            self.bench.turn(after_s=30.0)
            self.bench.acknowledge()
            self.take()
            self.to_cabinet += [self.fleet.hear(payload) for payload in self.to_fleet]
            self.to_fleet = []
            for said in self.to_cabinet:
                self.bench.post.hear(said)
            self.to_cabinet = []
        assert self.bench.post.seen == self.bench.ledger.newest_entry

    def take(self) -> None:
        """What the cabinet has published is on the wire."""
        self.to_fleet += self.bench.wire.sent[self.taken :]
        self.taken = len(self.bench.wire.sent)

    @rule(count=st.integers(1, 4), text=st.sampled_from(["", "é" * 200]))
    def coins_are_counted(self, count: int, text: str) -> None:
        """Each is an entry of its own."""
        numbers = range(self.coins + 1, self.coins + count + 1)
        self.coins += count
        self.bench.enter(*numbers, text=text * 4)
        self.take()

    @rule(seconds=st.sampled_from([0.1, 11.0, 61.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        """The loop comes round."""
        self.bench.turn(after_s=seconds)
        self.take()

    @rule()
    def the_broker_answers(self) -> None:
        """It has the batch."""
        self.bench.acknowledge()

    @rule(data=st.data(), again=st.booleans())
    def a_batch_comes(self, data: st.DataObject, *, again: bool) -> None:
        """Any of those on their way, and perhaps not for the last time."""
        if self.to_fleet:
            at = data.draw(st.integers(0, len(self.to_fleet) - 1))
            payload = self.to_fleet[at] if again else self.to_fleet.pop(at)
            self.to_cabinet.append(self.fleet.hear(payload))

    @rule(data=st.data(), again=st.booleans())
    def an_answer_comes(self, data: st.DataObject, *, again: bool) -> None:
        """Any of those on their way."""
        if self.to_cabinet:
            at = data.draw(st.integers(0, len(self.to_cabinet) - 1))
            self.bench.post.hear(self.to_cabinet[at] if again else self.to_cabinet.pop(at))
            self.bench.turn()
            self.take()

    @rule()
    def all_on_its_way_is_lost(self) -> None:
        """The connection ends."""
        self.to_fleet, self.to_cabinet = [], []
        self.bench.turn(replace(CABINET, broker_up=False))
        self.bench.turn()

    @rule(heard=st.booleans())
    def the_cabinet_begins_anew(self, *, heard: bool) -> None:
        """Its process was killed; the broker may have kept the fleet's last word."""
        self.bench.ledger.close()
        self.bench.begin()
        if heard:
            self.bench.post.hear(self.fleet.say())
        self.take()

    @rule()
    def the_fleet_begins_anew(self) -> None:
        """It says what it has."""
        self.to_cabinet.append(self.fleet.say())

    @rule()
    def the_fleet_loses_its_book(self) -> None:
        """And says so; what an image has forgotten is then gone for good, which is not tried here."""
        if self.is_put_back:
            return
        self.fleet.lose_the_book()
        self.to_cabinet.append(self.fleet.say())

    @rule(more=st.integers(0, 2))
    def an_old_image_is_put_back(self, more: int) -> None:
        """The fleet keeps what the image has forgotten, and what comes now must not be taken for it."""
        image = self.folder / "image.sqlite"
        if not image.exists():
            self.bench.ledger._db.execute("VACUUM INTO ?", (str(image),))
            return
        self.clear_up()
        self.is_put_back = True
        self.bench.ledger.close()
        for file in self.folder.glob("ledger.sqlite*"):
            file.unlink()
        shutil.copy(image, self.bench.path)
        self.bench.begin()
        numbers = range(self.coins + 1, self.coins + more + 1)
        self.coins += more
        self.bench.enter(*numbers)
        self.take()

    @rule(most=st.integers(1, 9))
    def what_is_seen_is_pruned(self, most: int) -> None:
        """Only what the fleet has, which goes on from there; a fleet that lost its book lost it for good."""
        if self.is_put_back:
            return
        newest = self.bench.ledger.newest_entry
        self.clear_up()
        self.is_put_back = True
        with self.bench.ledger._commit():
            self.bench.ledger.journal.prune(newest, None, most=most)

    @invariant()
    def nothing_stands_twice_in_the_book(self) -> None:
        """An entry is known again, under whatever ledger's name it comes."""
        numbers = [entry["number"] for entry in self.fleet.book.values()]
        assert len(numbers) == len(set(numbers))


TestAnyWeather = AnyWeather.TestCase
TestAnyWeather.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
