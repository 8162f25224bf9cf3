"""What every route of the relay is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloud_relay.publish import Publisher
from cloud_relay.settings import Settings

if TYPE_CHECKING:
    from cloud_relay.stripe_payments import StripePayments


@dataclass(frozen=True)
class Relay:
    """The settings and the edges; `clock` gives Unix seconds, `stripe` makes its client once."""

    settings: Settings
    publisher: Publisher
    stripe: Callable[[], StripePayments]
    clock: Callable[[], float]
