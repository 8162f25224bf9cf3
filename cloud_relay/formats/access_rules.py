"""CORE. The access rules as each broker reads them: files, entries of a database, and a list to type."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cloud_relay.rules.access import (
    EVERYBODY,
    OWN,
    RULES,
    SERVICES,
    WILDCARD_LOGINS,
    Action,
    Rule,
    rules_for,
)

# EMQX's database knows no patterns of names. Of those with a wildcard only these reach a topic in use.
_WILDCARD_NAMES = ("+", "#")
_MOSQUITTO_VERBS: dict[Action, str] = {"publish": "write", "subscribe": "read"}
_CONSOLE_VERBS: dict[Action, str] = {
    "publish": "Publish",
    "subscribe": "Subscribe",
    "all": "Publish & Subscribe",
}
_WHO_IN_ERLANG = {EVERYBODY: "all", WILDCARD_LOGINS: f'{{user, {{re, "{WILDCARD_LOGINS}"}}}}'}


def mosquitto_cabinets() -> str:
    """Mosquitto's acl_file of the cabinets' listener."""
    return "".join(f"pattern {line}\n" for line in _mosquitto_lines(EVERYBODY))


def mosquitto_services() -> str:
    """Mosquitto's acl_file of the services' listener: the relay and the fleet."""
    parts = []
    for login in SERVICES:
        parts.append(f"user {login}\n" + "".join(f"topic {line}\n" for line in _mosquitto_lines(login)))
    return "\n".join(parts)


def emqx_file() -> str:
    """The rules of EMQX's authorization source "file", as Erlang terms."""
    return "".join(f"{_erlang(rule)}.\n" for rule in RULES)


def emqx_database() -> dict[str, tuple[Rule, ...]]:
    """The entries of EMQX's built-in database, each about one topic, by login; EVERYBODY is all users.

    It reads a login's own entries first, and then those of all users.
    """
    refused = {name: (Rule(False, name, "all", ("#",)),) for name in _WILDCARD_NAMES}
    services = {login: rules_for(login) for login in SERVICES}
    everybody = {EVERYBODY: tuple(rule for rule in RULES if rule.who == EVERYBODY)}
    return {who: tuple(_a_topic_each(rules)) for who, rules in (refused | services | everybody).items()}


def emqx_entry(rule: Rule) -> dict[str, str | bool]:
    """One entry of the database as EMQX's REST API takes it."""
    entry: dict[str, str | bool] = {
        "permission": _permission(rule),
        "action": rule.action,
        "topic": _emqx_topic(rule.topics[0]),
    }
    return entry if rule.retained is None else entry | {"retain": rule.retained}


def console_list() -> str:
    """The entries of the database, numbered, for whoever types them into EMQX's console in this order."""
    parts = []
    for who, rules in emqx_database().items():
        heading = "All Users" if who == EVERYBODY else f"Username {who}"
        lines = [f"{number:3}. {_console_line(rule)}\n" for number, rule in enumerate(rules, 1)]
        parts.append(f"{heading}\n" + "".join(lines))
    return "\n".join(parts)


def _mosquitto_lines(who: str) -> Iterator[str]:
    """Only what is allowed: Mosquitto refuses the rest, and all that a login with a wildcard asks for."""
    for rule in RULES:
        if rule.allows and rule.who == who:
            for topic in rule.topics:
                yield f"{_MOSQUITTO_VERBS[rule.action]} {topic.replace(OWN, '%u')}"


def _erlang(rule: Rule) -> str:
    who = _WHO_IN_ERLANG.get(rule.who, f'{{user, "{rule.who}"}}')
    only = f"{{{rule.action}, [{{retain, {json.dumps(rule.retained)}}}]}}"
    action = rule.action if rule.retained is None else only
    topics = ", ".join(f'"{_emqx_topic(topic)}"' for topic in rule.topics)
    return f"{{{_permission(rule)}, {who}, {action}, [{topics}]}}"


def _a_topic_each(rules: Iterable[Rule]) -> Iterator[Rule]:
    for rule in rules:
        for topic in rule.topics:
            yield replace(rule, topics=(topic,))


def _console_line(rule: Rule) -> str:
    only = "" if rule.retained is None else f", Retain: {json.dumps(rule.retained)}"
    about = f"({_CONSOLE_VERBS[rule.action]}{only})"
    return f"{_permission(rule).capitalize():5} {_emqx_topic(rule.topics[0])} {about}"


def _permission(rule: Rule) -> str:
    return "allow" if rule.allows else "deny"


def _emqx_topic(topic: str) -> str:
    return topic.replace(OWN, "${username}")
