"""The door, as a phone sees it."""

from __future__ import annotations

import html
import http.client
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import PASSWORDS
from relay_parts import OFFERS, Cabinet, RelayUnderTest, relay_under_test
from werkzeug.test import TestResponse

from cloud_relay.rules.door_steps import door_steps
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import CheckoutSession, PaymentIntent

SHOUTING = {"name": "<b>Galaga</b>"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("door"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with an empty book at Stripe."""
    offers = OFFERS | {"machines": {"galaga-01": {"name": "Galaga"}, "pacman-02": SHOUTING}}
    with relay_under_test(broker, OFFERS=json.dumps(offers)) as running:
        yield running


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """A cabinet that accepts payments, and leaves no status behind."""
    with Cabinet("galaga-01", broker) as connected:
        connected.say()
        yield connected
        connected.say_raw(b"")


def buy(relay: RelayUnderTest, offer: str | None = "3-250-usd") -> TestResponse:
    """Press an offer's button."""
    return relay.client.post("/p/galaga-01", data={} if offer is None else {"offer": offer})


def words(answer: TestResponse) -> str:
    """A page's text without its tags and styles."""
    body = re.sub(r"<(style|title)>.*?</\1>", "", answer.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def sessions(relay: RelayUnderTest) -> list[CheckoutSession]:
    """Everything that was ever on sale."""
    return list(relay.stripe.book.table(CheckoutSession).values())


def test_an_accepting_machine_shows_its_name_and_a_button_per_offer(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """And that nothing real is charged, where that is so."""
    answer = relay.client.get("/p/galaga-01")
    assert answer.status_code == 200
    assert words(answer) == (
        "Test mode - no real money Ready to play Galaga 1 credit $1.00 3 credits $2.50 "
        "You are only charged once the credit is on the machine."
    )


def test_a_door_is_never_cached_and_never_framed(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """An old page could sell what the machine does not take any more."""
    headers = relay.client.get("/p/galaga-01").headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_the_demo_may_frame_the_door_where_the_settings_say_so(broker: Broker) -> None:
    """Nobody else may."""
    with relay_under_test(broker, FRAME_ANCESTORS="http://localhost:9000") as relay:
        policy = relay.client.get("/status").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors http://localhost:9000")


def test_a_machines_name_is_text_and_not_markup(relay: RelayUnderTest, broker: Broker) -> None:
    """Names come from a settings file, and pages are escaped all the same."""
    with Cabinet("pacman-02", broker) as cabinet:
        cabinet.say()
        page = relay.client.get("/p/pacman-02").text
    assert ("&lt;b&gt;Galaga&lt;/b&gt;" in page, "<b>Galaga" in page) == (True, False)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ({"accepting": False, "state": "playing"}, "Someone is playing right now."),
        ({"accepting": False, "state": "paying"}, "Someone else is paying right now."),
        ({"accepting": False, "state": "not_ready"}, "The game cannot take a coin at the moment."),
        ({"accepting": False, "state": "out_of_order"}, "It is out of order."),
        ({"accepting": False, "state": "<new>"}, "It cannot take a payment at the moment."),
        ({"online": False, "state": "attract"}, "It has no connection at the moment."),
        ({"accepting": 1}, "It cannot take a payment at the moment."),
    ],
)
def test_a_machine_that_does_not_accept_says_why_and_sells_nothing(
    relay: RelayUnderTest, cabinet: Cabinet, status: dict[str, object], says: str
) -> None:
    """Looking is fine, buying is refused, and Stripe hears of neither."""
    cabinet.say(**status)
    looked, bought = relay.client.get("/p/galaga-01"), buy(relay)
    assert (looked.status_code, bought.status_code) == (200, 409)
    assert says in words(looked)
    assert (words(bought), "<form" in looked.text) == (words(looked), False)
    assert sessions(relay) == []


def test_a_machine_without_a_status_has_no_connection(relay: RelayUnderTest) -> None:
    """The broker forgets what is not renewed: a machine without a status has been silent for minutes."""
    looked, bought = relay.client.get("/p/galaga-01"), buy(relay)
    assert (looked.status_code, bought.status_code) == (200, 409)
    assert (
        words(looked)
        == words(bought)
        == (
            "Test mode - no real money Not right now This machine It has no connection at the moment. "
            "Try again in a minute. Look again Nothing was charged."
        )
    )
    assert sessions(relay) == []


def test_a_silent_machines_door_looks_and_lasts_like_that_of_no_machine(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """Which ids are machines, doors that sell nothing do not tell."""
    with Cabinet("pacman-02", broker) as gone:
        gone.say(online=False, accepting=False, state="offline")
        looks: dict[str, tuple[int, int, str]] = {}
        took_s: dict[str, float] = {}
        for machine_id in ("galaga-01", "nowhere", "pacman-02"):
            began_s = time.monotonic()
            looked, bought = (call(f"/p/{machine_id}") for call in (relay.client.get, relay.client.post))
            took_s[machine_id] = time.monotonic() - began_s
            assert looked.text == bought.text
            page = looked.text.replace(machine_id, "ID")
            looks[machine_id] = (looked.status_code, bought.status_code, page)
        gone.say_raw(b"")
    assert looks["galaga-01"] == looks["nowhere"] == looks["pacman-02"]
    assert took_s["galaga-01"] == pytest.approx(took_s["nowhere"], abs=0.5)


@pytest.mark.parametrize(
    "path",
    ["//p/galaga-01", "/p//galaga-01", "//status", "/status/", "/p/galaga-01/", "/thanks/", "//evil/p/x"],
)
def test_no_address_is_mended_by_a_redirect(relay: RelayUnderTest, path: str) -> None:
    """A redirect of the framework's own repeats the Host header that somebody sent."""
    for method in ("GET", "POST"):
        asked = http.client.HTTPConnection("127.0.0.1", urlsplit(relay.url).port, timeout=60)
        asked.request(method, path, headers={"Host": "evil.example"})
        answer = asked.getresponse()
        said = f"{answer.headers}{answer.read()!r}"
        asked.close()
        assert ("Location" in said, "evil.example" in said) == (False, False)
        assert answer.status in (200, 404, 405, 409)  # waitress itself takes a second slash off the front


@pytest.mark.parametrize("machine_id", ["%23", "+", "a.b", "x" * 65, "x" * 1000, "%00"])
def test_what_is_no_machine_id_is_a_404_page(relay: RelayUnderTest, machine_id: str) -> None:
    """Nor is the broker asked for it: it could name other topics."""
    answer = relay.client.get(f"/p/{machine_id}")
    assert (answer.status_code, answer.content_type) == (404, "text/html; charset=utf-8")
    assert "This is no machine's address. Scan the code on the screen again." in html.unescape(words(answer))


def test_a_door_that_cannot_ask_the_broker_is_a_503_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It does not guess."""
    with (
        Broker(tmp_path_factory.mktemp("away"), PASSWORDS) as broker,
        relay_under_test(broker) as relay,
    ):
        broker.stop()
        answers = [relay.client.get("/p/galaga-01"), buy(relay)]
        assert [answer.status_code for answer in answers] == [503, 503]
        assert "Nothing was charged." in words(answers[0])
        assert sessions(relay) == []


def test_buying_makes_a_session_that_only_reserves(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Amount, machine and credits are on the session and on the payment; the player is sent to it."""
    before_s = int(relay.clock())
    answer = buy(relay)
    (session,) = sessions(relay)
    assert (answer.status_code, answer.headers["Location"]) == (303, session.url)
    metadata = {
        "machine_id": "galaga-01",
        "quantity": "3",
        "credits_per_unit": "1",
        "amount": "250",
        "currency": "usd",
    }
    payment_id = relay.stripe.pay(session.id)
    intent = relay.stripe.book.table(PaymentIntent)[payment_id]
    marked = relay.settings.stripe.ownership.mark(metadata)
    assert (session.metadata, intent.metadata) == (marked, marked)
    assert (intent.status, intent.amount, intent.capture_method) == ("requires_capture", 250, "manual")
    assert 30 * 60 < session.expires_at - before_s <= 32 * 60


@pytest.mark.parametrize("offer", [None, "", "0", "3-1-usd", "100-250-usd", "3-250-eur", "x" * 999])
def test_what_is_not_on_offer_cannot_be_bought(
    relay: RelayUnderTest, cabinet: Cabinet, offer: str | None
) -> None:
    """A button from an old page, or one that a player made."""
    answer = buy(relay, offer)
    assert answer.status_code == 409
    assert "The prices have changed. Please choose again. 1 credit $1.00" in words(answer)
    assert sessions(relay) == []


@pytest.mark.parametrize("status", [500, 429])
def test_a_checkout_that_stripe_does_not_open_is_a_503_page(
    relay: RelayUnderTest, cabinet: Cabinet, status: Any
) -> None:
    """The player is told that nothing was charged."""
    relay.stripe.fail_next(3, status=status, path_prefix="/v1/checkout")
    answer = buy(relay)
    assert answer.status_code == 503
    assert "The payment service does not answer right now. Nothing was charged." in words(answer)


# The door's own test


def steps(relay: RelayUnderTest, machine_id: str = "galaga-01") -> list[str]:
    """What the test says of each step."""
    answer = relay.client.get(f"/p/{machine_id}?test")
    assert answer.status_code == 200
    return [html.unescape(name) for name in re.findall(r"<p><b>(.*?)</p>", answer.text.replace("</b>", ""))]


WAY = [
    "Your phone to the relay: well. The relay has answered you.",
    "The relay to Stripe: well. It can take payments.",
    "The relay to the broker: well. The broker has answered.",
]


def test_a_technician_is_told_that_the_whole_way_holds(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """From the phone to the machine; and nothing is sold."""
    assert steps(relay) == [
        *WAY,
        "The machine to the broker: well. It is connected.",
        "A payment made now: well. It would be credited.",
    ]
    assert sessions(relay) == []


def test_a_technician_is_told_what_the_machine_itself_says(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """The wire is well, and the board is not."""
    cabinet.say(accepting=False, state="not_ready")
    assert steps(relay)[3:] == [
        "The machine to the broker: well. It is connected.",
        "A payment made now: wrong. Its board takes no coins: see to the ready line.",
    ]


def test_a_technician_is_told_of_a_machine_that_is_not_there(relay: RelayUnderTest) -> None:
    """A typing error in machine_id looks the same from here."""
    assert steps(relay, "pacman-02") == [
        *WAY,
        "The machine to the broker: wrong. It is not connected, or has another machine_id.",
        "A payment made now: not looked at. The connection comes first.",
    ]


def test_without_the_broker_nobody_knows_of_the_machine() -> None:
    """The step that fails is named, and what lies behind it is not blamed."""
    told = [(step.name, step.sign) for step in door_steps(None, is_fit=False)]
    assert told == [
        ("Your phone to the relay", "well"),
        ("The relay to Stripe", "wrong"),
        ("The relay to the broker", "wrong"),
        ("The machine to the broker", "not looked at"),
        ("A payment made now", "not looked at"),
    ]


def test_the_test_of_what_is_no_machine_s_address_is_refused(relay: RelayUnderTest) -> None:
    """As the door is."""
    assert relay.client.get("/p/no machine?test").status_code == 404
