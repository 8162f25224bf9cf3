"""CORE. Whose address a code holds: the host that a phone will ask, and what of it shows in little room."""

from __future__ import annotations

import re
from collections.abc import Iterator

ELLIPSIS = "…"

# As a phone's browser reads it (WHATWG URL): more slashes than two are skipped, a backslash is one, and what
# stands before the last @ is a name and a password, whatever it looks like.
_AUTHORITY = re.compile(r"https?:[/\\]*([^/\\?#]*)", re.IGNORECASE)
_PORT = re.compile(r":[0-9]*$")
_LABELS_OF_AN_OWNER = 3


def host_of(address: str) -> str:
    """The host of an http(s) address in ASCII; an empty text if there is none.

    An address of the feed is ASCII: letters of other scripts, which could look like somebody else's, come and
    stay as they travel (xn--...).
    """
    match = _AUTHORITY.match(address)
    return _PORT.sub("", match[1].rpartition("@")[2]).lower() if match else ""


def shortened_host(host: str) -> Iterator[str]:
    """The host, and ever shorter forms of it: its end says whose it is, and stays longest."""
    owner = ".".join(host.split(".")[-_LABELS_OF_AN_OWNER:])
    return _shortened(host, len(owner))


def shortened_id(machine_id: str) -> Iterator[str]:
    """The machine's id, and ever shorter forms of it: machines differ in the ends of their ids."""
    return _shortened(machine_id, (len(machine_id) + 1) // 2)


def _shortened(text: str, kept: int) -> Iterator[str]:
    yield text
    for start in range(len(text) - kept - 1, 0, -1):
        yield text[:start] + ELLIPSIS + text[-kept:]
    for end in range(min(kept, len(text) - 1), 0, -1):
        yield ELLIPSIS + text[-end:]
