"""CORE. A secret that is changed while all goes on: who still uses the old one, and the relay's settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cloud_relay.rules.access import RELAYS
from cloud_relay.rules.machine_report import MachineReport
from cloud_relay.rules.tokens import TokenBook, TokenUse, relay_tag

# Those that would be shut out by the end of the old secret, or might be.
_WAITED_FOR = (TokenUse.OLD, TokenUse.NOT_KNOWN)


@dataclass(frozen=True)
class MachineToken:
    """Of which secret a machine's token is, as it last said; `last_seen` is empty where it said nothing."""

    machine_id: str
    use: TokenUse
    last_seen: str = ""

    @property
    def is_waited_for(self) -> bool:
        """Whether the old secret must stay for its sake."""
        return self.use in _WAITED_FOR


def machine_tokens(
    tokens: TokenBook, reports: Mapping[str, MachineReport], named: Iterable[str]
) -> list[MachineToken]:
    """Every machine that is heard of, or `named` by the settings or the broker's logins."""
    found = []
    for machine_id in sorted({*reports, *named}):
        report = reports.get(machine_id)
        tag, seen = (report.token_tag, report.last_seen) if report else ("", "")
        found.append(MachineToken(machine_id, tokens.use_of(machine_id, tag), seen))
    return found


def begun(old: str, new: str) -> str:
    """The setting with two secrets, the new one first."""
    return f"{new},{old}"


def finished(secrets: Sequence[str], tags: Sequence[str]) -> dict[str, str]:
    """The relay's settings without its old secret: what was sold under its tag is still its own."""
    former = [tag for tag in tags if tag != relay_tag(secrets[0])]
    return {"RELAY_SECRET": secrets[0], "FORMER_RELAY_TAGS": ",".join(former)}


def other_login(username: str, turns: tuple[str, ...] = RELAYS) -> str | None:
    """The login whose turn is next, of a service that has these; None where `username` is none of them."""
    others = [login for login in turns if login != username]
    return others[0] if username in turns else None


def as_json(rows: Iterable[MachineToken]) -> str:
    """The list for a program."""
    said = [
        {"machineId": row.machine_id, "token": row.use.name.lower(), "lastSeen": row.last_seen}
        for row in rows
    ]
    return json.dumps(said, indent=2) + "\n"
