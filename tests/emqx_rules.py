"""EMQX's authorization by its documentation (docs.emqx.com): files, database entries, and what matches.

The first rule decides whose user, action and one of whose topics match, and without one
`authorization.no_match`. The built-in database reads a user's own entries first, and then those of all users.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

Action = Literal["publish", "subscribe"]
ERLANG = re.compile(
    r"""(?P<nothing>%[^\n]*|\s+)|(?P<string>"[^"]*")|(?P<atom>[a-z]+)|(?P<mark>[{}\[\],.])""", re.VERBOSE
)
IN_PYTHON = {"{": "(", "}": ",)", ".": "\n"}


@dataclass(frozen=True)
class Rule:
    """One rule; {deny, all} is short for all actions on #."""

    permission: Literal["allow", "deny"]
    who: str | tuple[str, str | tuple[str, str]]
    action: str | tuple[str, Sequence[tuple[str, str]]] = "all"
    topics: Sequence[str] = ("#",)

    def __post_init__(self) -> None:
        known = self.permission in ("allow", "deny") and self.verb in ("publish", "subscribe", "all")
        if not known or (self.who != "all" and self.who[0] != "user"):
            raise ValueError(f"{self} is no rule that this test understands")

    @property
    def verb(self) -> str:
        return self.action if isinstance(self.action, str) else self.action[0]

    @property
    def retained(self) -> bool | None:
        """What its options say of the retain flag; it knows no others."""
        if isinstance(self.action, str):
            return None
        ((name, value),) = self.action[1]
        return {("retain", "true"): True, ("retain", "false"): False}[name, value]

    def matches(self, username: str, action: Action, topic: str, *, retain: bool) -> bool:
        """Whether this rule decides it."""
        kept = action == "publish" and self.retained is not None
        return (
            self._is_about(username)
            and self.verb in ("all", action)
            and (not kept or self.retained is retain)
            and any(covers(pattern, username, topic) for pattern in self.topics)
        )

    def _is_about(self, username: str) -> bool:
        if self.who == "all":
            return True
        name = self.who[1]
        # A pattern may stand anywhere in the name, as re:run finds it.
        return name == username if isinstance(name, str) else re.search(name[1], username) is not None


def covers(pattern: str, username: str, topic: str) -> bool:
    """Whether a rule's topic includes a topic, or a whole topic filter, of this user."""
    # The name is put in first, and split afterwards: one with a wildcard in it becomes a wildcard.
    wanted = pattern.replace("${username}", username).split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    levels = topic.split("/")
    for place, (want, level) in enumerate(zip_longest(wanted, levels)):
        if want == "#" and place == len(wanted) - 1:
            return True
        if level != want and (want != "+" or level is None):
            return False
    return True


def decide(
    rules: Iterable[Rule],
    username: str,
    action: Action,
    topic: str,
    *,
    retain: bool = False,
    no_match: str = "deny",
) -> bool:
    """Whether EMQX allows it."""
    for rule in rules:
        if rule.matches(username, action, topic, retain=retain):
            return rule.permission == "allow"
    return no_match == "allow"


def rules_in_file(text: str) -> list[Rule]:
    """The terms of an acl.conf, in their order; SyntaxError or ValueError where it would not load."""
    terms = "".join(_in_python(text)).splitlines()
    return [Rule(*literal_eval(term)) for term in terms]


def entry(fields: dict[str, object]) -> Rule:
    """An entry of the database, as the REST API takes it."""
    options = {True: [("retain", "true")], False: [("retain", "false")]}
    if unknown := fields.keys() - {"topic", "permission", "action", "retain"}:
        raise ValueError(f"{unknown} are no fields of an entry")
    action = fields["action"]
    told = (action, options[bool(fields["retain"])]) if "retain" in fields else action
    return Rule(fields["permission"], "all", told, (fields["topic"],))  # type: ignore[arg-type]


def _in_python(text: str) -> Iterator[str]:
    """Erlang's tuples, atoms and strings, token by token in Python's writing."""
    at = 0
    while at < len(text):
        token = ERLANG.match(text, at)
        if token is None:
            raise ValueError(f"{text[at : at + 20]!r} is nothing that this test understands")
        at = token.end()
        if token.lastgroup != "nothing":
            yield f"'{token[0]}'" if token.lastgroup == "atom" else IN_PYTHON.get(token[0], token[0])
