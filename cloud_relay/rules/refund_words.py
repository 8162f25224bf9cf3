"""CORE. What a player is told of refunds: never as done what is not."""

from __future__ import annotations

from cloud_relay.rules.language import Language
from cloud_relay.rules.purchase import Purchase


def refund_title(purchase: Purchase, language: Language) -> str:
    """The title where all that was paid has to go back."""
    _ = language.gettext
    if purchase.is_refunded and purchase.refunding > 0:
        return _("Your refund is on its way.")
    if purchase.is_refunded:
        return _("Your payment was refunded.")
    if purchase.at_the_bank:
        return _("Your bank decides about this payment.")
    if purchase.refund_failed:
        return _("Your refund did not reach you.")
    return _("Your payment was not refunded.")


def refund_lines(purchase: Purchase, language: Language) -> tuple[str, ...]:
    """The lines under that title."""
    # Of a reservation, only what was captured can be refunded; the rest was never taken.
    _, paid = language.gettext, language.price(purchase.received, purchase.currency)
    if purchase.is_refunded:
        back = _("You get {amount} back.").format(amount=paid)
        if purchase.refunding:
            return back, _("Your bank has not confirmed it yet.")
        return back, _("Your bank may take a few days to show it.")
    if purchase.at_the_bank:
        return _("You paid {amount}.").format(amount=paid), _at_the_bank(language)
    owed = _("You paid {amount}, which should have come back to you.").format(amount=paid)
    return owed, _("Please ask the staff: they can give it back another way.")


def charged_line(purchase: Purchase, language: Language) -> str:
    """What was charged, and what became of the rest of a payment of which only a part was."""
    amount = language.price(purchase.price, purchase.currency)
    return _charged_words(purchase, language).format(amount=amount)


def _charged_words(purchase: Purchase, language: Language) -> str:
    _ = language.gettext
    if purchase.received < purchase.amount and purchase.received <= purchase.price:
        return _("Charged {amount}, the rest was released.")
    if purchase.refund_failed or purchase.received <= purchase.price or purchase.is_whole:
        return _("Charged {amount}.")
    if purchase.refunding:
        return _("Charged {amount}, the rest is being refunded.")
    return _("Charged {amount}, the rest was refunded.")


def since_lines(purchase: Purchase, language: Language) -> tuple[str, ...]:
    """What else happened to the money of credits that arrived."""
    _, lines = language.gettext, []
    if (back := purchase.given_back_since) > 0:
        words = _("{amount} of it was refunded since.")
        if purchase.refunding:
            words = _("{amount} of it is being refunded.")
        lines.append(words.format(amount=language.price(back, purchase.currency)))
    if purchase.refund_failed:
        failed = _(
            "A refund of {amount} did not reach you. Please ask the staff: they can give it back another way."
        )
        lines.append(failed.format(amount=language.price(purchase.refund_failed, purchase.currency)))
    elif purchase.at_the_bank:
        lines.append(_at_the_bank(language))
    return tuple(lines)


def _at_the_bank(language: Language) -> str:
    return language.gettext("It is disputed at your bank, which decides about the money.")
