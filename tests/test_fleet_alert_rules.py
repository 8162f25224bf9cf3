"""What flips: each state told once when it begins and once when it ends, and one cause as one message."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.rules.alert_flips import Begin, End, Flip, Held, Join, Leave, Open, flips, hold
from fleet.rules.alert_rules import RULES, findings
from fleet.rules.alert_state import BROKER, FLEET, Broker, Fault, Finding, Key, Machine, Place, World
from fleet.rules.opening import Opening, parse_opening
from fleet.rules.silence import Habit

pytestmark = pytest.mark.fleet
NOW = datetime(2026, 11, 28, 16, tzinfo=UTC).timestamp()
EVERY_S = 15.0
ALWAYS = Place(1, "Hall", Opening(UTC))
DAYTIME = Place(1, "Hall", parse_opening('{"sat": [["10:00", "22:00"]], "sun": [["10:00", "22:00"]]}', UTC))


def machine(number: int = 1, place: Place = ALWAYS, **changed: object) -> Machine:
    well = Machine(
        f"m{number}", f"Machine {number}", place, is_online=True, state="attract", since_at=NOW - 9e5
    )
    return replace(well, **changed)  # type: ignore[arg-type]


@dataclass
class Alerts:
    """A book of alerts in memory, which tells what it was told to write."""

    open: dict[int, Open] = field(default_factory=dict)
    held: dict[Key, Held] = field(default_factory=dict)
    told: list[tuple[float, str, str, str]] = field(default_factory=list)
    written: int = 0

    def round(self, world: World, now: float) -> list[Flip]:
        return self.judge(findings(world, now), now)

    def judge(self, found: dict[Key, Finding], now: float) -> list[Flip]:
        self.held = hold(self.held, found, now)
        flipped = flips(self.held, found, list(self.open.values()), now)
        for flip in flipped:
            self._write(flip, now)
        return flipped

    def _write(self, flip: Flip, now: float) -> None:
        match flip:
            case Begin(subject, kind, _, covers):
                assert (subject, kind) not in {(each.subject, each.kind) for each in self.open.values()}
                self.written += 1
                names = tuple(name for name, _ in covers)
                self.open[self.written] = Open(self.written, subject, kind, now, names)
                self.told.append((now, "begins", subject, kind))
            case End(number):
                gone = self.open.pop(number)
                self.told.append((now, "ends", gone.subject, gone.kind))
            case Join(number, joined):
                old = self.open[number]
                self.open[number] = replace(old, covers=(*old.covers, *(name for name, _ in joined)))
            case Leave(number, left):
                old = self.open[number]
                covers = tuple(each for each in old.covers if each not in left)
                self.open[number] = replace(old, covers=covers, left_at=(*old.left_at, *(now for _ in left)))

    def about(self) -> list[tuple[str, str]]:
        return [(phase, subject) for _, phase, subject, _ in self.told]


def play(worlds: list[tuple[float, World]], until_s: float) -> Alerts:
    """Each world from its second on, looked at every 15 s."""
    alerts, now_s = Alerts(), 0.0
    while now_s <= until_s:
        alerts.round([world for begins_s, world in worlds if begins_s <= now_s][-1], NOW + now_s)
        now_s += EVERY_S
    return alerts


def gone(well: Machine, at_s: float) -> Machine:
    return replace(well, is_online=False, state="offline", since_at=NOW + at_s)


def test_a_machine_that_goes_offline_is_told_within_a_minute_and_once() -> None:
    """It begins once when it lasts, and ends once when it lasts."""
    well, back = machine(), machine(since_at=NOW + 300)
    alerts = play([(0, World((well,))), (60, World((gone(well, 60),))), (300, World((back,)))], 900)
    assert alerts.told == [(NOW + 90, "begins", "m1", "offline"), (NOW + 315, "ends", "m1", "offline")]


def test_a_blink_is_not_told() -> None:
    """A cabinet that reconnects within seconds was never offline for anybody."""
    well, back = machine(), machine(since_at=NOW + 75)
    assert play([(0, World((well,))), (60, World((gone(well, 60),))), (75, World((back,)))], 600).told == []


def test_closing_time_neither_begins_nor_ends_offline() -> None:
    """Switched off at night: nothing. Gone by day, off at night, still gone next morning: one message."""
    closing_s = 6 * 3600.0
    by_day = machine(1, DAYTIME)
    at_night = machine(2, DAYTIME)
    worlds = [
        (0, World((by_day, at_night))),
        (3600, World((gone(by_day, 3600), at_night))),
        (closing_s - 300, World((gone(by_day, 3600), gone(at_night, closing_s - 300)))),
        (closing_s + 12.1 * 3600, World((gone(by_day, 3600), machine(2, DAYTIME)))),
    ]
    assert play(worlds, closing_s + 15 * 3600).told == [(NOW + 3630, "begins", "m1", "offline")]


@pytest.mark.parametrize(
    ("changed", "kind", "text"),
    [
        ({"is_online": False, "state": "offline"}, "offline", "not connected to the broker"),
        ({"state": "not_ready"}, "not_ready", "the board says that it is not ready"),
        ({"state": "out_of_order"}, "out_of_order", "out of order"),
        ({"state": "setup"}, "out_of_order", "has no configuration that can be used"),
        ({"faults": (Fault("coin_line", "coin line: dead"),)}, "out_of_order", "coin line: dead"),
        ({"faults": (Fault("token", "token: refused"),)}, "token_refused", "token: refused"),
        ({"faults": (Fault("receipts", "receipts: 3 wait"),)}, "not_settled", "receipts: 3 wait"),
        ({"faults": (Fault("twin", "twin: another"),)}, "twin", "twin: another"),
        ({"faults": (Fault("conflict", "2 receipts"),)}, "conflict", "2 receipts"),
        ({"conflicts": 2}, "conflict", "2 receipts in conflict with Stripe within a day"),
        ({"faults": (Fault("", "of an old cabinet"),)}, "fault", "of an old cabinet"),
        ({"money_short": "1 payment differs"}, "money_short", "1 payment differs"),
        ({"troubles": {"flood": "too much"}}, "flood", "too much"),
        ({"troubles": {"ledger_twins": "two at once"}}, "ledger_twins", "two at once"),
        (
            {"silent_s": 6 * 3600.0, "habit": Habit(NOW - 90 * 86400, 1000, 3600)},
            "silent",
            "no sale and no coin in 6.0 open hours; it never was so long",
        ),
    ],
)
def test_each_trouble_of_a_machine_is_one_kind_of_alert(
    changed: dict[str, object], kind: str, text: str
) -> None:
    """What is wrong with a machine is found under its name, and under no other."""
    found = findings(World((machine(**changed),)), NOW)  # type: ignore[arg-type]
    assert {key[1]: each.text for key, each in found.items() if each.text} == {kind: text}


@pytest.mark.parametrize(
    ("world", "key", "text"),
    [
        (World((), Broker(False, NOW, "refused")), (BROKER, "broker_away"), "refused"),
        (
            World((), Broker(False, NOW)),
            (BROKER, "not_listening"),
            "no ingester has said anything for a minute",
        ),
        (
            World((), None, (("stripe_unreadable", ":stripe", "401"),)),
            (":stripe", "stripe_unreadable"),
            "401",
        ),
        (World((), None, (("database", ":fleet", "full"),)), (FLEET, "database"), "full"),
    ],
)
def test_each_trouble_of_the_fleet_is_one_kind_of_alert(world: World, key: Key, text: str) -> None:
    """The fleet watches its own inputs as well."""
    assert {each: found.text for each, found in findings(world, NOW).items() if found.text} == {key: text}


def test_a_machine_that_nobody_can_hear_is_neither_ill_nor_well() -> None:
    """While a machine is away, what it said last of itself neither begins nor ends."""
    away = machine(is_online=False, state="offline", faults=(Fault("token", "old"),))
    found = findings(World((away,)), NOW)
    unknown = {kind for (_, kind), each in found.items() if each.text is None} - {"money_short"}
    said = {
        "out_of_order",
        "not_ready",
        "token_refused",
        "not_settled",
        "twin",
        "conflict",
        "fault",
        "silent",
    }
    assert unknown == said | {"broker_away", "not_listening"}


def fleet(count: int, places: int) -> tuple[Machine, ...]:
    return tuple(
        machine(number, Place(number % places, f"Hall {number % places}", Opening(UTC)))
        for number in range(count)
    )


def test_a_broker_that_dies_is_one_message_for_five_hundred_machines() -> None:
    """Whether or not wills were heard before it died, and though machines come back one after another."""
    well = fleet(500, 40)
    dead = tuple(gone(each, 60) for each in well)
    back = tuple(replace(each, since_at=NOW + 340) for each in well)
    worlds = [
        (0, World(well, Broker(True, NOW - 1e4))),
        (60, World(dead, Broker(True, NOW - 1e4))),
        (75, World(dead, Broker(False, NOW + 70, "refused"))),
        (300, World(dead, Broker(True, NOW + 300))),
        (345, World(back, Broker(True, NOW + 300))),
    ]
    assert play(worlds, 600).told == [
        (NOW + 90, "begins", BROKER, "broker_away"),
        (NOW + 315, "ends", BROKER, "broker_away"),
    ]


def test_the_network_of_all_is_one_message_though_wills_come_one_after_another() -> None:
    """The fleet hears the broker and 500 machines do not: one message, and one when they are back."""
    well = fleet(500, 40)
    worlds = [(0.0, World(well))]
    for second in range(1, 26):
        so_far = tuple(gone(each, 60 + n % 25) if n % 25 < second else each for n, each in enumerate(well))
        worlds.append((60.0 + second, World(so_far)))
    worlds.append((400, World(tuple(replace(each, since_at=NOW + 400) for each in well))))
    alerts = play(worlds, 500)
    assert alerts.about() == [("begins", FLEET), ("ends", FLEET)]
    assert alerts.told[0][0] <= NOW + 60 + 60


def test_a_place_that_goes_dark_is_one_message() -> None:
    """One location offline at once is the location's; the others are not mentioned."""
    well = fleet(12, 3)
    dark = tuple(gone(each, 60) if each.place.number == 2 else each for each in well)
    back = tuple(replace(each, since_at=NOW + 600) for each in well)
    alerts = play([(0, World(well)), (60, World(dark)), (600, World(back))], 1200)
    assert alerts.about() == [("begins", ":location:2"), ("ends", ":location:2")]


def test_one_that_follows_its_group_is_no_message_of_its_own() -> None:
    """Two minutes after its neighbours a machine goes for the reason for which they went."""
    well = fleet(4, 1)
    three = (*(gone(each, 60) for each in well[:3]), well[3])
    four = (*three[:3], gone(well[3], 180))
    alerts = play([(0, World(well)), (60, World(three)), (180, World(four))], 600)
    assert alerts.about() == [("begins", ":location:0")]
    assert set(alerts.open[1].covers) == {"m0", "m1", "m2", "m3"}


def test_what_stays_dark_of_a_group_is_told_by_itself() -> None:
    """Three of four are back for five minutes: the place is over, and the fourth machine is named."""
    well = fleet(4, 1)
    dark = tuple(gone(each, 60) for each in well)
    one = (dark[0], *(replace(each, since_at=NOW + 300) for each in well[1:]))
    alerts = play([(0, World(well)), (60, World(dark)), (300, World(one))], 1200)
    assert alerts.about() == [("begins", ":location:0"), ("ends", ":location:0"), ("begins", "m0")]


def test_one_that_came_back_and_goes_again_is_told_though_its_group_lasts() -> None:
    """A machine that left a group is news when it goes again later."""
    well = fleet(5, 1)
    dark = tuple(gone(each, 60) for each in well)
    first = (replace(well[0], since_at=NOW + 200), *dark[1:])
    again = (gone(well[0], 900), *dark[1:])
    alerts = play([(0, World(well)), (60, World(dark)), (200, World(first)), (900, World(again))], 1200)
    assert alerts.about() == [("begins", ":location:0"), ("begins", "m0")]


def test_machines_of_nowhere_are_not_one_place() -> None:
    """Of machines whose place nobody typed, two that go are two messages."""
    nowhere = Place(None, "", Opening(UTC))
    well = tuple(machine(number, nowhere) for number in range(9))
    dark = tuple(gone(each, 60) if n < 2 else each for n, each in enumerate(well))
    assert play([(0, World(well)), (60, World(dark))], 300).about() == [("begins", "m0"), ("begins", "m1")]


def test_a_retired_machine_ends_its_alerts() -> None:
    """Nobody is left with an alert about a machine that is not watched any more."""
    dark = gone(machine(), 0)
    alerts = play([(0, World((dark, machine(2)))), (300, World((machine(2),)))], 600)
    assert alerts.about() == [("begins", "m1"), ("ends", "m1")]


def test_a_worker_that_starts_anew_tells_nothing_again_and_forgets_nothing() -> None:
    """What is held is memory; what is open is in the book."""
    dark = World((gone(machine(), 0),))
    alerts = play([(0, dark)], 120)
    alerts.held = {}
    alerts.round(dark, NOW + 135)
    alerts.held = {}
    back = World((machine(since_at=NOW + 140),))
    alerts.round(back, NOW + 160)
    assert alerts.about() == [("begins", "m1"), ("ends", "m1")]


KINDS = ["offline", "not_ready", "silent"]
SUBJECTS = [f"m{number}" for number in range(6)]
SAYS = st.sampled_from(["it is so", "it is so", "", "", None])
HISTORY = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.dictionaries(st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(KINDS)), SAYS),
    ),
    max_size=14,
)


def found_of(says: dict[Key, str | None]) -> dict[Key, Finding]:
    return {
        (subject, kind): Finding(says.get((subject, kind), ""), None, int(subject[1:]) // 2)
        for subject in SUBJECTS
        for kind in KINDS
    }


@settings(max_examples=60, deadline=None)
@given(HISTORY)
def test_any_history_is_told_in_turns_and_nothing_that_lasts_is_missed(
    history: list[tuple[int, dict[Key, str | None]]],
) -> None:
    """Begins and ends alternate for each subject; what is so for a minute and a half is in an open alert."""
    alerts, now, so_since = Alerts(), NOW, dict[Key, float]()
    says: dict[Key, str | None] = {}
    for rounds, changed in [*history, (60, {(s, k): "" for s in SUBJECTS for k in KINDS})]:
        says |= changed
        for _ in range(rounds):
            alerts.judge(found_of(says), now)
            so_since = {key: so_since.get(key, now) for key, said in says.items() if said}
            covered = {(each, alert.kind) for alert in alerts.open.values() for each in alert.members}
            assert {key for key, since in so_since.items() if now - since >= 90} <= covered
            now += EVERY_S
    assert alerts.open == {}
    for key in {(subject, kind) for _, _, subject, kind in alerts.told}:
        phases = [phase for _, phase, *about in alerts.told if tuple(about) == key]
        assert phases == ["begins", "ends"] * (len(phases) // 2)


def test_every_rule_has_its_words() -> None:
    """A kind fits its column, and has a title and a remedy."""
    assert len({rule.kind for rule in RULES}) == len(RULES)
    assert all(len(rule.kind) <= 24 and rule.title and rule.remedy.endswith((".", "?")) for rule in RULES)
    assert all(rule.begins_after_s + 2 * EVERY_S <= 90 for rule in RULES)
