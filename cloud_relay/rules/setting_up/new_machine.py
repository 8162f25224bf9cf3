"""CORE. A machine that is made: what may be typed for it, and when it is one that there is already."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.plain_text import plain

# As OFFERS has it; a cabinet takes four more.
LONGEST_NAME = 60
CABINETS_PORT = 8883
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


@dataclass(frozen=True)
class Found:
    """What there is of a machine already.

    `has_login` and `said` (its last status in words, empty for none) are None where nobody could look.
    `file` is the one that would be written, if it is there, and `machine_in_file` whose it is.
    """

    has_login: bool | None = None
    said: str | None = None
    file: str = ""
    machine_in_file: str | None = None


def id_problem(text: str) -> str | None:
    """Why this cannot be a machine's id."""
    return None if is_machine_id(text) else f"{text[:80]!r} is no machine id: 1 to 64 of A-Z a-z 0-9 _ -"


def name_problem(text: str) -> str | None:
    """Why this cannot be a machine's name, on its screen and at its door."""
    if not 1 <= len(text.strip()) <= len(text) <= LONGEST_NAME:
        return f"the name has {len(text)} characters: write 1 to {LONGEST_NAME}"
    if not text.isprintable():
        odd = next(character for character in text if not character.isprintable())
        return f"the name holds {plain(odd)} (U+{ord(odd):04X}), which nobody sees: leave it out"
    return None


def broker_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST` or `HOST:PORT`, as cabinets reach the broker.

    Raises:
        ValueError: it is no such address; the message says so.
    """
    host, port = text.split(":") if text.count(":") == 1 else (text, str(CABINETS_PORT))
    is_port = port.isascii() and port.isdecimal() and 1 <= int(port[:6]) <= 65535
    if not is_port or not (_HOST_NAME.fullmatch(host) or _is_ip_address(host)):
        raise ValueError(f"{text!r:.80} is no address: write broker.example.com, or broker.example.com:8883")
    return host, int(port)


def reach_problem(host: str) -> str | None:
    """Why a cabinet does not reach the broker under the name that the relay has for it."""
    is_near = host.startswith("127.") or host == "::1" or not ("." in host or ":" in host)
    if not is_near:
        return None
    return (
        f"MQTT_BROKER is {host!r}, which only the relay knows so: say with --broker HOST[:PORT] where "
        "cabinets find the broker"
    )


def _is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def refusal(machine_id: str, found: Found, *, again: bool) -> str | None:
    """Why nothing is made of this machine; None if all may go on."""
    if found.file and found.machine_in_file != machine_id:
        whose = (
            f"the file of {found.machine_in_file}" if found.machine_in_file else "a file of something else"
        )
        return f"{found.file} is {whose}: nothing was changed. Name another, or move it away."
    exists = _what_exists(found)
    if not exists or again:
        return None
    lines = "".join(f"\n  {line}" for line in exists)
    return (
        f"{machine_id} exists; nothing was changed:{lines}\n"
        "If its config.yaml is lost, or its card: --again gives it another password and another token. The "
        "cabinet that has the old ones is then shut out."
    )


def _what_exists(found: Found) -> Sequence[str]:
    login = ["it has a login at the broker"] if found.has_login else []
    said = [f"it last said: {found.said}"] if found.said else []
    return [*login, *said, *([f"{found.file} is its file"] if found.file else [])]


def with_name(offers: str, machine_id: str, name: str) -> str | None:
    """OFFERS with the machine's name; None where it is so already, or where nothing differs from its id.

    It has no blanks between, and no apostrophe: so it passes through every environment file.
    """
    root = json.loads(offers)
    machines = root.get("machines", {})
    own = machines.get(machine_id, {})
    if own.get("name", machine_id) == name:
        return None
    named = {**root, "machines": {**machines, machine_id: {"name": name} | own | {"name": name}}}
    return _json(named)


def with_number(numbers: Mapping[str, int], machine_id: str, number: int) -> str:
    """MIN_TOKEN_NUMBERS with the machine's smallest number."""
    return _json({**numbers, machine_id: number})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("'", "\\u0027")
