"""`setup broker` at an EMQX: what is there is read, what differs is changed, and what changes is said."""

from __future__ import annotations

import io
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from access_matrix import IDENTITIES, MAY_HEAR, MAY_PUBLISH, TOPICS
from emqx_rules import decide, entry
from fake_emqx import FakeEmqx, listening
from fake_emqx_access import Access
from fake_emqx_settings import BUILT_IN, MQTT_DEFAULTS, STOCK_RULES, Settings

from cloud_relay.errors import LoginsFailed
from cloud_relay.formats.access_rules import emqx_database
from cloud_relay.formats.env_file import read_env
from cloud_relay.logins.choice import emqx_access
from cloud_relay.logins.emqx_api import EmqxApi
from cloud_relay.operator.setup.broker import add_arguments, set_up_broker
from cloud_relay.operator.setup.emqx import set_up_emqx
from cloud_relay.rules.access import EVERYBODY

pytestmark = pytest.mark.cloud
FILE = {"type": "file", "enable": True, "rules": STOCK_RULES}
DATABASE = {"type": BUILT_IN, "enable": True}
FILE_STAYS = (
    'Note: its rules of file come after ours and are left alone; topics with a "$" that ours do not name are '
    "theirs to decide: --replace switches them off."
)
OPEN = (
    "Note: its listener tcp:default at 0.0.0.0:1883 takes passwords without TLS: stop it in EMQX's dashboard "
    "(Management, Listeners), if nobody comes that way."
)
OVERRIDE = "concat([username,':',clientid])"
FIRST_RUN = [
    "make a password database: without one EMQX lets everybody in",
    "make a database of access rules, before all others",
    *(
        f"give {f'the user {who}' if who != EVERYBODY else 'all users'} {len(rules)} "
        f"{'rule' if len(rules) == 1 else 'rules'}, first to last, ending with deny-all"
        for who, rules in emqx_database().items()
    ),
    "set authorization.no_match = deny (it was allow)",
    f"set mqtt.clientid_override = {OVERRIDE} (it was disabled), mqtt.max_packet_size = 16KB (it was 1MB), "
    "mqtt.max_topic_levels = 8 (it was 128)",
    "set retainer.max_payload_size = 16KB (it was 1MB), retainer.max_publish_rate = 10000/s (it was 1000/s), "
    "retainer.delivery_rate = 10000/s (it was 1000/s)",
]


class World:
    """An EMQX as it comes out of its package, and what it is told."""

    def __init__(self) -> None:
        self.access, self.settings, self.emqx = Access(), Settings(), FakeEmqx()
        self.access.serve_at(self.emqx)
        self.settings.serve_at(self.emqx)

    def set_up(self, *, replace: bool = False, dry_run: bool = False, key: str = "arcade-key") -> list[str]:
        """What it says."""
        access = emqx_access(self.emqx.environment(key))
        assert access is not None
        out = io.StringIO()
        self.done = set_up_emqx(EmqxApi(access), out, replace=replace, dry_run=dry_run)
        return out.getvalue().splitlines()

    @property
    def host(self) -> str:
        return self.emqx.url.removeprefix("http://").removesuffix("/api/v5")

    def state(self) -> object:
        return deepcopy((self.access.authenticators, vars(self.settings)))


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with listening(made.emqx):
        yield made


def numbered(verb: str, texts: list[str]) -> list[str]:
    return [f"{verb} {number} of {len(texts)}: {text}." for number, text in enumerate(texts, 1)]


def test_a_new_emqx_is_set_up_and_a_second_run_changes_nothing(world: World) -> None:
    """Each thing is said; what it is told is what the shipped files say, and the rest is left as it was."""
    world.settings.mqtt["idle_timeout"] = "30s"
    world.settings.authorization["cache"]["ttl"] = "2m"
    said = world.set_up()
    assert said == [
        *numbered("Did", FIRST_RUN),
        FILE_STAYS,
        "Note: who is connected now keeps its session until it leaves, and finds a new one then.",
        OPEN,
    ]
    assert world.settings.sources == [DATABASE, FILE]
    assert world.settings.mqtt == MQTT_DEFAULTS | {
        "clientid_override": OVERRIDE,
        "max_packet_size": "16KB",
        "max_topic_levels": 8,
        "idle_timeout": "30s",
    }
    assert world.settings.authorization["cache"]["ttl"] == "2m"
    assert world.access.authenticators[0]["user_id_type"] == "username"

    before, changes = world.state(), len(world.emqx.changes)
    assert world.set_up() == [f"EMQX at {world.host} is set up: nothing to change.", FILE_STAYS, OPEN]
    assert (world.state(), len(world.emqx.changes)) == (before, changes)


@pytest.mark.parametrize("identity", IDENTITIES)
def test_the_rules_that_it_was_given_allow_what_they_shall(world: World, identity: str) -> None:
    """Read back as EMQX reads them, and asked the same as a real Mosquitto."""
    world.set_up()
    lists = {
        who: [
            entry(
                {name: value for name, value in each.items() if name != "qos" and value != "all"}
                | {"action": each["action"]}
            )
            for each in entries
        ]
        for who, entries in world.settings.rules.items()
    }
    met = [*lists.get(identity, []), *lists[""]]
    for action, allowed in (("publish", MAY_PUBLISH), ("subscribe", MAY_HEAR)):
        assert {
            topic
            for topic in TOPICS
            if decide(met, identity, action, topic)  # type: ignore[arg-type]
        } == allowed[identity]


def test_a_dry_run_says_the_same_and_changes_nothing(world: World) -> None:
    """So that it can be read before."""
    before = world.state()
    assert world.set_up(dry_run=True)[: len(FIRST_RUN)] == numbered("Would", FIRST_RUN)
    assert (world.state(), world.emqx.changes) == (before, [])


def test_only_what_differs_is_changed(world: World) -> None:
    """Somebody raised a limit again, and moved the rules back."""
    world.set_up()
    world.settings.mqtt["max_packet_size"] = 16384  # the same, as EMQX may write it
    world.settings.sources.reverse()
    world.settings.retainer["delivery_rate"] = "1000/s"
    changes = len(world.emqx.changes)
    assert world.set_up()[:2] == numbered(
        "Did",
        [
            "put the database of access rules before file, which might allow more",
            "set retainer.delivery_rate = 10000/s (it was 1000/s)",
        ],
    )
    assert (len(world.emqx.changes), world.settings.sources) == (changes + 2, [DATABASE, FILE])


def test_somebody_else_s_rules_are_named_and_nothing_is_changed(world: World) -> None:
    """Not even what would not touch them: half a set-up is worse than none."""
    ours = {"permission": "allow", "action": "all", "topic": "home/#", "qos": [0, 1, 2], "retain": "all"}
    world.settings.sources.insert(0, dict(DATABASE))
    world.settings.rules = {"": [ours], "cloud.relay": [ours, ours], "home": [ours]}
    before = world.state()
    said = world.set_up()
    assert (said, world.done) == (
        [
            f"EMQX at {world.host} is somebody's already, and nothing was changed:",
            "  - the user cloud.relay has 2 rules of another make",
            "  - all users have 1 rule of another make",
            "To put ours in their place, look at `--replace --dry-run`, and then at `--replace`.",
        ],
        False,
    )
    assert (world.state(), world.emqx.changes) == (before, [])

    said = world.set_up(replace=True)
    assert (world.done, "switch the rules of file off; they are kept" in "\n".join(said)) == (True, True)
    assert world.settings.rules["home"] == [ours]
    assert world.settings.sources == [DATABASE, FILE | {"enable": False}]
    assert world.set_up() == [f"EMQX at {world.host} is set up: nothing to change.", OPEN]


def test_what_is_switched_off_is_switched_on(world: World) -> None:
    """A password database and rules that are there, and asked by nobody."""
    world.set_up()
    world.access.authenticators[0]["enable"] = False
    world.settings.sources[0]["enable"] = False
    world.settings.authorization["cache"]["enable"] = False
    assert world.set_up()[:3] == numbered(
        "Did",
        [
            "switch the password database on",
            "switch the database of access rules on",
            "set authorization.cache.enable = true (it was false)",
        ],
    )
    assert (world.access.authenticators[0]["enable"], world.settings.sources[0]["enable"]) == (True, True)


def test_a_password_database_of_client_ids_is_somebody_s(world: World) -> None:
    """Its users would no longer get in; and another authenticator is worth a note."""
    world.set_up()
    world.access.authenticators[0]["user_id_type"] = "clientid"
    world.access.authenticators.append({"id": "jwt", "mechanism": "jwt", "enable": True})
    assert world.set_up()[1] == "  - its password database goes by client ids, and not by usernames"
    said = world.set_up(replace=True)
    assert said[0] == "Did 1 of 2: have the password database go by usernames."
    assert said[2] == "Note: it also asks jwt about passwords: whom that knows gets in, too."


def test_a_key_that_may_only_read_sees_what_would_be_done(world: World) -> None:
    """And the first change is refused, with the remedy."""
    assert world.set_up(key="viewer-key", dry_run=True)[: len(FIRST_RUN)] == numbered("Would", FIRST_RUN)
    with pytest.raises(LoginsFailed, match="give the API key the role Administrator"):
        world.set_up(key="viewer-key")


def command(world: World, env_file: Path, *arguments: str, **variables: str) -> list[str]:
    """`setup broker` as it is typed."""
    parser, out = ArgumentParser(), io.StringIO()
    add_arguments(parser)
    options = parser.parse_args(["--env", str(env_file), *arguments])
    world.status = set_up_broker(options, world.emqx.environment() | variables, out)
    return out.getvalue().splitlines()


def test_the_relay_s_login_is_made_once_and_its_password_is_in_a_file(world: World, tmp_path: Path) -> None:
    """It is on no terminal; and a login that is there is left alone, for a relay may use it."""
    file = tmp_path / "relay.env"
    said = command(world, file)
    password = world.access.users["cloud.relay"]["password"]
    assert said[-1] == f"Did make the login cloud.relay, with the password in {file}."
    assert file.read_text() == (
        f"MQTT_BROKER=127.0.0.1\nMQTT_PORT=8883\nMQTT_USERNAME=cloud.relay\nMQTT_PASSWORD={password}\n"
    )
    assert (oct(file.stat().st_mode & 0o777), password in "".join(said)) == ("0o600", False)
    assert command(world, file)[-1] == "The login cloud.relay is there and was left alone."
    assert world.access.users["cloud.relay"]["password"] == password


def test_a_password_of_one_s_own_is_taken(world: World, tmp_path: Path) -> None:
    """That of the relay's environment; no file is written then."""
    command(world, tmp_path / "x.env", MQTT_PASSWORD="our-own-password")
    assert world.access.users["cloud.relay"]["password"] == "our-own-password"
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_makes_no_login_and_no_file(world: World, tmp_path: Path) -> None:
    """Although there is no password database to look into yet."""
    said = command(world, tmp_path / "x.env", "--dry-run")
    assert said[-1] == f"Would make the login cloud.relay, with the password in {tmp_path}/x.env."
    assert (world.emqx.changes, list(tmp_path.iterdir())) == ([], [])


def test_a_login_that_failed_is_made_by_the_next_run(world: World, tmp_path: Path) -> None:
    """With the password that is in the file by then."""
    world.emqx.routes.insert(0, ("POST", re.compile(r"/authentication/[^/]+/users"), out_of_order))
    with pytest.raises(LoginsFailed, match="INTERNAL_ERROR"):
        command(world, tmp_path / "x.env")
    del world.emqx.routes[0]
    command(world, tmp_path / "x.env")
    kept = read_env((tmp_path / "x.env").read_text())
    assert world.access.users["cloud.relay"]["password"] == kept["MQTT_PASSWORD"]


def test_somebody_s_emqx_gets_no_login(world: World, tmp_path: Path) -> None:
    """Status 1, and nothing was done."""
    world.settings.sources.insert(0, dict(DATABASE))
    world.settings.rules = {"": [{"permission": "allow", "action": "all", "topic": "#"}]}
    command(world, tmp_path / "x.env")
    assert (world.status, world.access.users, world.emqx.changes) == (1, {}, [])


def out_of_order(*_: object, **__: object) -> tuple[int, object]:
    return 500, {"code": "INTERNAL_ERROR", "message": "mnesia is down"}
