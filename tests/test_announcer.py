"""What the relay's door is told: each status at once, and again before the broker forgets it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest
from cabinets import NOW_S, open_bench
from test_config import NEEDED, load

from controller.announcements.announcer import Announcer
from controller.model.cabinet import Cabinet
from controller.model.events import BrokerLost

HEARTBEAT_S = 1.0


@dataclass
class Published:
    """A retained status, when it was sent and until when the broker keeps it."""

    at_s: float
    until_s: float
    accepting: bool


@dataclass
class Link:
    """A broker's link that notes what it is given, and a clock in the tester's hand."""

    machine_id: str = "galaga-01"
    now_s: float = NOW_S
    published: list[Published] = field(default_factory=list)

    def clock(self) -> float:
        return self.now_s

    def publish(self, topic: str, payload: bytes, *, retain: bool, expiry_s: int) -> None:
        assert (topic, retain) == (f"arcade/machine/{self.machine_id}/status", True)
        accepting = b'"accepting":true' in payload
        self.published.append(Published(self.now_s, self.now_s + expiry_s, accepting))


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def announcer(tmp_path: Path, link: Link) -> Announcer:
    text = f"{NEEDED}screen_feed: {tmp_path / 'screen.json'}\n"
    return Announcer(load(tmp_path, text), "boot-a", link.clock)


def beat(announcer: Announcer, link: Link, cabinet: Cabinet, times: int, each_s: float = HEARTBEAT_S) -> None:
    """Let the loop come round so often."""
    for _ in range(times):
        announcer.announce(cabinet, link)  # type: ignore[arg-type]
        link.now_s += each_s


def test_a_status_is_renewed_in_time_even_if_one_renewal_is_lost(announcer: Announcer, link: Link) -> None:
    """A door that finds none sends players away from a cabinet that is well."""
    beat(announcer, link, open_bench().cabinet, 600)

    two_on = zip(link.published, link.published[2:], strict=False)
    assert all(later.at_s < status.until_s for status, later in two_on)
    assert link.now_s < link.published[-1].until_s
    # At once, and then at its own moment of each of ten minutes.
    assert len(link.published) == 1 + 10


def test_a_change_is_told_at_once_and_once(announcer: Announcer, link: Link) -> None:
    """Nobody pays for a game that cannot start."""
    ready = open_bench()
    closed = open_bench(board_boot_s=NOW_S + 1000)
    for bench in (ready, closed, ready):
        beat(announcer, link, bench.cabinet, 3)

    told = [(status.at_s - NOW_S, status.accepting) for status in link.published]
    assert told == [(0, True), (3, False), (6, True)]


def test_nothing_is_said_while_the_broker_is_away_and_all_of_it_once_it_is_back(
    announcer: Announcer, link: Link
) -> None:
    """The broker may have given out our last will meanwhile."""
    bench = open_bench()
    beat(announcer, link, bench.cabinet, 3)
    away = open_bench()
    away.handle(BrokerLost("no route"))
    beat(announcer, link, away.cabinet, 3)
    beat(announcer, link, bench.cabinet, 3)

    assert [status.at_s - NOW_S for status in link.published] == [0, 6]


def said_by(machines: int, tmp_path: Path, *lives: Cabinet) -> list[list[Published]]:
    """What so many cabinets say that all begin each of these lives, of 100 s, in the same moment."""
    configured = load(tmp_path, f"{NEEDED}screen_feed: {tmp_path / 'screen.json'}\n")
    said = []
    for number in range(machines):
        link = Link(f"m-{number}")
        announcer = Announcer(replace(configured, machine_id=link.machine_id), "boot-a", link.clock)
        for cabinet in lives:
            beat(announcer, link, cabinet, 20, each_s=5.0)
        said.append(link.published)
    return said


def test_cabinets_that_come_back_together_renew_their_status_one_after_the_other(tmp_path: Path) -> None:
    """A broker may drop more than a thousand retained messages a second; also when all changed at once."""
    ready, closed = open_bench(), open_bench(board_boot_s=NOW_S + 1000)
    said = said_by(60, tmp_path, ready.cabinet, closed.cabinet)
    together = Counter(status.at_s - NOW_S for each in said for status in each)
    assert (together.pop(0), together.pop(100)) == (60, 60)
    assert max(together.values()) <= 12  # five in the mean
    gaps = [later.at_s - status.at_s for each in said for status, later in pairwise(each)]
    assert max(gaps) <= 60 + 5
