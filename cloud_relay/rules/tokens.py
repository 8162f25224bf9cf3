"""CORE. Machine tokens, which a cabinet shows to the relay and which nobody has to store."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_TOKEN = re.compile(r"([1-9][0-9]{0,8})\.[0-9a-f]{64}")
# A machine's next tokens, which it may have before the relay's settings name their number.
_NUMBERS_AHEAD = 8


def machine_token(relay_secret: str, machine_id: str, number: int) -> str:
    """The `number`-th token of a machine: `<number>.<HMAC-SHA256 in hex>`."""
    message = f"{machine_id}:{number}".encode()
    return f"{number}." + hmac.new(relay_secret.encode(), message, hashlib.sha256).hexdigest()


def relay_tag(relay_secret: str) -> str:
    """What tells this relay's payments from another relay's on the same Stripe account; no secret itself."""
    return hmac.new(relay_secret.encode(), b"relay tag", hashlib.sha256).hexdigest()[:16]


def token_tag(token: str) -> str:
    """What tells which token a machine uses, and no more: nobody makes the token from it.

    Cabinets make it in the same way, for their status.
    """
    return hmac.new(token.encode(), b"token tag", hashlib.sha256).hexdigest()[:16]


class TokenUse(StrEnum):
    """Of which secret the token is that a machine uses, in the words of a list."""

    NEW = "new"
    OLD = "old"
    NEITHER = "neither: revoked, or another relay's"
    NOT_KNOWN = "not known"


@dataclass(frozen=True)
class TokenBook:
    """Issues and checks the tokens of all machines.

    `smallest_numbers` names the smallest number still valid for a machine; raising it revokes every
    token of that machine that was issued before. While the relay's secret is changed, tokens made with
    the `old_secret` are as good as new ones.
    """

    relay_secret: str = field(repr=False)
    smallest_numbers: Mapping[str, int]
    old_secret: str | None = field(default=None, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets whose tokens are accepted, the one that makes new tokens first."""
        return (self.relay_secret,) if self.old_secret is None else (self.relay_secret, self.old_secret)

    @property
    def sealing_secret(self) -> str:
        """The secret that each of the relay's processes has, those too that have not heard of a new one yet.

        What one process gives a phone or sells is often shown to another.
        """
        return self.secrets[-1]

    def issue(self, machine_id: str) -> str:
        """The token that the machine should use from now on."""
        return machine_token(self.relay_secret, machine_id, self.smallest(machine_id))

    def signing(self, machine_id: str) -> tuple[str, ...]:
        """The tokens that the machine may use now, each of which signs its coin pulses; the oldest first."""
        smallest = self.smallest(machine_id)
        return tuple(machine_token(secret, machine_id, smallest) for secret in reversed(self.secrets))

    def use_of(self, machine_id: str, tag: str) -> TokenUse:
        """Of which secret the token is that a machine shows by this tag; without one nobody knows."""
        if not tag:
            return TokenUse.NOT_KNOWN
        smallest = self.smallest(machine_id)
        for use, secret in zip((TokenUse.NEW, TokenUse.OLD), self.secrets, strict=False):
            for number in range(smallest, smallest + _NUMBERS_AHEAD):
                if token_tag(machine_token(secret, machine_id, number)) == tag:
                    return use
        return TokenUse.NEITHER

    def accepts(self, token: str, machine_id: str) -> bool:
        """Whether `token` was issued for this machine and has not been revoked."""
        parts = _TOKEN.fullmatch(token)
        if parts is None or int(parts[1]) < self.smallest(machine_id):
            return False
        expected = (machine_token(secret, machine_id, int(parts[1])) for secret in self.secrets)
        return any(hmac.compare_digest(each.encode(), token.encode()) for each in expected)

    def smallest(self, machine_id: str) -> int:
        """The number of the machine's oldest token that is not revoked."""
        return self.smallest_numbers.get(machine_id, 1)
