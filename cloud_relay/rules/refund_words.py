"""CORE. What a player is told of refunds: never as done what is not."""

from __future__ import annotations

from cloud_relay.rules.prices import price
from cloud_relay.rules.purchase import Purchase

FEW_DAYS = "Your bank may take a few days to show it."
ASK_THE_STAFF = "Please ask the staff: they can give it back another way."
_AT_THE_BANK = "It is disputed at your bank, which decides about the money."


def refund_title(purchase: Purchase) -> str:
    """The title where all that was paid has to go back."""
    if purchase.is_refunded:
        on_its_way = purchase.refunding > 0
        return "Your refund is on its way." if on_its_way else "Your payment was refunded."
    if purchase.at_the_bank:
        return "Your bank decides about this payment."
    return "Your refund did not reach you." if purchase.refund_failed else "Your payment was not refunded."


def refund_lines(purchase: Purchase) -> tuple[str, ...]:
    """The lines under that title."""
    # Of a reservation, only what was captured can be refunded; the rest was never taken.
    paid = price(purchase.received, purchase.currency)
    if purchase.is_refunded and purchase.refunding:
        return f"You get {paid} back.", "Your bank has not confirmed it yet."
    if purchase.is_refunded:
        return f"You get {paid} back.", FEW_DAYS
    if purchase.at_the_bank:
        return f"You paid {paid}.", _AT_THE_BANK
    return f"You paid {paid}, which should have come back to you.", ASK_THE_STAFF


def rest_of(purchase: Purchase) -> str:
    """What became of the rest of a payment of which a part was charged."""
    if purchase.received < purchase.amount and purchase.received <= purchase.price:
        return ", the rest was released"
    if purchase.refund_failed or purchase.received <= purchase.price:
        return ""
    return ", the rest is being refunded" if purchase.refunding else ", the rest was refunded"


def since_lines(purchase: Purchase) -> tuple[str, ...]:
    """What else happened to the money of credits that arrived."""
    lines = []
    if (back := purchase.given_back_since) > 0:
        done = "is being refunded" if purchase.refunding else "was refunded since"
        lines.append(f"{price(back, purchase.currency)} of it {done}.")
    if purchase.refund_failed:
        failed = price(purchase.refund_failed, purchase.currency)
        lines.append(f"A refund of {failed} did not reach you. {ASK_THE_STAFF}")
    elif purchase.at_the_bank:
        lines.append(_AT_THE_BANK)
    return tuple(lines)
