"""GET /status: what is known already of the broker and of tidy, however often and whoever asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORDS, wait_until
from hypothesis import given
from hypothesis import strategies as st
from relay_parts import RelayUnderTest, environment, relay_under_test

from cloud_relay import __version__
from cloud_relay.app import app_for
from cloud_relay.errors import BrokerUnavailable, PublishRefused, StripeUnavailable
from cloud_relay.memory.tidy_times import TidyTimes
from cloud_relay.relay import relay_from
from cloud_relay.rules.messages import iso_utc, read_tidied_note, tidied_note, tidied_topic
from cloud_relay.rules.tidy_schedule import TidySchedule
from cloud_relay.settings import read_settings
from cloud_relay.settling.tidy import tidy_recent
from cloud_relay.settling.tidy_thread import TidyThreads
from cloud_relay.watching.broker_watch import LOOK_EVERY_S, STALE_AFTER_S, BrokerWatch
from simulator.chain.broker import Broker

NOW_S = 1_800_000_000.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("status"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay that has done nothing yet, with a topic of its own for when it tidied."""
    secret = f"relay-secret-of-at-least-32-chars-{time.monotonic_ns()}"
    with relay_under_test(broker, RELAY_SECRET=secret) as running:
        yield running


def status_of(relay: RelayUnderTest) -> dict[str, Any]:
    """What it says now, its own version aside."""
    answer = relay.client.get("/status")
    said: dict[str, Any] = answer.json
    assert answer.status_code == 200
    assert (said.pop("status"), said.pop("message"), said.pop("version")) == (
        "up",
        "API is running",
        __version__,
    )
    return said


def test_a_relay_that_has_just_begun_knows_nothing_and_then_the_broker(relay: RelayUnderTest) -> None:
    """The first who asks has others know."""
    assert status_of(relay) == {"broker": "unknown", "tidyLastRan": None}
    wait_until(lambda: status_of(relay)["broker"] == "up", "the look at the broker")
    assert status_of(relay) == {"broker": "up", "tidyLastRan": None}


def test_a_process_that_tidied_tells_all_others_of_its_relay(relay: RelayUnderTest, broker: Broker) -> None:
    """On Lambda the one that is asked is hardly ever the one that tidied; another relay's is none of ours."""
    tidy_recent(relay.relay)
    told = status_of(relay)
    assert told["broker"] == "up"
    assert abs(relay.clock() - when(told["tidyLastRan"])) < 60
    other = relay_from(relay.settings, clock=relay.clock)
    try:
        other.watch.look()
        assert app_for(other).test_client().get("/status").json["tidyLastRan"] == told["tidyLastRan"]
    finally:
        other.publisher.close()
    with relay_under_test(broker) as stranger:
        stranger.relay.watch.look()
        assert status_of(stranger) == {"broker": "up", "tidyLastRan": None}


def when(text: str) -> float:
    """The Unix seconds of a time in an answer."""
    (seconds,) = [read_tidied_note(f'{{"timestamp": "{text}"}}'.encode())]
    assert seconds is not None
    return seconds


def test_a_broker_that_is_away_is_said_within_its_next_look(tmp_path: Path) -> None:
    """And that it is there again."""
    with Broker(tmp_path, PASSWORDS) as broker, relay_under_test(broker) as relay:
        relay.relay.watch.look()
        broker.stop()
        relay.relay.watch.look()
        assert status_of(relay)["broker"] == "away"
        broker.start()
        relay.relay.watch.look()
        assert status_of(relay)["broker"] == "up"


def test_a_flood_waits_for_no_broker_and_costs_it_one_look() -> None:
    """A broker that does not answer holds nobody: whoever asks has what is known."""
    answered, answers = threading.Event(), BrokerUnavailable("no CONNACK")
    silent = Scripted(answers, took=lambda: answered.wait(60))
    settings = read_settings(environment(TIDY_EVERY_S="0"))
    client = app_for(relay_from(settings, publisher=silent)).test_client()  # type: ignore[arg-type]
    try:
        said = {client.get("/status").json["broker"] for _ in range(500)}
        assert (said, silent.asked) == ({"unknown"}, 1)
    finally:
        answered.set()
    wait_until(lambda: client.get("/status").json["broker"] == "away", "the end of the look")


def test_tidy_has_not_run_while_its_list_cannot_be_read(relay: RelayUnderTest) -> None:
    """However often a thread looks whether it is due; once Stripe answers it has run again."""
    relay.stripe.fail_next(100, status=500)
    with pytest.raises(StripeUnavailable):
        tidy_recent(relay.relay)
    tidy_recent(relay.relay)
    assert status_of(relay)["tidyLastRan"] is None
    relay.stripe.faults.forget()
    relay.clock.ahead_s = 700
    tidy_recent(relay.relay)
    assert status_of(relay)["tidyLastRan"] is not None


@pytest.mark.parametrize(
    ("quiet_s", "again_after_s"), [(0, 15), (600, 60), (7200, 60)], ids=["busy", "quiet", "at rest"]
)
def test_a_list_that_failed_is_read_again_within_a_minute(quiet_s: float, again_after_s: float) -> None:
    """At rest too: else one hiccup of Stripe's would be ten minutes without tidy, and an alarm at night."""
    schedule = TidySchedule(180, 60, active_s=NOW_S - quiet_s).recent_read(NOW_S).recent_failed(NOW_S + 1)
    due = [after_s for after_s in range(1, 700) if schedule.is_recent_due(NOW_S + after_s)]
    assert due[0] in (again_after_s, again_after_s + 1)


def test_tidy_runs_again_a_minute_after_stripe_answers(relay: RelayUnderTest) -> None:
    """Nobody has paid for hours."""
    relay.clock.ahead_s = 3 * 3600
    tidy_recent(relay.relay)
    relay.clock.ahead_s += 700
    relay.stripe.fail_next(100, status=500)
    with pytest.raises(StripeUnavailable):
        tidy_recent(relay.relay)
    relay.stripe.faults.forget()
    relay.clock.ahead_s += 62
    tidy_recent(relay.relay)
    assert abs(when(status_of(relay)["tidyLastRan"]) - relay.clock()) < 30


def test_a_plain_server_knows_soon_after_its_start(relay: RelayUnderTest) -> None:
    """Its thread tidies at once."""
    threads = TidyThreads(relay.relay, 0.05)
    threads.start()
    try:
        wait_until(lambda: status_of(relay)["tidyLastRan"] is not None, "the first run")
    finally:
        threads.stop()
    assert status_of(relay)["broker"] == "up"


class Scripted:
    """A broker whose answers are given beforehand; it counts what was asked."""

    def __init__(self, *answers: bytes | Exception | None, took: Callable[[], object] | None = None) -> None:
        self._answers = list(answers)
        self._took = took
        self.kept_now: list[bytes] = []
        self.asked = 0

    def kept(self, topic: str) -> bytes | None:
        """The next answer."""
        self.asked += 1
        if self._took is not None:
            self._took()
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def keep(self, topic: str, payload: bytes, *, expiry_s: int) -> None:
        """Keep it, if the next answer is no error."""
        self.kept(topic)
        self.kept_now.append(payload)


class Steady:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def pass_on(self, by_s: float) -> None:
        self.now_s += by_s


def watch(broker: Scripted, steady: Steady) -> BrokerWatch:
    """A watch of a scripted broker."""
    return BrokerWatch(broker, tidied_topic("tag"), lambda: NOW_S, steady)  # type: ignore[arg-type]


def test_what_was_seen_long_ago_is_not_said_of_now() -> None:
    """When tidy ran stays true."""
    steady, broker = Steady(), Scripted(tidied_note(NOW_S), None)
    watching = watch(broker, steady)
    watching.look()
    steady.pass_on(LOOK_EVERY_S - 1)
    assert (watching.seen().broker, broker.asked) == ("up", 1)
    steady.pass_on(STALE_AFTER_S)
    seen = watching.seen()
    assert (seen.broker, seen.tidied_s) == ("unknown", NOW_S)
    wait_until(lambda: broker.asked == 2, "a look in a thread")
    wait_until(lambda: watching.seen().broker == "up", "its answer")
    assert watching.seen().tidied_s == NOW_S  # a broker that is slow with it took nothing back


def test_a_process_that_was_frozen_in_its_look_does_not_blame_the_broker() -> None:
    """AWS freezes a function once it has answered; minutes later every time-out has passed."""
    steady = Steady()
    watching = watch(Scripted(BrokerUnavailable("no CONNACK"), took=lambda: steady.pass_on(300)), steady)
    watching.look()
    assert watching.seen().broker == "unknown"


def test_a_broker_with_older_rules_is_there_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """Only what this process has tidied is known then, and the log says once what to do."""
    steady, refused = Steady(), PublishRefused("the broker refused a message to arcade/relay/tag/tidied")
    watching = watch(Scripted(refused, refused, refused), steady)
    watching.tidied()
    watching.tidied()
    watching.look()
    assert (watching.seen().broker, watching.seen().tidied_s) == ("up", None)
    assert [record.getMessage() for record in caplog.records] == [
        f"Only this process knows when it tidied: {refused}. Give the broker its new rules"
    ]


def test_a_note_is_told_once_a_minute_and_whenever_something_was_done() -> None:
    """A thread looks each five seconds, and a line for each would fill the log."""
    times = TidyTimes()
    seconds = (0, 5, 45, 55, 60, 60, 61)
    idle = (True, True, True, True, True, False, True)
    told = [
        times.ran(NOW_S + at_s, was_due=False, is_idle=is_idle)
        for at_s, is_idle in zip(seconds, idle, strict=True)
    ]
    assert told == [True, False, False, True, False, True, False]
    assert times.ran_s == NOW_S + 61


def test_a_time_from_the_future_is_nobodys_last_run(relay: RelayUnderTest) -> None:
    """A process whose clock was wrong left it: for days it would hide that nothing tidies."""
    tag = relay.settings.stripe.ownership.tag
    BrokerWatch(relay.relay.publisher, tidied_topic(tag), lambda: relay.clock() + 3600).tidied()
    relay.relay.watch.look()
    assert status_of(relay) == {"broker": "up", "tidyLastRan": None}


@given(
    st.one_of(
        st.binary(max_size=60), st.builds(lambda text: b'{"timestamp":"%b"}' % text, st.binary(max_size=30))
    )
)
def test_any_note_is_a_time_or_none(payload: bytes) -> None:
    """Whoever has the relay's login may have left it."""
    found = read_tidied_note(payload)
    assert found is None or tidied_note(found) == b'{"timestamp":"%b"}' % iso_utc(found).encode()


def test_a_note_is_read_as_it_was_written() -> None:
    """To the second."""
    assert tidied_note(NOW_S) == b'{"timestamp":"2027-01-15T08:00:00Z"}'
    assert read_tidied_note(tidied_note(NOW_S)) == NOW_S
