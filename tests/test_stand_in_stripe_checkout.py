from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import stripe
from flask import Flask
from stand_in_stripe_help import API_KEY, SECRET, Clock, client_of, offer, session_params

from simulator.stripe.checkout import checkout_blueprint
from simulator.stripe.pace import QUICK
from simulator.stripe.server import StandInStripe, stand_in_stripe


@pytest.fixture
def clock() -> Clock:
    """The stand-in's clock, which stands still."""
    return Clock()


@pytest.fixture
def stand_in(clock: Clock) -> Iterator[StandInStripe]:
    """A stand-in without a webhook endpoint."""
    with stand_in_stripe(
        api_key=API_KEY, webhook_url=None, webhook_secret=SECRET, pace=QUICK, clock=clock
    ) as running:
        yield running


@pytest.fixture
def client(stand_in: StandInStripe) -> stripe.StripeClient:
    """Stripe's own client, talking to it."""
    return client_of(stand_in)


def press(url: str, card: str) -> requests.Response:
    """Press one of the page's two buttons."""
    return requests.post(url, {"card": card}, allow_redirects=False, timeout=60)


def test_the_page_says_what_is_paid_and_that_it_is_simulated(client: stripe.StripeClient) -> None:
    """Product, amount, both buttons, the notice; and the demo's page may frame it."""
    page = requests.get(client.v1.checkout.sessions.create(session_params()).url, timeout=60)
    for shown in ("3 credits", "Pay $2.50", "Decline this card", "Simulated: no real money moves"):
        assert shown in page.text
    assert "X-Frame-Options" not in page.headers


def test_the_pay_button_pays_and_returns_to_the_shop(client: stripe.StripeClient) -> None:
    """303 to the success address, with the session's id filled in."""
    session = client.v1.checkout.sessions.create(session_params())
    answer = press(session.url, "accepted")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"http://relay.test/thanks?s={session.id}",
    )
    assert client.v1.payment_intents.list().data[0].status == "requires_capture"


def test_pressing_twice_pays_once(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """The second press goes to the same place."""
    session = client.v1.checkout.sessions.create(session_params())
    first, second = press(session.url, "accepted"), press(session.url, "accepted")
    assert first.headers["Location"] == second.headers["Location"]
    assert stand_in.money()["reserved"] == 250


def test_a_declined_card_can_be_followed_by_another(
    stand_in: StandInStripe, client: stripe.StripeClient
) -> None:
    """The page says what happened, and still has its button."""
    session = client.v1.checkout.sessions.create(session_params())
    page = press(session.url, "declined")
    assert (page.status_code, "Your card was declined" in page.text, "Pay $2.50" in page.text) == (
        200,
        True,
        True,
    )
    assert press(session.url, "accepted").status_code == 303
    assert stand_in.money()["reserved"] == 250


def test_an_expired_page_takes_nothing(
    stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    """Neither shows its button nor accepts the press of one left open."""
    session = client.v1.checkout.sessions.create(session_params(expires_at=clock.now_s + 1800))
    clock.now_s += 1800
    page = requests.get(session.url, timeout=60)
    assert (page.status_code, "This page has expired" in page.text, "<button" in page.text) == (
        410,
        True,
        False,
    )
    assert press(session.url, "accepted").status_code == 410
    assert stand_in.money()["reserved"] == 0


def test_a_page_of_nothing_is_not_found(stand_in: StandInStripe) -> None:
    """404, in words for a player."""
    page = requests.get(f"{stand_in.checkout_url}/pay/cs_test_no", timeout=60)
    assert (page.status_code, "There is no such payment page." in page.text) == (404, True)


def test_a_link_makes_a_session_for_each_visit(client: stripe.StripeClient) -> None:
    """With the link's metadata, and whatever reference the payer wrote into the address."""
    link = client.v1.payment_links.create({"line_items": [offer()], "metadata": {"machine_id": "galaga-01"}})
    for reference in ("a", "b"):
        requests.get(link.url, {"client_reference_id": reference}, timeout=60)
    sessions = client.v1.checkout.sessions.list({"payment_link": link.id}).data
    assert [session.client_reference_id for session in sessions] == ["b", "a"]
    assert [session.metadata.to_dict() for session in sessions] == [{"machine_id": "galaga-01"}] * 2


def test_a_link_without_a_redirect_ends_on_its_own_page(client: stripe.StripeClient) -> None:
    """Which says that it is paid."""
    link = client.v1.payment_links.create({"line_items": [offer()]})
    url = requests.get(link.url, timeout=60).url
    assert "Paid: $2.50" in requests.post(url, {"card": "accepted"}, timeout=60).text


def test_a_link_with_a_redirect_goes_there(client: stripe.StripeClient) -> None:
    """With the session's id filled in."""
    completion = {"type": "redirect", "redirect": {"url": "http://relay.test/?s={CHECKOUT_SESSION_ID}"}}
    link = client.v1.payment_links.create({"line_items": [offer()], "after_completion": completion})
    url = requests.get(link.url, timeout=60).url
    session_id = url.rsplit("/", 1)[1]
    assert press(url, "accepted").headers["Location"] == f"http://relay.test/?s={session_id}"


def test_a_link_that_is_switched_off_says_so(client: stripe.StripeClient) -> None:
    """In the operator's own words, if there are any."""
    link = client.v1.payment_links.create({"line_items": [offer()], "inactive_message": "Scan the new code."})
    client.v1.payment_links.update(link.id, {"active": False})
    page = requests.get(link.url, timeout=60)
    assert (page.status_code, "Scan the new code." in page.text) == (410, True)


def test_what_a_machine_is_called_is_shown_as_text(client: stripe.StripeClient) -> None:
    """A product's name cannot become part of the page's code."""
    line = offer()
    line["price_data"]["product_data"]["name"] = "<script>alert(1)</script>"
    page = requests.get(client.v1.checkout.sessions.create(session_params(line_items=[line])).url, timeout=60)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_another_server_can_carry_the_pages(clock: Clock) -> None:
    """The demo's own server does, so that a phone needs one address only."""
    with stand_in_stripe(
        api_key=API_KEY,
        webhook_url=None,
        webhook_secret=SECRET,
        public_checkout_url="http://demo.test:8000/shop",
        pace=QUICK,
        clock=clock,
    ) as stand_in:
        demo = Flask("demo")
        demo.register_blueprint(checkout_blueprint(stand_in.keeper), url_prefix="/shop")
        session = client_of(stand_in).v1.checkout.sessions.create(session_params())
        assert session.url == f"http://demo.test:8000/shop/pay/{session.id}"
        answer = demo.test_client().post(f"/shop/pay/{session.id}", data={"card": "accepted"})
        assert answer.status_code == 303
        assert stand_in.money()["reserved"] == 250
