"""EDGE. Finds the price of links of the older kind, or says which one is to be made."""

from __future__ import annotations

from dataclasses import dataclass

from cloud_relay.errors import NotAtStripe
from cloud_relay.rules.setting_up.account import SoldPrice
from cloud_relay.rules.setting_up.price_setup import WantedPrice, other_price_remark, wanted_price
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import SetupSettings
from cloud_relay.stripe.setup import StripeSetup


@dataclass(frozen=True)
class PriceFound:
    """The price's id, or None where `wanted` is to be made; and what the operator should know."""

    price_id: str | None
    wanted: WantedPrice
    remarks: tuple[str, ...] = ()


def find_price(settings: SetupSettings, setup: StripeSetup) -> PriceFound:
    """By PRICE_ID, and where that sells nothing by the lookup key. Raises SettingsError."""
    try:
        wanted = wanted_price(settings.offers, settings.credit_amount)
    except ValueError as why:
        raise SettingsError.of([("CREDIT_AMOUNT", str(why))]) from None
    written = settings.stripe.default_price_id
    sold = _sold(setup, written) if written else None
    if sold is None or not sold.is_sellable:
        return PriceFound(setup.find_price(wanted), wanted)
    if wanted.is_sold_by(sold):
        return PriceFound(written, wanted)
    return PriceFound(written, wanted, (other_price_remark(written, sold, wanted),))


def _sold(setup: StripeSetup, price_id: str) -> SoldPrice | None:
    try:
        return setup.account.price(price_id)
    except NotAtStripe:
        return None
