"""The shipped access rules for EMQX, read as EMQX reads them: who may say and hear what.

The table is the one that a real Mosquitto is asked in test_access_rules.py.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal

import pytest
from conftest import PASSWORDS
from test_access_rules import MAY_HEAR, MAY_PUBLISH, WRITABLE_TOPICS

from simulator.chain.broker import RELAY_USERNAME

SHIPPED = Path(__file__).parent.parent / "cloud_relay" / "access_rules" / "emqx_acl.conf"
EVERY_STATUS = "arcade/machine/+/status"
WILDCARDS = [
    "#",
    "+/#",
    "arcade/#",
    "arcade/machine/#",
    "arcade/machine/+/+",
    "arcade/machine/+/coinpulse",
    "arcade/machine/+/gameover",
    EVERY_STATUS,
    "arcade/machine/galaga-01/#",
    "arcade/machine/galaga-01/+",
]
BROKERS_OWN = ["$SYS/broker/uptime", "$SYS/#", "$delayed/1/arcade/machine/galaga-01/coinpulse"]
ERLANG = re.compile(
    r"""(?P<nothing>%[^\n]*|\s+)|(?P<string>"[^"]*")|(?P<atom>[a-z]+)|(?P<mark>[{}\[\],.])""", re.VERBOSE
)
IN_PYTHON = {"{": "(", "}": ",)", ".": "\n"}

Action = Literal["publish", "subscribe"]
IDENTITIES = pytest.mark.parametrize("identity", sorted(PASSWORDS))


@dataclass(frozen=True)
class Rule:
    """One term of the file; {deny, all} is short for all actions on #."""

    permission: Literal["allow", "deny"]
    who: str | tuple[str, str]
    action: Literal["publish", "subscribe", "all"] = "all"
    topics: Sequence[str] = ("#",)

    def __post_init__(self) -> None:
        known = self.permission in ("allow", "deny") and self.action in ("publish", "subscribe", "all")
        if not known or (self.who != "all" and self.who[0] != "user"):
            raise ValueError(f"{self} is no rule that this test understands")

    def matches(self, username: str, action: Action, topic: str) -> bool:
        """Whether this rule decides it."""
        return (
            self.who in ("all", ("user", username))
            and self.action in ("all", action)
            and any(covers(pattern, username, topic) for pattern in self.topics)
        )


def covers(pattern: str, username: str, topic: str) -> bool:
    """Whether a rule's topic includes a topic, or a whole topic filter, of this user."""
    wanted = [username if level == "${username}" else level for level in pattern.split("/")]
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False  # as the newer of EMQX's releases read it
    for want, level in zip_longest(wanted, topic.split("/")):
        if want == "#":
            return True
        if level != want and (want != "+" or level is None):
            return False
    return True


def rules_in(text: str) -> list[Rule]:
    """The file's terms, in their order; SyntaxError or ValueError where EMQX would not load it."""
    terms = "".join(in_python(text)).splitlines()
    return [Rule(*literal_eval(term)) for term in terms]


def in_python(text: str) -> Iterator[str]:
    """Erlang's tuples, atoms and strings, token by token in Python's writing."""
    at = 0
    while at < len(text):
        token = ERLANG.match(text, at)
        if token is None:
            raise ValueError(f"{text[at : at + 20]!r} is nothing that this test understands")
        at = token.end()
        if token.lastgroup != "nothing":
            yield f"'{token[0]}'" if token.lastgroup == "atom" else IN_PYTHON.get(token[0], token[0])


def allows(username: str, action: Action, topic: str) -> bool:
    """What EMQX answers: the first rule that matches decides, and without one it allows."""
    for rule in rules_in(SHIPPED.read_text()):
        if rule.matches(username, action, topic):
            return rule.permission == "allow"
    return True


@IDENTITIES
def test_who_may_publish(identity: str) -> None:
    """The relay sells and passes on; a cabinet speaks for itself, and never sells."""
    assert {topic for topic in WRITABLE_TOPICS if allows(identity, "publish", topic)} == MAY_PUBLISH[identity]


@IDENTITIES
def test_who_may_subscribe(identity: str) -> None:
    """A cabinet hears its own coin pulses; the relay hears every status, one by one or all together."""
    asked = [*WRITABLE_TOPICS, *WILDCARDS]
    together = {EVERY_STATUS} if identity == RELAY_USERNAME else set()
    assert {topic for topic in asked if allows(identity, "subscribe", topic)} == MAY_HEAR[identity] | together


def test_the_relay_is_no_cabinet() -> None:
    """What its name would give it as a cabinet is refused before those rules are reached."""
    own = f"arcade/machine/{RELAY_USERNAME}"
    assert not allows(RELAY_USERNAME, "publish", f"{own}/status")
    assert not allows(RELAY_USERNAME, "subscribe", f"{own}/coinpulse")


@pytest.mark.parametrize("action", ["publish", "subscribe"])
@pytest.mark.parametrize("stranger", ["cloud", "relay", "cloud-relay", "coinpulse"])
def test_a_name_like_the_relay_s_gives_no_rights_of_the_relay(stranger: str, action: Action) -> None:
    """Whoever has a login has only what belongs to its name."""
    assert [topic for topic in WRITABLE_TOPICS if allows(stranger, action, topic)] == []


@IDENTITIES
@pytest.mark.parametrize("action", ["publish", "subscribe"])
def test_what_belongs_to_the_broker_itself_is_nobody_s(identity: str, action: Action) -> None:
    """$delayed would publish a coin pulse a second later, and no rule for coin pulses would see it."""
    assert [topic for topic in BROKERS_OWN if allows(identity, action, topic)] == []
