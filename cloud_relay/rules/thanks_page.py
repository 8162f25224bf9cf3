"""CORE. (purchase, now) -> what the player reads: nothing that Stripe does not bear out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloud_relay.rules.prices import price
from cloud_relay.rules.purchase import Purchase
from cloud_relay.rules.refund_words import refund_lines, refund_title, rest_of, since_lines

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


UNSURE = PageText(
    State.UNSURE,
    "One moment.",
    ("The payment service does not answer right now.", "This page looks again by itself."),
)
_UNPAID = PageText(State.UNPAID, "You have not paid yet.", ("The payment page is still open.",))
_EXPIRED = PageText(
    State.EXPIRED, "Nothing was charged.", ("The payment page closed before a payment was made.",)
)
_PROCESSING = PageText(
    State.PROCESSING, "Your payment is being processed.", ("This page looks again by itself.",)
)


def page_text(purchase: Purchase, now_s: float, window_s: int) -> PageText:
    """The page as it should read now; `window_s` is the credit window, counted from the charge."""
    if purchase.session_status == "expired":
        return _EXPIRED
    if purchase.session_status != "complete":
        return _UNPAID
    if purchase.payment_status == "canceled":
        return _not_charged(purchase)
    if purchase.is_refunded or purchase.is_owed:
        return _goes_back(purchase)
    if purchase.is_settled:
        return _settled(purchase)
    return _open(purchase, now_s, window_s)


def _open(purchase: Purchase, now_s: float, window_s: int) -> PageText:
    """Paid, and no word from the machine."""
    if purchase.charged_s is None or purchase.payment_status not in ("requires_capture", "succeeded"):
        return _PROCESSING
    age_s, money = now_s - purchase.charged_s, _money_so_far(purchase)
    if age_s < RESERVED_FOR_S:
        return PageText(State.RESERVED, "Your payment has arrived.", money)
    if age_s < window_s:
        title = _one_or_more(purchase, "Your credit is on its way.", "Your credits are on their way.")
        return PageText(State.ON_ITS_WAY, title, ("Keep an eye on the machine.", *money))
    wait = "Its answer can take a day or more. You need not keep this page open."
    return PageText(State.CHECKING, "We are checking with the machine.", (*money, wait))


def _money_so_far(purchase: Purchase) -> tuple[str, str]:
    amount = price(purchase.amount, purchase.currency)
    if purchase.immediate:
        return f"You paid {amount}.", "Credits that do not arrive are refunded."
    return f"{amount} is reserved, nothing is charged yet.", "You are only charged for credits that arrive."


def _settled(purchase: Purchase) -> PageText:
    if purchase.disputed:
        return _disputed(purchase)
    if purchase.settled is None and not purchase.immediate:
        return _captured_by_hand(purchase)
    charged = f"Charged {price(purchase.price, purchase.currency)}"
    since = since_lines(purchase)
    if purchase.is_whole:
        title = _one_or_more(purchase, "Your credit is on the machine.", "Your credits are on the machine.")
        return PageText(State.CHARGED, title, (f"{charged}.", *since))
    return PageText(State.PARTIAL, _some_arrived(purchase), (f"{charged}{rest_of(purchase)}.", *since))


def _disputed(purchase: Purchase) -> PageText:
    amount = price(purchase.price, purchase.currency)
    doubt = "The machine said two different things about your credits. Please ask the staff."
    return PageText(State.CHARGED, f"You were charged {amount}.", (doubt, *since_lines(purchase)))


def _captured_by_hand(purchase: Purchase) -> PageText:
    amount = price(purchase.price, purchase.currency)
    ask = "If your credits did not arrive, please ask the staff."
    return PageText(State.CHARGED, f"You were charged {amount}.", (ask, *since_lines(purchase)))


def _some_arrived(purchase: Purchase) -> str:
    if purchase.credits_delivered is None or purchase.credits is None:
        return "Not all of your credits reached the machine."
    return f"{purchase.credits_delivered} of {purchase.credits} credits reached the machine."


def _goes_back(purchase: Purchase) -> PageText:
    state = State.NOT_REFUNDED
    if purchase.is_refunded:
        state = State.REFUNDING if purchase.refunding else State.REFUNDED
    return PageText(state, refund_title(purchase), refund_lines(purchase))


def _not_charged(purchase: Purchase) -> PageText:
    # Not "the machine did not take it": a reservation is also cancelled where the machine never
    # answered, or where what arrived costs less than Stripe charges.
    cancelled = f"The reservation of {price(purchase.amount, purchase.currency)} was cancelled"
    why = ", because the machine did not confirm your credits."
    if purchase.disputed or purchase.arrived:
        why = "."
    elif purchase.unsellable:
        why = ", because the machine sells nothing at that price."
    elif purchase.released_by_hand:
        why = "."
    pending = "Your bank may still show it as pending for a few days."
    return PageText(State.NOT_CHARGED, "You have not been charged.", (cancelled + why, pending))


def _one_or_more(purchase: Purchase, one: str, more: str) -> str:
    return one if purchase.credits == 1 else more
