"""CORE. Who may say and hear what at the broker: the one table from which every broker's rules are written.

The first rule that matches decides. The rules go by the login's name and never by the client id, which a
client chooses for itself. A cabinet's login is its machine id; those have no dot, so that none can be called
like a service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RELAY, FLEET = "cloud.relay", "cloud.fleet"
# The relay's login and its other one, which take turns: each works while the other's password is changed.
RELAYS = (RELAY, "cloud.relay2")
# The fleet's, likewise.
FLEETS = (FLEET, "cloud.fleet2")
SERVICES = (*RELAYS, *FLEETS)
EVERYBODY = "*"
# A name with one of these in it, put into a rule's topic, would cover other cabinets' topics.
WILDCARD_LOGINS = "[+#/]"
# Stands for the login's name, in a topic of its own.
OWN = "{login}"
# "#" leaves out what begins with a dollar sign. These are the topics of EMQX's own that clients can ask for.
BROKERS_OWN = ("$SYS/#", "$events/#", "$exclusive/#", "$file/#", "$queue/#", "$share/#")

Action = Literal["publish", "subscribe", "all"]


@dataclass(frozen=True)
class Rule:
    """One line of the table; `who` is a login, EVERYBODY or WILDCARD_LOGINS.

    With `retained` it is only about messages to be kept for who comes later, or only about the others.
    """

    allows: bool
    who: str
    action: Action
    topics: tuple[str, ...]
    retained: bool | None = None


def _topics(whose: str, *leaves: str) -> tuple[str, ...]:
    return tuple(f"arcade/machine/{whose}/{leaf}" for leaf in leaves)


# When a relay last tidied, kept for its other processes; each relay has a topic of its own.
TIDIED = "arcade/relay/+/tidied"


def _relay_rules(login: str) -> tuple[Rule, ...]:
    """A relay sells credits, passes on game overs, and reads whether a machine is ready to sell.

    One of its processes tells the others that it has tidied.
    """
    return (
        Rule(True, login, "publish", (*_topics("+", "coinpulse", "gameover"), TIDIED)),
        Rule(True, login, "subscribe", (*_topics("+", "status"), TIDIED)),
        Rule(False, login, "all", ("#",)),
    )


def _fleet_rules(login: str) -> tuple[Rule, ...]:
    """The fleet's book hears what happened on every machine, and says how far it has written it down."""
    return (
        Rule(True, login, "subscribe", _topics("+", "journal", "status", "gameover")),
        Rule(True, login, "publish", _topics("+", "journal/seen")),
        Rule(False, login, "all", ("#",)),
    )


RULES = (
    Rule(False, WILDCARD_LOGINS, "all", ("#",)),
    # A coin pulse is for now: a kept one would be there for a cabinet that is cleared or changed years later.
    Rule(False, EVERYBODY, "publish", _topics("+", "coinpulse"), retained=True),
    *(rule for login in RELAYS for rule in _relay_rules(login)),
    *(rule for login in FLEETS for rule in _fleet_rules(login)),
    Rule(False, EVERYBODY, "all", BROKERS_OWN),
    # A cabinet hears what is sent to itself, and speaks for itself. It never sells.
    Rule(True, EVERYBODY, "subscribe", _topics(OWN, "coinpulse", "journal/seen")),
    Rule(True, EVERYBODY, "publish", _topics(OWN, "gameover", "status", "journal")),
    Rule(False, EVERYBODY, "all", ("#",)),
)


def rules_for(login: str) -> tuple[Rule, ...]:
    """The rules that a service's login meets, in their order, up to the one that ends them.

    Of a service, for a broker that keeps a list for each login; the cabinets' list is that of EVERYBODY.
    """
    met = [rule for rule in RULES if rule.who in (login, EVERYBODY)]
    ends = max(place for place, rule in enumerate(met) if rule.who == login)
    return tuple(met[: ends + 1])
