"""CORE. What is on offer: payment links and checkout sessions, made and changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.stripe.model.book import Book
from simulator.stripe.model.catalogue import create_price
from simulator.stripe.model.descriptors import PARAM, check_suffix
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.money import check_chargeable
from simulator.stripe.model.objects.methods import check_can_pay
from simulator.stripe.model.objects.table import CheckoutSession, IntentData, LineItem, PaymentLink, Price
from simulator.stripe.model.params import merge_metadata

SHORTEST_SESSION_S = 30 * 60
LONGEST_SESSION_S = 24 * 3600
CLOCK_SLACK_S = 60  # a request takes a moment: "30 minutes from now" may arrive as a little less


def create_link(book: Book, params: Json, now_s: int) -> PaymentLink:
    """A payment link; without `payment_intent_data` its payments are taken at once."""
    link_id = book.new_id("plink")
    completion = params.get("after_completion", {"type": "hosted_confirmation"})
    if completion["type"] == "redirect" and "redirect" not in completion:
        name = "after_completion[redirect]"
        raise Refusal(f"Missing required param: {name}.", "parameter_missing", name)
    data = params.get("payment_intent_data")
    link = PaymentLink(
        id=link_id,
        created=now_s,
        url=f"{book.checkout_url}/b/{link_id}",
        lines=_lines(book, params["line_items"], now_s, params.get("currency")),
        metadata=merge_metadata({}, params.get("metadata", {})),
        intent_data=_intent_data(book, data) if data is not None else None,
        after_completion=_whole(completion),
        inactive_message=params.get("inactive_message"),
        currency=params.get("currency"),
        payment_method_types=_methods(params.get("payment_method_types")),
        automatic_tax=params.get("automatic_tax", {}).get("enabled"),
    )
    check_chargeable(sum(line.amount for line in link.lines), link.lines[0].price.currency, "line_items")
    return book.save(link, now_s)


def update_link(book: Book, link_id: str, params: Json, now_s: int) -> PaymentLink:
    """Switch a link on or off, or change what it says; its price can never change."""
    link = book.get(PaymentLink, link_id, param="payment_link")
    changes: dict[str, Any] = {key: params[key] for key in ("active", "inactive_message") if key in params}
    if "metadata" in params:
        changes["metadata"] = merge_metadata(link.metadata, params["metadata"])
    return book.save(replace(link, **changes), now_s)


def create_session(book: Book, params: Json, now_s: int) -> CheckoutSession:
    """A checkout session of mode `payment`, open until `expires_at`."""
    session = _session(
        book,
        now_s,
        lines=_lines(book, params["line_items"], now_s, params.get("currency")),
        metadata=merge_metadata({}, params.get("metadata", {})),
        intent_data=_intent_data(book, params.get("payment_intent_data", {})),
        success_url=params["success_url"],
        expires_at=_expiry(params.get("expires_at"), now_s),
    )
    plain = ("cancel_url", "client_reference_id", "submit_type")
    return _open(
        book,
        replace(
            session,
            adaptive_pricing=params.get("adaptive_pricing", {}).get("enabled", True),
            allowed_methods=_methods(params.get("allowed_payment_method_types")),
            currency_is_fixed="currency" in params,
            automatic_tax=params.get("automatic_tax", {}).get("enabled"),
            **{key: params[key] for key in plain if key in params},
        ),
        now_s,
    )


def open_link(book: Book, link_id: str, reference: str | None, now_s: int) -> CheckoutSession:
    """What opening a link's address does: a new session with the link's own metadata.

    The payer can write what they like into `reference` (`client_reference_id` in the address).
    """
    link = book.get(PaymentLink, link_id, param="payment_link")
    if not link.active:
        raise Refusal(link.inactive_message or "This payment link is no longer active.")
    session = _session(
        book,
        now_s,
        lines=link.lines,
        metadata=link.metadata,
        intent_data=link.intent_data or IntentData(),
        success_url=link.after_completion.get("redirect", {}).get("url"),
        expires_at=now_s + LONGEST_SESSION_S,
    )
    opened = replace(
        session,
        payment_link=link.id,
        client_reference_id=reference,
        allowed_methods=link.payment_method_types,
        currency_is_fixed=link.currency is not None,
        automatic_tax=link.automatic_tax,
    )
    return _open(book, opened, now_s)


def _session(
    book: Book,
    now_s: int,
    *,
    lines: tuple[LineItem, ...],
    metadata: dict[str, str],
    intent_data: IntentData,
    success_url: str | None,
    expires_at: int,
) -> CheckoutSession:
    session_id = book.new_id("cs_test", 58)
    return CheckoutSession(
        id=session_id,
        created=now_s,
        expires_at=expires_at,
        url=f"{book.checkout_url}/pay/{session_id}",
        lines=lines,
        metadata=metadata,
        intent_data=intent_data,
        success_url=success_url,
    )


def _open(book: Book, session: CheckoutSession, now_s: int) -> CheckoutSession:
    what = "The Checkout Session's total amount"
    check_chargeable(session.amount_total, session.currency, "line_items", what)
    check_can_pay(session.allowed_methods, book.methods_on)
    book.remind(session.expires_at, session.id)
    return book.save(session, now_s)


def _expiry(asked: int | None, now_s: int) -> int:
    if asked is None:
        return now_s + LONGEST_SESSION_S
    if asked < now_s + SHORTEST_SESSION_S - CLOCK_SLACK_S:
        raise Refusal("The `expires_at` timestamp must be at least 30 minutes from now.", None, "expires_at")
    if asked > now_s + LONGEST_SESSION_S + CLOCK_SLACK_S:
        raise Refusal("The `expires_at` timestamp must be less than 24 hours from now.", None, "expires_at")
    return asked


def _lines(book: Book, items: list[Json], now_s: int, currency: str | None) -> tuple[LineItem, ...]:
    prices = [_price(book, item, f"line_items[{at}]", now_s) for at, item in enumerate(items)]
    if currency is not None:
        prices = [price.in_currency(currency) for price in prices]
        _check_all_in(prices, currency)
    lines = tuple(
        LineItem(
            book.new_id("li", 14),
            price,
            item["quantity"],
            adjustable=item.get("adjustable_quantity", {}).get("enabled"),
        )
        for price, item in zip(prices, items, strict=True)
    )
    if len({line.price.currency for line in lines}) > 1:
        raise Refusal("All line items must have the same currency.", None, "line_items")
    return lines


def _price(book: Book, item: Json, name: str, now_s: int) -> Price:
    if ("price" in item) == ("price_data" in item):
        raise Refusal(
            f"You must specify either `price` or `price_data` in {name}.", "parameter_missing", name
        )
    if "price_data" in item:
        return create_price(book, item["price_data"], now_s)
    price = book.get(Price, item["price"], param=f"{name}[price]", status=400)
    if not price.active:
        raise Refusal(f"The price specified is inactive: {price.id}", None, f"{name}[price]")
    return price


def _check_all_in(prices: list[Price], currency: str) -> None:
    for price in prices:
        if price.currency != currency:
            message = f"The price {price.id} is not available in the currency {currency}."
            raise Refusal(message, None, "currency")


def _intent_data(book: Book, data: Json) -> IntentData:
    check_suffix(book.account, data.get(PARAM), f"payment_intent_data[{PARAM}]")
    return IntentData(**{**data, "metadata": merge_metadata({}, data.get("metadata", {}))})


def _methods(asked: list[str] | None) -> tuple[str, ...] | None:
    return tuple(asked) if asked else None


def _whole(completion: Json) -> Json:
    """With the field of its type, as Stripe shows it."""
    if completion["type"] == "hosted_confirmation":
        return {"hosted_confirmation": {"custom_message": None}, **completion}
    return completion
