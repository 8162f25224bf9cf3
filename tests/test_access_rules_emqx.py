"""The shipped access rules for EMQX in all their forms, read as EMQX reads them.

They are asked the same as a real Mosquitto in test_access_rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from access_matrix import BROKERS_OWN, IDENTITIES, MAY_HEAR, MAY_PUBLISH, TOGETHER, TOPICS, WILDCARDS
from emqx_rules import Action, Rule, decide, entry, rules_in_file
from fake_emqx import listening
from test_setup_emqx import World

from simulator.chain.broker import RELAY_USERNAME
from simulator.chain.mosquitto_conf import SHIPPED

CONSOLE_LINE = re.compile(
    r" *(\d+)\. (Allow|Deny) +(\S+) \((Publish|Subscribe|Publish & Subscribe)(?:, Retain: (\w+))?\)"
)
VERBS = {"Publish": "publish", "Subscribe": "subscribe", "Publish & Subscribe": "all"}


@dataclass(frozen=True)
class Form:
    """One way of giving EMQX the rules: those that a login meets, in their order."""

    rules_of: Callable[[str], Sequence[Rule]]

    def allows(self, username: str, action: Action, topic: str, *, retain: bool = False) -> bool:
        """Under the shipped settings, where what no rule matches is refused."""
        return decide(self.rules_of(username), username, action, topic, retain=retain)

    def allows_by_default(self, username: str, action: Action, topic: str) -> bool:
        """Where EMQX's default was left in its place: what no rule matches is allowed."""
        return decide(self.rules_of(username), username, action, topic, no_match="allow")


def by_rest(_: Path) -> Form:
    """What `setup broker` leaves in its built-in database."""
    world = World()
    with listening(world.emqx):
        world.set_up()
    lists = {who: [entry(as_given(rule)) for rule in rules] for who, rules in world.settings.rules.items()}
    return Form(lambda username: [*lists.get(username, []), *lists[""]])


def as_given(rule: dict[str, object]) -> dict[str, object]:
    """An entry without what EMQX itself adds to one that names neither: any QoS, retained or not."""
    added: dict[str, object] = {"qos": [0, 1, 2], "retain": "all"}
    return {name: value for name, value in rule.items() if added.get(name) != value}


def by_hand(_: Path) -> Form:
    """Typed from the list: a heading a tab or a user, and numbered lines below it."""
    lists: dict[str, list[Rule]] = {}
    for part in (SHIPPED / "emqx_console.txt").read_text().split("\n\n")[1:]:
        heading, *lines = part.strip().splitlines()
        who = "" if heading == "All Users" else heading.removeprefix("Username ")
        lists[who] = []
        for place, line in enumerate(lines, 1):
            number, permission, topic, verb, retain = CONSOLE_LINE.fullmatch(line).groups()  # type: ignore[union-attr]
            assert int(number) == place
            fields: dict[str, object] = {
                "permission": permission.lower(),
                "action": VERBS[verb],
                "topic": topic,
            }
            lists[who].append(entry(fields | ({} if retain is None else {"retain": retain == "true"})))
    return Form(lambda username: [*lists.get(username, []), *lists[""]])


def by_file(_: Path) -> Form:
    rules = rules_in_file((SHIPPED / "emqx_acl.conf").read_text())
    return Form(lambda _: rules)


@pytest.fixture(scope="module", params=[by_file, by_rest, by_hand])
def form(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Form:
    """The file, the REST API's calls and the list for the console."""
    made = request.param(tmp_path_factory.mktemp("form"))
    assert isinstance(made, Form)
    return made


FOR_IDENTITIES = pytest.mark.parametrize("identity", IDENTITIES)


@FOR_IDENTITIES
def test_who_may_publish(form: Form, identity: str) -> None:
    """The relay sells and passes on; a cabinet speaks for itself, and never sells."""
    assert {topic for topic in TOPICS if form.allows(identity, "publish", topic)} == MAY_PUBLISH[identity]


@FOR_IDENTITIES
def test_nobody_retains_a_coin_pulse(form: Form, identity: str) -> None:
    """All else that may be said may be retained: a status, and how far the fleet's book goes, have to be."""
    kept = {topic for topic in TOPICS if form.allows(identity, "publish", topic, retain=True)}
    assert kept == {topic for topic in MAY_PUBLISH[identity] if not topic.endswith("/coinpulse")}


@FOR_IDENTITIES
def test_who_may_subscribe(form: Form, identity: str) -> None:
    """To its own topics one by one; only services to those of all machines together."""
    asked = {topic for topic in [*TOPICS, *WILDCARDS] if form.allows(identity, "subscribe", topic)}
    assert asked == MAY_HEAR[identity] | TOGETHER.get(identity, set())


@FOR_IDENTITIES
@pytest.mark.parametrize("action", ["publish", "subscribe"])
def test_what_belongs_to_the_broker_itself_is_nobody_s(form: Form, identity: str, action: Action) -> None:
    """Also where what no rule matches is allowed; "#" does not cover it."""
    assert [topic for topic in BROKERS_OWN if form.allows_by_default(identity, action, topic)] == []


@FOR_IDENTITIES
@pytest.mark.parametrize("action", ["publish", "subscribe"])
def test_a_dollar_topic_that_nobody_thought_of_is_refused_by_the_settings(
    form: Form, identity: str, action: Action
) -> None:
    """Topics that begin so cannot all be named; the shipped settings refuse what no rule matches."""
    assert not form.allows(identity, action, "$anything/else")
    assert "no_match = deny" in (SHIPPED / "emqx.conf").read_text()


@pytest.mark.parametrize("wildcard", ["+", "#", "/"])
@pytest.mark.parametrize("action", ["publish", "subscribe"])
def test_the_file_gives_no_rights_to_a_login_with_a_wildcard(wildcard: str, action: Action) -> None:
    """Not even to the topics that its name makes; its first rule says so."""
    form, login = by_file(SHIPPED), f"a{wildcard}b"
    own = [
        f"arcade/machine/{login}/{leaf}"
        for leaf in ("coinpulse", "status", "gameover", "journal", "journal/seen")
    ]
    assert [topic for topic in own if form.allows(login, action, topic)] == []
    assert form.rules_of(login)[0].matches(login, action, own[0], retain=False)


def test_the_relay_is_no_cabinet(form: Form) -> None:
    """What its name would give it as a cabinet is refused before those rules are reached."""
    own = f"arcade/machine/{RELAY_USERNAME}"
    assert not form.allows(RELAY_USERNAME, "publish", f"{own}/status")
    assert not form.allows(RELAY_USERNAME, "subscribe", f"{own}/coinpulse")
