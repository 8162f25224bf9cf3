"""CORE. Machine tokens, which a cabinet shows to the relay and which nobody has to store."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"([1-9][0-9]{0,8})\.[0-9a-f]{64}")


def machine_token(relay_secret: str, machine_id: str, number: int) -> str:
    """The `number`-th token of a machine: `<number>.<HMAC-SHA256 in hex>`."""
    message = f"{machine_id}:{number}".encode()
    return f"{number}." + hmac.new(relay_secret.encode(), message, hashlib.sha256).hexdigest()


def relay_tag(relay_secret: str) -> str:
    """What tells this relay's payments from another relay's on the same Stripe account; no secret itself."""
    return hmac.new(relay_secret.encode(), b"relay tag", hashlib.sha256).hexdigest()[:16]


@dataclass(frozen=True)
class TokenBook:
    """Issues and checks the tokens of all machines.

    `smallest_numbers` names the smallest number still valid for a machine; raising it revokes every
    token of that machine that was issued before.
    """

    relay_secret: str = field(repr=False)
    smallest_numbers: Mapping[str, int]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets whose tokens are accepted, the one that makes new tokens first."""
        return (self.relay_secret,)

    def issue(self, machine_id: str) -> str:
        """The token that the machine should use now; the relay signs its coin pulses with it."""
        return machine_token(self.relay_secret, machine_id, self._smallest(machine_id))

    def accepts(self, token: str, machine_id: str) -> bool:
        """Whether `token` was issued for this machine and has not been revoked."""
        parts = _TOKEN.fullmatch(token)
        if parts is None or int(parts[1]) < self._smallest(machine_id):
            return False
        expected = machine_token(self.relay_secret, machine_id, int(parts[1]))
        return hmac.compare_digest(expected.encode(), token.encode())

    def _smallest(self, machine_id: str) -> int:
        return self.smallest_numbers.get(machine_id, 1)
