from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from stand_in_stripe_help import Desk, desk, offer, session_params

from simulator.stripe.model.payer import Payer


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


def link_without_currency(at_work: Desk, **more: object) -> str:
    """A payment link over a price that also has an amount in euro, which reserves."""
    price = at_work.stand_in.create_price(100, "usd", currency_options={"eur": 90})
    params = {
        "line_items": [{"price": price, "quantity": 1}],
        "payment_intent_data": {"capture_method": "manual"},
        **more,
    }
    return at_work.client.v1.payment_links.create(params).url


def test_a_link_without_currency_charges_in_the_payers(at_work: Desk) -> None:
    """A price's own option is the amount, and the payment is in that currency."""
    intent = at_work.intent(at_work.stand_in.pay(link_without_currency(at_work), Payer("eur")))
    assert (intent.amount, intent.currency, intent.presentment_details) == (90, "eur", None)
    (session,) = at_work.client.v1.checkout.sessions.list({"payment_intent": intent.id}).data
    assert (session.amount_total, session.currency) == (90, "eur")


def test_a_link_that_names_its_currency_charges_in_it(at_work: Desk) -> None:
    """The payer then sees the same amount in euro, and the payment stays in dollars."""
    url = link_without_currency(at_work, currency="usd")
    intent = at_work.intent(at_work.stand_in.pay(url, Payer("eur")))
    assert (intent.amount, intent.currency) == (100, "usd")
    assert intent.presentment_details.to_dict() == {"presentment_amount": 93, "presentment_currency": "eur"}


def test_a_session_can_keep_out_adaptive_prices(at_work: Desk) -> None:
    """With adaptive pricing off, the payer sees dollars."""
    session = at_work.client.v1.checkout.sessions.create(session_params())
    intent = at_work.intent(at_work.stand_in.pay(session.id, Payer("eur")))
    assert (intent.amount, intent.currency, intent.presentment_details) == (250, "usd", None)


def test_a_price_without_that_currency_is_refused_by_a_link_that_names_it(at_work: Desk) -> None:
    """By the parameter that asks for it."""
    with pytest.raises(stripe.InvalidRequestError, match="not available in the currency gbp") as refused:
        link_without_currency(at_work, currency="gbp")
    assert refused.value.param == "currency"


@pytest.mark.parametrize(
    ("payer", "amount"),
    [(Payer(tax=21), 121), (Payer(quantity=3), 300), (Payer(unit_amount=777), 777)],
    ids=["added tax", "edited quantity", "edited amount"],
)
def test_a_payer_can_owe_more_than_the_link_says(at_work: Desk, payer: Payer, amount: int) -> None:
    """Tax on top, another quantity, an amount of their own: all of it is reserved."""
    intent = at_work.intent(at_work.stand_in.pay(link_without_currency(at_work), payer))
    assert (intent.status, intent.amount_capturable) == ("requires_capture", amount)
    (session,) = at_work.client.v1.checkout.sessions.list({"payment_intent": intent.id}).data
    assert (session.amount_total, session.total_details.amount_tax) == (amount, payer.tax)


def test_a_link_that_no_card_could_pay_is_refused(at_work: Desk) -> None:
    """When it is made, not when it is opened."""
    with pytest.raises(stripe.InvalidRequestError, match=r"at least \$0.50"):
        at_work.client.v1.payment_links.create({"line_items": [offer(30)]})
