"""CORE. The price that links of the older kind sell: one credit, found again by its lookup key."""

from __future__ import annotations

from dataclasses import dataclass

from cloud_relay.rules.prices import price
from cloud_relay.rules.selling.currencies import price_problem
from cloud_relay.rules.selling.on_sale import Offers
from cloud_relay.rules.setting_up.account import SoldPrice

PRODUCT_ID, PRODUCT_NAME = "cloud_relay_credit", "Arcade credit"
_OTHERWISE = 100


@dataclass(frozen=True)
class WantedPrice:
    """One credit for so many minor units."""

    amount: int
    currency: str

    @property
    def lookup_key(self) -> str:
        """What it is found by; with the amount in it, for several relays may share an account."""
        return f"arcade_credit_{self.currency}_{self.amount}"

    @property
    def text(self) -> str:
        """What will be made."""
        what = f"one credit for {price(self.amount, self.currency)}, for links of the older kind"
        return f"make a price, {what}; and its product, {PRODUCT_NAME}, where there is none"

    def is_sold_by(self, sold: SoldPrice) -> bool:
        """Whether a price at Stripe is this one."""
        return sold.is_sellable and (sold.amount, sold.currency) == (self.amount, self.currency)


def wanted_price(offers: Offers, credit_amount: int | None) -> WantedPrice:
    """What one credit costs: CREDIT_AMOUNT, or else what OFFERS asks for a single one.

    Raises:
        ValueError: Stripe would not charge it; the message says what would be right.
    """
    singles = [offer.amount for offer in offers.default if offer.credits == 1]
    amount = credit_amount or (singles[0] if singles else _OTHERWISE)
    currency = offers.default[0].currency
    if problem := price_problem(amount, currency):
        raise ValueError(f"is {amount}, for one credit in {currency}: {problem}")
    return WantedPrice(amount, currency)


def other_price_remark(price_id: str, sold: SoldPrice, wanted: WantedPrice) -> str:
    """PRICE_ID can be sold, and is not what the settings say: whoever wrote it may have meant it."""
    costs = price(sold.amount or 0, sold.currency)
    said = f"the settings say {price(wanted.amount, wanted.currency)} for one credit"
    return f"PRICE_ID is {price_id}, {costs}, and {said}: it stays; unset it to have another made"
