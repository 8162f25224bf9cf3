"""CORE. Who else is on the Stripe account: its webhook endpoints, and payments that are not this relay's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cloud_relay.rules.orders import RELAY_TAG, Ownership


@dataclass(frozen=True)
class Endpoint:
    """Where Stripe sends events to; `version` None is the account's default, `events` may be `*`.

    `secret_print` is of the secret that was told when `setup stripe` made it: see `secret_print`.
    """

    url: str
    events: frozenset[str]
    version: str | None
    is_enabled: bool = True
    is_thin: bool = False
    id: str = ""
    created_s: int = 0
    secret_print: str | None = None

    def is_of_release(self, version: str) -> bool:
        """Whether it speaks that version's release, within which nothing changes that breaks."""
        return self.version is not None and _release(self.version) == _release(version)

    def misses(self, wanted: Iterable[str]) -> list[str]:
        """The events that it is not subscribed to."""
        return [] if "*" in self.events else [event for event in wanted if event not in self.events]


def _release(version: str) -> str:
    """A version's release: `clover` of `2025-09-30.clover`; before those had names, the whole."""
    return version.partition(".")[2] or version


def secret_print(secret: str) -> str:
    """What tells a webhook's secret from another one, and nothing of it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Seller:
    """A relay that sold something, by its tag (None: an older one that left none), and its machines."""

    tag: str | None
    payments: int
    machines: frozenset[str]


def sellers(sold: Iterable[Mapping[str, str]]) -> list[Seller]:
    """Who sold these, by the metadata of each; what names no machine is no sale of any relay."""
    found: dict[str | None, list[str]] = {}
    for metadata in sold:
        if machine_id := metadata.get("machine_id"):
            found.setdefault(metadata.get(RELAY_TAG), []).append(machine_id)
    return [Seller(tag, len(found[tag]), frozenset(found[tag])) for tag in sorted(found, key=str)]


def machines_of(ownership: Ownership, found: Iterable[Seller], named: Iterable[str]) -> frozenset[str]:
    """The machines that are surely this relay's: those in its settings, and those it sold for."""
    ours = [seller.machines for seller in found if seller.tag in ownership.tags]
    return frozenset(named).union(*ours)
