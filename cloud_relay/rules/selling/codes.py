"""CORE. Codes that are typed or scanned at the door, and the offers that each of them makes."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.when import When

_PASSED_OVER = re.compile(r"[\s-]+")


@dataclass(frozen=True)
class Code:
    """Offers for whoever knows a code; kept is only its digest, which no log can give away."""

    digest: bytes = field(repr=False)
    name: str
    when: When
    machines: frozenset[str] | None
    offers: tuple[Offer, ...]

    def is_for(self, machine_id: str) -> bool:
        """Whether it is for this machine."""
        return self.machines is None or machine_id in self.machines

    def is_same(self, digest: bytes) -> bool:
        """Whether this is its digest; how long that takes does not tell how much of it is right."""
        return hmac.compare_digest(self.digest, digest)


def plain_code(text: str) -> str:
    """A code as it counts, however it was typed: large letters, without spaces and dashes."""
    return _PASSED_OVER.sub("", text).upper()


def digest_of(code: str) -> bytes:
    """What is kept of a code."""
    return hashlib.sha256(plain_code(code).encode()).digest()
