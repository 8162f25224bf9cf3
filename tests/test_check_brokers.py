"""`check` tells the truth about brokers that are not Mosquitto, or are set up wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from check_parts import a_config
from conftest import PASSWORDS
from fake_broker import NO_RETAINED, NOT_AUTHORIZED, RETAIN_UNAVAILABLE, Answers, FakeBroker
from fake_broker import fake_broker as running
from test_check_broker import ALLOWED, HOW, MACHINE, NOT_TRIED, RULES, config_for, found

from controller.config.keys import BrokerConfig, Config
from controller.pages.findings import Finding, ok, wrong
from simulator.chain.broker import Broker
from simulator.chain.mosquitto_conf import ONE_ID_A_LOGIN

EMQX = Answers({MACHINE: PASSWORDS[MACHINE]})
WELL = [*ALLOWED, ok("may not publish coinpulse"), ok("may not subscribe to another machine's coinpulse")]
WRONG_PASSWORD = wrong(
    "it does not let galaga-01 in: Bad user name or password",
    "Write the password of the broker's user galaga-01 into broker.password.",
)
UNKNOWN_NAME = wrong(
    "it does not let galaga-01 in: Not authorized: it does not know this name, or not with this password",
    "See that the broker has a user galaga-01, and write its password into broker.password.",
)
AUTHENTICATION = (
    "Switch the broker's authentication on (Mosquitto: allow_anonymous false and a password_file; EMQX: "
    "Access Control, Authentication): as it is, anybody can be this cabinet."
)
MADE_UP_NAME, NO_NAME = "a made-up name", "no name at all"
MADE_UP_PASSWORD = "a made-up password of galaga-01"
NO_RETAINED_MESSAGES = wrong(
    "it keeps no retained messages",
    "Switch them on (Mosquitto: retain_available true; EMQX: mqtt.retain_available): without them no door "
    "ever sees a machine's status, and nothing is sold.",
)


def let_in(*whom: str) -> Finding:
    """Strangers that got in."""
    return wrong(f"it lets in whoever comes with {', or '.join(whom)}", AUTHENTICATION)


def no_will(why: str) -> Finding:
    """A broker that takes no last will."""
    remedy = "Have the broker take a retained last will: without it nobody learns that a cabinet is gone."
    return wrong(f"it does not let in who leaves a last will: {why}", remedy)


@contextmanager
def cabinet_at(tmp_path: Path, answers: Answers) -> Iterator[tuple[FakeBroker, Config]]:
    """galaga-01's configuration at a broker that answers so."""
    with running(tmp_path, answers) as broker:
        mqtt = BrokerConfig("localhost", broker.port, PASSWORDS[MACHINE], broker.ca_file)
        yield broker, a_config(tmp_path, broker=mqtt)


@pytest.mark.parametrize(
    ("answers", "findings"),
    [
        (EMQX, WELL),
        (Answers({MACHINE: "another"}), [WRONG_PASSWORD]),
        (Answers({}), [UNKNOWN_NAME]),
        (Answers({MACHINE: "another"}, wrong_password=NOT_AUTHORIZED), [UNKNOWN_NAME]),
        (Answers(None), [let_in(MADE_UP_NAME, MADE_UP_PASSWORD), *WELL[1:]]),
        (Answers(None, nameless=True), [let_in(MADE_UP_NAME, NO_NAME, MADE_UP_PASSWORD), *WELL[1:]]),
        (Answers(EMQX.passwords, nameless=True), [let_in(NO_NAME), *WELL[1:]]),
        (Answers(EMQX.passwords, wrong_password=0), [let_in(MADE_UP_PASSWORD), *WELL[1:]]),
        (Answers(EMQX.passwords, unknown_name=0), [let_in(MADE_UP_NAME, NO_NAME), *WELL[1:]]),
        (Answers(EMQX.passwords, hangs_up="at once"), WELL),
        (Answers(EMQX.passwords, hangs_up="after"), WELL),
        (Answers(EMQX.passwords, tells=RETAIN_UNAVAILABLE), [WELL[0], NO_RETAINED_MESSAGES, *WELL[1:]]),
        (Answers(EMQX.passwords, to_a_will=NO_RETAINED), [WELL[0], NO_RETAINED_MESSAGES, *WELL[1:]]),
        (
            Answers(EMQX.passwords, to_a_will=NOT_AUTHORIZED),
            [WELL[0], no_will("Not authorized"), *WELL[1:]],
        ),
    ],
    ids=[
        "EMQX",
        "EMQX, wrong password",
        "EMQX, unknown name",
        "wrong password, told as Mosquitto does",
        "authentication off, but a name is wanted",
        "authentication off",
        "who has no name may come",
        "names without passwords",
        "unknown names are let in",
        "hangs up in place of an answer",
        "hangs up after its answer",
        "says that it keeps no retained messages",
        "takes no retained will",
        "takes no will",
    ],
)
def test_each_kind_of_broker_is_told_for_what_it_is(
    tmp_path: Path, answers: Answers, findings: list[Finding]
) -> None:
    """What is wrong is a cross, and the rest is looked at all the same."""
    with cabinet_at(tmp_path, answers) as (_, config):
        assert found(config)[2:] == findings


@pytest.mark.parametrize("hangs_up", ["never", "at once", "after"])
def test_what_a_cabinet_needs_and_may_not_do_is_told_however_it_is_forbidden(
    tmp_path: Path, hangs_up: str
) -> None:
    """A hang-up is a no to one thing, and says nothing of the next."""
    own = f"arcade/machine/{MACHINE}/"
    forbidden = frozenset({f"{own}coinpulse", f"{own}status"})
    with cabinet_at(tmp_path, Answers(EMQX.passwords, hangs_up=hangs_up, forbidden=forbidden)) as (_, config):
        assert found(config)[2:] == [
            WELL[0],
            wrong("may not subscribe to galaga-01/coinpulse", f"{RULES}, which allow it."),
            ok(f"may publish galaga-01/gameover{HOW}"),
            wrong("may not publish galaga-01/status", f"{RULES}, which allow it."),
            *WELL[4:],
        ]


def test_a_connection_that_ends_by_chance_is_no_refusal(tmp_path: Path) -> None:
    """A broker is restarted, say: what ended is tried once more."""
    forgotten = frozenset({f"arcade/machine/{MACHINE}/status"})
    with cabinet_at(tmp_path, Answers(EMQX.passwords, forgotten=forgotten)) as (_, config):
        assert found(config)[2:] == WELL


def test_what_was_forbidden_is_the_last_that_a_connection_tries(tmp_path: Path) -> None:
    """Or a hang-up that comes a moment after the answer would be taken for the answer to what is next."""
    with cabinet_at(tmp_path, EMQX) as (broker, config):
        found(config)
        forbidden = [f"arcade/machine/{other}/coinpulse" for other in ("+", f"not-{MACHINE}")]
        tried = [asked for asked in broker.asked if asked]
    assert [sum(topic in forbidden for topic in asked[:-1]) for asked in tried] == [0] * len(tried)


@pytest.mark.parametrize(
    ("answers", "crosses"),
    [(EMQX, []), (Answers(None), [let_in(MADE_UP_NAME)])],
    ids=["authentication on", "authentication off"],
)
def test_beside_the_running_controller_nobody_comes_under_its_name(
    tmp_path: Path, answers: Answers, crosses: list[Finding]
) -> None:
    """At some brokers that would end its connection; that strangers get in is seen all the same."""
    with cabinet_at(tmp_path, answers) as (broker, config):
        findings = found(config, daemon_connected=True, alone=False)
        assert findings[2:] == [NOT_TRIED[0], *crosses, NOT_TRIED[1]]
        assert MACHINE not in broker.names


def test_a_controller_that_is_kept_out_is_told_of_its_wrong_password(tmp_path: Path) -> None:
    """It runs, and nothing of it can be thrown out."""
    with cabinet_at(tmp_path, Answers({MACHINE: "another"})) as (_, config):
        assert found(config, daemon_connected=False, alone=True)[2:] == [WRONG_PASSWORD]


class Mosquitto(Broker):
    """The real one, with some lines of its settings changed."""

    changed: tuple[str, str] = ("", "")

    def _write_files(self) -> None:
        super()._write_files()
        settings = self.folder / "mosquitto.conf"
        text = settings.read_text()
        assert self.changed[0] in text
        settings.write_text(text.replace(*self.changed))


class KeepsNothing(Mosquitto):
    changed = ("max_packet_size", "retain_available false\nmax_packet_size")


class LetsEverybodyIn(Mosquitto):
    changed = ("allow_anonymous false\n", "allow_anonymous true\n")


def test_a_real_mosquitto_without_retained_messages_is_told(tmp_path: Path) -> None:
    """It refuses the cabinet because of its last will, and a login without one it would take."""
    with KeepsNothing(tmp_path / "broker", PASSWORDS) as broker:
        assert found(config_for(tmp_path, broker))[2:4] == [WELL[0], NO_RETAINED_MESSAGES]


def test_a_real_mosquitto_that_lets_in_who_has_no_name_is_told(tmp_path: Path) -> None:
    """Names are still asked for their passwords, so that this is easily overlooked."""
    with LetsEverybodyIn(tmp_path / "broker", PASSWORDS, without=(ONE_ID_A_LOGIN,)) as broker:
        assert found(config_for(tmp_path, broker))[2] == let_in(NO_NAME)
