"""CORE. (purchase, now, language) -> what the player reads: nothing that Stripe does not bear out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloud_relay.rules.language import ENGLISH, Language
from cloud_relay.rules.purchase import Purchase
from cloud_relay.rules.refund_words import charged_line, refund_lines, refund_title, since_lines

# Most credits arrive within it, so that most players read "reserved" and then "on the machine".
RESERVED_FOR_S = 5


class State(StrEnum):
    """How far a purchase has come, as its page shows it."""

    UNSURE = "unsure"
    UNPAID = "unpaid"
    PROCESSING = "processing"
    RESERVED = "reserved"
    ON_ITS_WAY = "on_its_way"
    CHECKING = "checking"
    CHARGED = "charged"
    PARTIAL = "partial"
    REFUNDED = "refunded"
    REFUNDING = "refunding"
    NOT_REFUNDED = "not_refunded"
    NOT_CHARGED = "not_charged"
    EXPIRED = "expired"


# A refund may take days, and a dispute months: no page waits for them.
_FINAL = frozenset({
    State.CHARGED, State.PARTIAL, State.REFUNDED, State.REFUNDING, State.NOT_REFUNDED, State.NOT_CHARGED,
    State.EXPIRED,
})  # fmt: skip


@dataclass(frozen=True)
class PageText:
    """The page in words: a title, and a few lines under it."""

    state: State
    title: str
    lines: tuple[str, ...]

    @property
    def final(self) -> bool:
        """Whether the page has no more to wait for."""
        return self.state in _FINAL


def unsure(language: Language = ENGLISH) -> PageText:
    """The page while Stripe does not say how the purchase stands."""
    _ = language.gettext
    lines = (_("The payment service does not answer right now."), _("This page looks again by itself."))
    return PageText(State.UNSURE, _("One moment."), lines)


def page_text(purchase: Purchase, now_s: float, window_s: int, language: Language = ENGLISH) -> PageText:
    """The page as it should read now; `window_s` is the credit window, counted from the charge."""
    _ = language.gettext
    if purchase.session_status == "expired":
        closed = _("The payment page closed before a payment was made.")
        return PageText(State.EXPIRED, _("Nothing was charged."), (closed,))
    if purchase.session_status != "complete":
        still_open = _("The payment page is still open.")
        return PageText(State.UNPAID, _("You have not paid yet."), (still_open,))
    if purchase.payment_status == "canceled":
        return _not_charged(purchase, language)
    if purchase.is_refunded or purchase.is_owed:
        return _goes_back(purchase, language)
    if purchase.is_settled:
        return _settled(purchase, language)
    return _open(purchase, now_s, window_s, language)


def _open(purchase: Purchase, now_s: float, window_s: int, language: Language) -> PageText:
    """Paid, and no word from the machine."""
    _ = language.gettext
    if purchase.charged_s is None or purchase.payment_status not in ("requires_capture", "succeeded"):
        again = _("This page looks again by itself.")
        return PageText(State.PROCESSING, _("Your payment is being processed."), (again,))
    age_s, money = now_s - purchase.charged_s, _money_so_far(purchase, language)
    if age_s < RESERVED_FOR_S:
        return PageText(State.RESERVED, _("Your payment has arrived."), money)
    if age_s < window_s:
        title = language.ngettext(
            "Your credit is on its way.", "Your credits are on their way.", _how_many(purchase)
        )
        return PageText(State.ON_ITS_WAY, title, (_("Keep an eye on the machine."), *money))
    wait = _("Its answer can take a day or more. You need not keep this page open.")
    return PageText(State.CHECKING, _("We are checking with the machine."), (*money, wait))


def _money_so_far(purchase: Purchase, language: Language) -> tuple[str, str]:
    _, amount = language.gettext, language.price(purchase.amount, purchase.currency)
    if purchase.immediate:
        paid = _("You paid {amount}.").format(amount=amount)
        return paid, _("Credits that do not arrive are refunded.")
    reserved = _("{amount} is reserved, nothing is charged yet.").format(amount=amount)
    return reserved, _("You are only charged for credits that arrive.")


def _settled(purchase: Purchase, language: Language) -> PageText:
    _ = language.gettext
    if purchase.disputed:
        doubt = _("The machine said two different things about your credits. Please ask the staff.")
        return _charged(purchase, doubt, language)
    if purchase.settled is None and not purchase.immediate:
        by_hand = _("If your credits did not arrive, please ask the staff.")
        return _charged(purchase, by_hand, language)
    lines = (charged_line(purchase, language), *since_lines(purchase, language))
    if purchase.is_whole:
        title = language.ngettext(
            "Your credit is on the machine.", "Your credits are on the machine.", _how_many(purchase)
        )
        return PageText(State.CHARGED, title, lines)
    return PageText(State.PARTIAL, _some_arrived(purchase, language), lines)


def _charged(purchase: Purchase, line: str, language: Language) -> PageText:
    """For a charge that no receipt of the machine bears out."""
    amount = language.price(purchase.price, purchase.currency)
    title = language.gettext("You were charged {amount}.").format(amount=amount)
    return PageText(State.CHARGED, title, (line, *since_lines(purchase, language)))


def _some_arrived(purchase: Purchase, language: Language) -> str:
    if purchase.credits_delivered is None or purchase.credits is None:
        return language.gettext("Not all of your credits reached the machine.")
    return language.gettext("{arrived} of {credits} credits reached the machine.").format(
        arrived=purchase.credits_delivered, credits=purchase.credits
    )


def _goes_back(purchase: Purchase, language: Language) -> PageText:
    state = State.NOT_REFUNDED
    if purchase.is_refunded:
        state = State.REFUNDING if purchase.refunding else State.REFUNDED
    return PageText(state, refund_title(purchase, language), refund_lines(purchase, language))


def _not_charged(purchase: Purchase, language: Language) -> PageText:
    # Not "the machine did not take it": a reservation is also cancelled where the machine never
    # answered, or where what arrived costs less than Stripe charges.
    _ = language.gettext
    if purchase.disputed or purchase.arrived:
        cancelled = _("The reservation of {amount} was cancelled.")
    elif purchase.unsellable:
        cancelled = _(
            "The reservation of {amount} was cancelled, because the machine sells nothing at that price."
        )
    elif purchase.released_by_hand:
        cancelled = _("The reservation of {amount} was cancelled.")
    else:
        cancelled = _(
            "The reservation of {amount} was cancelled, because the machine did not confirm your credits."
        )
    amount = language.price(purchase.amount, purchase.currency)
    pending = _("Your bank may still show it as pending for a few days.")
    title = _("You have not been charged.")
    return PageText(State.NOT_CHARGED, title, (cancelled.format(amount=amount), pending))


def _how_many(purchase: Purchase) -> int:
    """The credits bought; where nobody knows, more than one."""
    return 2 if purchase.credits is None else purchase.credits
