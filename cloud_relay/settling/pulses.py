"""EDGE. Sends a paid order to its cabinet."""

from __future__ import annotations

from cloud_relay.relay import Relay
from cloud_relay.rules.messages import coinpulse, coinpulse_topic, signature
from cloud_relay.rules.orders import Order


def publish_pulse(relay: Relay, order: Order, payment_id: str, *, named_s: int, expiry_s: int) -> None:
    """Publish the signed coin pulse of a payment; the same payment always makes the same bytes.

    `named_s` is its time at Stripe that never changes. The broker forgets the pulse after `expiry_s`.
    Raises as `Publisher.publish` does.
    """
    payload = coinpulse(order, payment_id, named_s, relay.settings.credit_window_s)
    relay.publisher.publish(
        coinpulse_topic(order.machine_id),
        payload,
        expiry_s=expiry_s,
        user_properties={"sig": signature(relay.settings.tokens.issue(order.machine_id), payload)},
    )
