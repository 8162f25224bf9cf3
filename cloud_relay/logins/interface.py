"""What can be done about logins at a broker, whichever it is."""

from __future__ import annotations

import re
from typing import Protocol

from cloud_relay.errors import LoginsFailed

# A machine id has no dot, a service's name has one. Nothing else is ever wanted: a name with a wildcard would
# reach into other machines' topics, and one with a line end into the next line of a password file.
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST_PASSWORD_BYTES = 1024


class Logins(Protocol):
    """The logins at one broker.

    What is left to be done by hand comes back as sentences, in their order: none where all is done. Every
    method may be called again, and raises LoginsFailed for what it could not do.
    """

    @property
    def where(self) -> str:
        """Which broker, in words that follow "at"."""

    @property
    def can_act(self) -> bool:
        """Whether anything can be done, and not only be said."""

    @property
    def cabinets_port(self) -> int | None:
        """Where cabinets log in, if that is known to be another port than the relay's."""

    def add(self, username: str, password: str) -> list[str]:
        """Make a login, or give it another password; who is logged in with the old one may stay."""

    def remove(self, username: str) -> list[str]:
        """Take a login away, if it is there; `disconnect` ends its connections."""

    def disconnect(self, username: str) -> list[str]:
        """End all connections of a login, and their sessions."""

    def names(self) -> list[str] | None:
        """All logins, sorted; None where only the console shows them."""


def checked_name(username: str) -> str:
    """The name, if a login may be called so.

    Raises:
        LoginsFailed: it may not.
    """
    if _NAME.fullmatch(username) is None:
        raise LoginsFailed(f"{username!r:.80} is no name for a login: 1 to 64 of A-Z a-z 0-9 _ - .")
    return username


def checked_password(password: str) -> str:
    """The password, if every broker takes it; it is never part of a message.

    Raises:
        LoginsFailed: it is empty, too long, or has control characters.
    """
    if not password or len(password.encode()) > _MOST_PASSWORD_BYTES or not password.isprintable():
        raise LoginsFailed(
            f"a password has 1 to {_MOST_PASSWORD_BYTES} bytes and no control characters: "
            "make one with `openssl rand -hex 16`"
        )
    return password
