"""EDGE. What an operator keeps of each offer after Stripe's fee, in a terminal."""

from __future__ import annotations

from typing import TextIO

from cloud_relay.operator.table import table
from cloud_relay.rules.prices import price
from cloud_relay.rules.selling.fees import advice, fee_of, fee_words, lost_percent
from cloud_relay.rules.selling.offers import Offer, PriceList
from cloud_relay.rules.selling.on_sale import Offers

_HEAD = ("machine", "offer", "price", "fee", "your share", "lost")
_EVERY_OTHER = "(all others)"


def list_offers(offers: Offers, out: TextIO) -> int:
    """List each price list: an offer's price, Stripe's published fee, and what is left; then what to do."""
    lists = _lists(offers) | _for_a_time(offers)
    rows = [_row(machine, offer) for machine, prices in lists.items() for offer in prices.offers]
    out.write(table(_HEAD, rows))
    currencies = sorted({offer.currency for prices in lists.values() for offer in prices.offers})
    for currency in currencies:
        words = fee_words(currency) or "not known here, see stripe.com/pricing"
        out.write(f"Stripe's fee in {currency.upper()}: {words}.\n")
    out.write(
        "About, for a card of the account's own country: others cost more, and your contract may differ.\n"
    )
    for line in dict.fromkeys(line for prices in lists.values() for line in advice(prices.offers)):
        out.write(line + "\n")
    return 0


def _lists(offers: Offers) -> dict[str, PriceList]:
    own = {
        machine_id: prices
        for machine_id, prices in offers.machines.items()
        if prices.offers != offers.default
    }
    return own | {_EVERY_OTHER: PriceList(_EVERY_OTHER, offers.default)}


def _for_a_time(offers: Offers) -> dict[str, PriceList]:
    """What periods and codes sell, by their names, or their places in OFFERS."""
    found: dict[str, tuple[Offer, ...]] = {}
    for number, period in enumerate(offers.periods):
        name = period.name or f"periods[{number}]"
        if period.bonus is None:
            found[name] = period.offers
        else:
            usual = {machine: offers.of(machine).offers for machine in sorted(period.machines or ())}
            found |= {f"{name}, {machine}": period.offers_of(sold) for machine, sold in usual.items()}
            found |= {} if usual else {name: period.offers_of(offers.default)}
    for number, code in enumerate(offers.codes):
        found[code.name or f"codes[{number}]"] = code.offers
    return {name: PriceList(name, sold) for name, sold in found.items() if sold}


def _row(machine: str, offer: Offer) -> tuple[str, ...]:
    fee = fee_of(offer.amount, offer.currency)
    if fee is None:
        return (machine, offer.words, offer.price, "?", "?", "?")
    share = price(max(0, offer.amount - fee), offer.currency)
    return (machine, offer.words, offer.price, price(fee, offer.currency), share, f"{lost_percent(offer)} %")
