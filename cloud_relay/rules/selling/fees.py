"""CORE. What is left of a price after Stripe's fee: about, for a card of the account's own country.

Stripe publishes a fee for each country; the currency stands for the country here. Sources:
https://stripe.com/pricing , /en-ca/pricing and /jp/pricing , and on https://support.stripe.com/questions/ the
pages pricing-updates-for-businesses-based-in-the-european-economic-area-(eea) ,
pricing-updates-for-businesses-in-the-united-kingdom ,
april-2024-pricing-update-for-businesses-on-standard-pricing-in-australia ,
october-2023-pricing-updates-for-global-standard-pricing-users and
faq-for-pricing-of-international-card-payments-in-singapore-and-hong-kong .
"""

from __future__ import annotations

from cloud_relay.rules.charges import smallest_step
from cloud_relay.rules.orders import MOST_CREDITS
from cloud_relay.rules.prices import price
from cloud_relay.rules.selling.offers import Offer

# A share of the price in hundredths of a percent, and a sum in minor units.
_FEES = {
    "usd": (290, 30), "cad": (290, 30), "eur": (150, 25), "gbp": (150, 20), "aud": (170, 30),
    "nzd": (270, 30), "sgd": (340, 50), "jpy": (360, 0), "czk": (150, 650), "dkk": (150, 180),
    "huf": (150, 8500), "pln": (150, 100), "ron": (150, 100), "sek": (150, 180),
}  # fmt: skip
# From here on a sale is called dear.
_DEAR_PERCENT = 20
_BUNDLES = (3, 5, 10, 20)


def fee_of(amount: int, currency: str) -> int | None:
    """Stripe's fee on a charge, in minor units, rounded; None where none is published for the currency."""
    if currency not in _FEES:
        return None
    share, fixed = _FEES[currency]
    return (amount * share + 5000) // 10_000 + fixed


def fee_words(currency: str) -> str | None:
    """The fee as Stripe publishes it: `2.9 % + $0.30`."""
    if currency not in _FEES:
        return None
    share, fixed = _FEES[currency]
    percent = f"{share // 100}.{share % 100 // 10} %"
    return f"{percent} + {price(fixed, currency)}" if fixed else percent


def lost_percent(offer: Offer) -> int:
    """How much of an offer's price goes to Stripe, in percent; 0 where that is not known."""
    fee = fee_of(offer.amount, offer.currency) or 0
    return (100 * fee + offer.amount // 2) // offer.amount


def advice(offers: tuple[Offer, ...]) -> list[str]:
    """What to do about offers of one price list that lose much to Stripe's fee."""
    cheapest = min(offers, key=lost_percent)
    return [_advice(offer, cheapest) for offer in offers if lost_percent(offer) >= _DEAR_PERCENT]


def _advice(offer: Offer, cheapest: Offer) -> str:
    lost = lost_percent(offer)
    loses = f"{offer.words} for {offer.price} loses about {_part(lost)} to Stripe's fee"
    if lost_percent(cheapest) < _DEAR_PERCENT:
        return f"{loses}, {cheapest.words} for {cheapest.price} only {lost_percent(cheapest)} %."
    bundle = _bundle(offer)
    if bundle is None:
        return f"{loses}: sell more credits at once."
    return f"{loses}: offer a bundle, such as {bundle.words} for {bundle.price} ({lost_percent(bundle)} %)."


def _bundle(offer: Offer) -> Offer | None:
    """More credits at once, at five sixths of their price, which loses little to the fee."""
    step = smallest_step(offer.currency)
    for times in _BUNDLES:
        amount = _round(offer.amount * times * 5 // 6)
        bundle = Offer(offer.credits * times, amount - amount % step, offer.currency)
        if bundle.credits <= MOST_CREDITS and lost_percent(bundle) < _DEAR_PERCENT:
            return bundle
    return None


def _round(amount: int) -> int:
    """The amount with two figures that count: nobody prices at 1.87."""
    unit: int = 10 ** max(0, len(str(amount)) - 2)
    return amount // unit * unit


def _part(percent: int) -> str:
    named = {range(23, 28): " (a quarter)", range(31, 37): " (a third)", range(46, 54): " (half)"}
    return f"{percent} %" + "".join(words for part, words in named.items() if percent in part)
