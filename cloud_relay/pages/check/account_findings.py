"""CORE. What is found of the Stripe account: that it charges, in what, by what, and what the payer reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong
from cloud_relay.rules.prices import price
from cloud_relay.rules.setting_up.account import WALLETS, Account, Methods, SoldPrice

_DASHBOARD = "in Stripe's Dashboard"
_METHODS = f"{_DASHBOARD}, Settings, Payments, Payment methods"
# The shortest and the longest that Stripe prints before "* " and a payment's own words.
_SHORTEST_PREFIX, _LONGEST_PREFIX = 2, 10


def account_findings(account: Account, currencies: Iterable[str], *, is_live: bool) -> Iterator[Finding]:
    """Of an account, beside the currencies of OFFERS."""
    yield _charges(account, is_live=is_live)
    foreign = sorted(set(currencies) - {account.currency})
    if foreign:
        text = f"prices are in {', '.join(foreign)}, and the account is paid out in {account.currency}"
        yield warning(
            text,
            f"Sell in {account.currency}, or add a bank account in {foreign[0]}: converting costs a fee.",
        )
    else:
        yield ok(f"it is of {account.country}, and paid out in {account.currency}, as OFFERS has its prices")
    yield _statement(account.prefix)


def _charges(account: Account, *, is_live: bool) -> Finding:
    remedy = f"Answer what Stripe still asks {_DASHBOARD}, Settings, Account status."
    if account.may_charge:
        return ok("the account may charge")
    if is_live:
        return wrong("the account may not charge: charges_enabled is false", remedy)
    return warning("the account may not charge with a live key yet: charges_enabled is false", remedy)


def _statement(prefix: str) -> Finding:
    place = f"{_DASHBOARD}, Settings, Business, Public details, Shortened descriptor"
    if not prefix:
        text = "the account has no shortened statement descriptor: players read no machine's name at the bank"
        return warning(text, f"Write one {place}.")
    if not _SHORTEST_PREFIX <= len(prefix) <= _LONGEST_PREFIX:
        text = f"the statement descriptor {prefix!r:.40} leaves no room for a machine's name"
        return warning(text, f"Shorten it to {_LONGEST_PREFIX} characters {place}.")
    return ok(f"players read {prefix}* and the machine's name on the bank's statement")


def method_findings(methods: Methods) -> Iterator[Finding]:
    """Whether money can be reserved: by cards, and by the wallets that come with them."""
    if methods.get("card"):
        yield ok("cards are on: a Checkout Session can reserve money")
    else:
        yield wrong("cards are off: no Checkout Session can reserve money", f"Turn Cards on {_METHODS}.")
    on = [name for key, name in WALLETS.items() if methods.get(key)]
    off = [name for key, name in WALLETS.items() if not methods.get(key)]
    if on:
        yield ok(f"{' and '.join(on)} {'is' if len(on) == 1 else 'are'} on")
    if off:
        text = f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} off: players type in their cards"
        yield warning(text, f"Turn {'it' if len(off) == 1 else 'them'} on {_METHODS}.")


def not_readable(what: str, why: object) -> Finding:
    """Something that the key may not read, and the relay does without."""
    return note(f"could not look at {what}: {why}")


def price_finding(price_id: str, sold: SoldPrice | None) -> Finding:
    """Of PRICE_ID, which only payment links of the older kind need."""
    remedy = "Run `python -m cloud_relay setup stripe`; only /create-payment-link needs it."
    if sold is None:
        return warning(f"PRICE_ID is {price_id}: Stripe knows no such price in the key's mode", remedy)
    if not sold.is_sellable or sold.amount is None:
        return warning(f"PRICE_ID is {price_id}: no active price for a single payment", remedy)
    return ok(f"PRICE_ID is {price_id}: {price(sold.amount, sold.currency)}")
