"""EDGE. What an operator keeps of each offer after Stripe's fee, in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from cloud_relay.operator.table import table
from cloud_relay.rules.prices import price
from cloud_relay.rules.selling.fees import advice, fee_of, fee_words, lost_percent
from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.on_sale import Offers

_HEAD = ("machine", "offer", "price", "fee", "your share", "lost")
_EVERY_OTHER = "(all others)"

# Whose it is or when it holds, and what is sold.
_PriceList = tuple[str, tuple[Offer, ...]]


def list_offers(offers: Offers, out: TextIO) -> int:
    """List each price list: an offer's price, Stripe's published fee, and what is left; then what to do."""
    lists = [*_usual(offers), *_of_periods(offers), *_of_codes(offers)]
    out.write(table(_HEAD, [_row(name, offer) for name, sold in lists for offer in sold]))
    for currency in sorted({offer.currency for _, sold in lists for offer in sold}):
        words = fee_words(currency) or "not known here, see stripe.com/pricing"
        out.write(f"Stripe's fee in {currency.upper()}: {words}.\n")
    out.write(
        "About, for a card of the account's own country: others cost more, and your contract may differ.\n"
    )
    for line in dict.fromkeys(line for _, sold in lists if sold for line in advice(sold)):
        out.write(line + "\n")
    return 0


def _usual(offers: Offers) -> Iterator[_PriceList]:
    for machine_id, prices in offers.machines.items():
        if prices.offers != offers.default:
            yield machine_id, prices.offers
    yield _EVERY_OTHER, offers.default


def _of_periods(offers: Offers) -> Iterator[_PriceList]:
    """What periods sell, by their names or their places; a bonus is one for each of its machines."""
    for number, period in enumerate(offers.periods):
        name = period.name or f"periods[{number}]"
        if period.bonus is None:
            yield name, period.offers
            continue
        named = [(machine_id, offers.of(machine_id).offers) for machine_id in sorted(period.machines or ())]
        for machine_id, usual in named or _usual(offers):
            yield f"{name}, {machine_id}", period.offers_of(usual)


def _of_codes(offers: Offers) -> Iterator[_PriceList]:
    for number, code in enumerate(offers.codes):
        yield code.name or f"codes[{number}]", code.offers


def _row(machine: str, offer: Offer) -> tuple[str, ...]:
    fee = fee_of(offer.amount, offer.currency)
    if fee is None:
        return (machine, offer.words, offer.price, "?", "?", "?")
    share = price(max(0, offer.amount - fee), offer.currency)
    return (machine, offer.words, offer.price, price(fee, offer.currency), share, f"{lost_percent(offer)} %")
