"""A cabinet's link to a broker that tries again at once, for tests of anything but its patience."""

from __future__ import annotations

from controller.cloud.broker import Broker

FIRST_S, MOST_S = 0.1, 0.5


def hurried(broker: Broker) -> Broker:
    """Have a link that has not begun wait tenths of a second between attempts, instead of up to forty."""
    broker._client.reconnect_delay_set(FIRST_S, MOST_S)  # type: ignore[arg-type]  # paho takes fractions too
    return broker
