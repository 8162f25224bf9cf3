"""CORE. A payment page that was opened a moment ago: its phone keeps it in a cookie, and may have it again.

The relay holds nothing, so the cookie is all there is; it is signed, for an address in it that somebody
made up would send a player anywhere. It names no person and no phone, and ends by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

# Long enough for a step back and another tap. A session that was paid meanwhile must not be offered long.
OFFERED_AGAIN_FOR_S = 120
_SEALED = re.compile(r"(\d{1,12})\|([0-9a-z-]{1,40})\|([0-9a-f]{64})\|([!#-+\--:<-\[\]-~]{1,2000})")


@dataclass(frozen=True)
class OpenCheckout:
    """The payment page of one offer at one machine, opened at `opened_s` (Unix seconds)."""

    machine_id: str
    offer_key: str
    opened_s: int
    url: str

    def sealed(self, relay_secret: str) -> str:
        """The cookie's text."""
        return f"{self.opened_s}|{self.offer_key}|{self._seal(relay_secret)}|{self.url}"

    def is_offered_again(self, offer_key: str, now_s: float, paid_s: float | None) -> bool:
        """Whether the same button leads here again; `paid_s` is when its machine was last paid for."""
        fresh = self.opened_s <= now_s < self.opened_s + OFFERED_AGAIN_FOR_S
        # Whose payment that was, the webhook does not tell: at worst, somebody gets a new page.
        return fresh and self.offer_key == offer_key and (paid_s is None or paid_s < self.opened_s)

    def _seal(self, relay_secret: str) -> str:
        message = f"open checkout\n{self.machine_id}\n{self.offer_key}\n{self.opened_s}\n{self.url}"
        return hmac.new(relay_secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def unsealed(text: str, machine_id: str, secrets: Iterable[str]) -> OpenCheckout | None:
    """The payment page in a cookie; None where this relay did not write it for this machine."""
    parts = _SEALED.fullmatch(text)
    if parts is None:
        return None
    found = OpenCheckout(machine_id, parts[2], int(parts[1]), parts[4])
    seals = [found._seal(secret) for secret in secrets]
    return found if any(hmac.compare_digest(seal, parts[3]) for seal in seals) else None
