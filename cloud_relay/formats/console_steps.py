"""CORE. What to type into a broker's console that has no API: EMQX Serverless."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloud_relay.formats.access_rules import emqx_database, emqx_entry
from cloud_relay.rules.access import EVERYBODY

_VERBS = {"publish": "Publish", "subscribe": "Subscribe", "all": "Publish & Subscribe"}
_HEAD = """\
EMQX Serverless has no API for users and rules. Open your deployment at cloud.emqx.com and type, in this order
(every tab is read from the top; in a console without a field for Retain, leave out the lines that have one):

"""
_TAIL = """
It has no setting for client ids: a cabinet's holds 32 digits made from its password, so that nobody else can
take its session. It keeps a session for two hours, and 1,000 messages in it; the free plan stops at 1,000,000
session minutes a month, which are 23 machines.
"""


def console_steps(users: Sequence[tuple[str, str]]) -> str:
    """Users, each with where its password stands, and rules as one numbered list, from the access rules."""
    steps = enumerate(_steps(users), 1)
    return _HEAD + "".join(f"{number:3}. {text}\n" for number, text in steps) + _TAIL


def _steps(users: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, password_place in users:
        yield f"Access Control, Authentication: add the user {name} with the password {password_place}"
    for who, rules in emqx_database().items():
        tab = "All Users" if who == EVERYBODY else "Username"
        name = "" if who == EVERYBODY else f"username {who}, "
        for entry in map(emqx_entry, rules):
            retain = ", Retain: true" if entry.get("retain") is True else ""
            verb = _VERBS[str(entry["action"])]
            permission = str(entry["permission"]).capitalize()
            yield f"Access Control, Authorization, {tab}: {name}{permission} {verb} {entry['topic']}{retain}"
