"""EDGE. The account's API keys, and what each may do."""

from __future__ import annotations

import secrets
import threading

from simulator.stripe.model.errors import Refusal
from simulator.stripe.model.permissions import Permissions

LIVE_KEYS = ("sk_live_", "rk_live_")


class LiveKeyRefused(ValueError):
    """A key that moves real money was given to the stand-in."""


class ApiKeys:
    """Keys by their text; for threads. A key may do everything unless its permissions say otherwise."""

    def __init__(self) -> None:
        self._permissions: dict[str, Permissions] = {}
        self._lock = threading.Lock()

    def allow(self, key: str, permissions: Permissions | None = None) -> None:
        """Let a key in, or change what it may do. Raises LiveKeyRefused for a live key."""
        if key.startswith(LIVE_KEYS):
            raise LiveKeyRefused(
                f"The stand-in Stripe was given a key of kind {key[:8]}: use one of kind sk_test_"
            )
        with self._lock:
            self._permissions[key] = permissions or {}

    def forget(self, key: str) -> None:
        """Take a key back, as rolling it does."""
        with self._lock:
            self._permissions.pop(key, None)

    def permissions(self, key: str) -> Permissions:
        """What a key may do. Raises Refusal (401) for one that is missing or wrong."""
        if not key:
            missing = "You did not provide an API key. You need to provide it in the Authorization header."
            raise Refusal(missing, status=401)
        with self._lock:
            for known, permissions in self._permissions.items():
                if secrets.compare_digest(key.encode(), known.encode()):
                    return permissions
        raise Refusal(f"Invalid API Key provided: ****{key[-4:]}", status=401)
