"""The door by the clock: happy hours, codes, and free credits, as phones and cabinets see them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import PASSWORDS
from relay_parts import OFFERS, RELAY_SECRET, Cabinet, RelayUnderTest, relay_under_test, until
from werkzeug.test import TestResponse

from cloud_relay.rules.messages import signature
from cloud_relay.rules.phones.free_tickets import ticket_now
from cloud_relay.rules.selling.periods import FreePlay
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import CheckoutSession

BERLIN = ZoneInfo("Europe/Berlin")
HAPPY = {"name": "Happy hour", "from": "16:00", "to": "18:00", "offers": [{"credits": 2, "amount": 100}]}
FREE = {"from": "20:00", "to": "22:00", "free": {"credits": 2, "minutes": 10}, "machines": ["galaga-01"]}
CODE = {"code": "SUMMER-26", "name": "Summer leaflet", "offers": [{"credits": 5, "amount": 300}]}
CLOCKED = OFFERS | {
    "zone": "Europe/Berlin",
    "periods": [HAPPY, FREE],
    "codes": [CODE | {"dates": [{"to": "2026-12-31"}], "machines": ["galaga-01"]}],
}
ONLY_CHARGED = "You are only charged once the credit is on the machine."
SUMMER = "Summer leaflet 5 credits $3.00"
USUAL = "1 credit $1.00 3 credits $2.50"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("prices"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay whose prices go by the clock; it is shortly before the happy hour."""
    with relay_under_test(broker, OFFERS=json.dumps(CLOCKED)) as running:
        it_is(running, "15:59:59")
        yield running


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """A cabinet that accepts payments, and leaves no status behind."""
    with Cabinet("galaga-01", broker) as connected:
        connected.say()
        yield connected
        connected.say_raw(b"")


def it_is(relay: RelayUnderTest, time: str) -> None:
    """Have the relay and Stripe live at a time in Berlin."""
    relay.clock.stands_at_s = datetime.fromisoformat(f"2026-12-01T{time}").replace(tzinfo=BERLIN).timestamp()


def words(answer: TestResponse) -> str:
    """A page's text without its tags, its styles and the line that says that no money is real."""
    body = re.sub(r"<(style|title)>.*?</\1>", "", answer.text, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]*>", " ", body))
    return " ".join(text.split()).removeprefix("Test mode - no real money ")


def look(relay: RelayUnderTest, **query: str) -> TestResponse:
    """Look at the door with a phone of its own."""
    return relay.client.get("/p/galaga-01", query_string=query)


def press(relay: RelayUnderTest, **button: str) -> TestResponse:
    """Press a button at the door."""
    return relay.client.post("/p/galaga-01", data=button)


def shown(answer: TestResponse) -> str:
    """The part of a door's page between its name and its small print."""
    return words(answer).partition("Galaga ")[2].partition(f" {ONLY_CHARGED}")[0]


def ticket(answer: TestResponse) -> str:
    """What the button for free credits sends."""
    found = re.search(r'name="free" value="([^"]+)"', answer.text)
    assert found is not None, words(answer)
    return found[1]


def offer_of(relay: RelayUnderTest) -> dict[str, Any]:
    """What the cabinet's screen is told."""
    answer = relay.client.get("/machines/galaga-01/offer", headers=relay.token())
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json
    return told


def sessions(relay: RelayUnderTest) -> list[CheckoutSession]:
    """Everything that was ever on sale at Stripe."""
    return list(relay.stripe.book.table(CheckoutSession).values())


# Happy hour


def test_the_door_sells_what_is_on_sale_now(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """From the first second of a period to its last, and says until when."""
    told = []
    for time in ("15:59:59", "16:00:00", "17:59:59", "18:00:00"):
        it_is(relay, time)
        told.append(words(look(relay)).partition(f" {ONLY_CHARGED}")[0])
    happy = "Happy hour until 6:00 PM Galaga 2 credits $1.00"
    assert told == [f"Ready to play Galaga {USUAL}", happy, happy, f"Ready to play Galaga {USUAL}"]


@pytest.mark.parametrize(
    ("time", "key", "now"),
    [
        ("18:00:00", "2-100-usd", USUAL),
        ("16:00:00", "1-100-usd", "2 credits $1.00"),
        ("20:00:00", "1-100-usd", "2 credits FREE"),
    ],
)
def test_a_button_of_before_shows_the_prices_of_now_and_takes_nothing(
    relay: RelayUnderTest, cabinet: Cabinet, time: str, key: str, now: str
) -> None:
    """Whoever looked long ago does not pay what is no longer the price."""
    it_is(relay, time)
    pressed = press(relay, offer=key)
    assert pressed.status_code == 409
    assert f"Galaga The prices have changed. Please choose again. {now} " in words(pressed)
    assert sessions(relay) == []


def test_what_was_on_sale_when_the_page_was_made_is_credited_however_late_it_is_paid(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """The hour ends while the player types; the payment's own metadata holds."""
    it_is(relay, "17:59:59")
    assert press(relay, offer="2-100-usd").status_code == 303
    it_is(relay, "18:10:00")
    (session,) = sessions(relay)
    relay.stripe.pay(session.id)
    pulse = cabinet.payload()
    assert (pulse["credits"], pulse["amount"], pulse["currency"]) == (2, 100, "usd")


def test_the_cabinet_is_told_what_the_door_sells_and_when_to_ask_again(relay: RelayUnderTest) -> None:
    """Within a minute of the change, each cabinet at a second of its own; an old one passes it over."""
    usual, told = offer_of(relay), []
    for time in ("16:00:00", "17:59:30", "20:00:00"):
        it_is(relay, time)
        offer = offer_of(relay)
        told.append((offer["offers"], offer.get("note"), offer.get("freePlay")))
    happy = [{"credits": 2, "amount": 100, "currency": "usd"}]
    assert told == [
        (happy, "Happy hour until 18:00", None),
        (happy, "Happy hour until 18:00", None),
        ([], "Free play until 22:00", {"credits": 2, "currency": "usd"}),
    ]
    assert 1 <= usual["askAgainInS"] <= 21
    assert "note" not in usual
    it_is(relay, "17:59:30")
    assert 30 <= offer_of(relay)["askAgainInS"] <= 50


def test_the_cabinet_is_told_the_period_that_is_on_and_the_next_by_its_own_clock(
    relay: RelayUnderTest,
) -> None:
    """Within a day; back to the usual prices is no period of its own."""
    told = {}
    for time in ("15:59:00", "16:00:00", "18:00:00", "20:00:00"):
        it_is(relay, time)
        told[time] = {key: offer_of(relay).get(key) for key in ("period", "next")}
    assert told == {
        "15:59:00": {"period": None, "next": {"name": "Happy hour", "from": "16:00"}},
        "16:00:00": {"period": {"name": "Happy hour", "until": "18:00"}, "next": None},
        "18:00:00": {"period": None, "next": {"name": "Free play", "from": "20:00"}},
        "20:00:00": {"period": {"name": "Free play", "until": "22:00"}, "next": None},
    }


# Codes


def test_a_code_makes_an_offer_of_its_own_amount(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Typed in any way, or scanned; beside what everybody may buy."""
    for typed in ("SUMMER-26", "summer26", " Summer 26 "):
        assert shown(look(relay, code=typed)) == f"{SUMMER} {USUAL}"
    assert press(relay, offer="5-300-usd", code="summer26").status_code == 303
    (session,) = sessions(relay)
    relay.stripe.pay(session.id)
    assert (cabinet.payload()["credits"], cabinet.payload()["amount"]) == (5, 300)


@pytest.mark.parametrize("code", ["", "SUMMER", "SUMMER-27", "<b>", "x" * 5000, "\u0130" * 6])
def test_without_the_code_its_offer_is_not_sold(relay: RelayUnderTest, cabinet: Cabinet, code: str) -> None:
    """A key can be made up by anybody."""
    assert press(relay, offer="5-300-usd", code=code).status_code == 409
    assert "5 credits" not in words(look(relay, code=code))
    assert sessions(relay) == []


def test_a_code_holds_only_at_its_machines_and_in_its_time(
    relay: RelayUnderTest, cabinet: Cabinet, broker: Broker
) -> None:
    """Elsewhere the page says no more than of any wrong code."""
    with Cabinet("pacman-02", broker) as other:
        other.say()
        assert "5 credits" not in words(relay.client.get("/p/pacman-02?code=SUMMER-26"))
    assert "I have a code" not in relay.client.get("/p/pacman-02").text
    relay.clock.stands_at_s = datetime(2027, 1, 1, 12, tzinfo=BERLIN).timestamp()
    wrong = "This code is not known here, or does not hold now."
    assert shown(look(relay, code="SUMMER-26")) == f"{wrong} {USUAL}"


def test_guesses_are_bounded_and_right_codes_are_none(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Ten wrong ones, then even the right one waits; a hall that has the code never does."""
    for _ in range(30):
        assert shown(look(relay, code="SUMMER-26")).startswith(SUMMER)
    for number in range(10):
        assert "not known here" in words(look(relay, code=f"WRONG{number}"))
    too_many = "Too many codes were tried here. Please try again in a minute."
    assert shown(look(relay, code="SUMMER-26")) == f"{too_many} {USUAL}"
    assert press(relay, offer="5-300-usd", code="SUMMER-26").status_code == 409
    it_is(relay, "16:01:00")
    assert shown(look(relay, code="SUMMER-26")) == f"{SUMMER} 2 credits $1.00"


def test_a_closed_door_tries_no_code_and_keeps_it_for_the_next_look(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """Whoever scanned it need not scan again."""
    cabinet.say(accepting=False, state="playing")
    page = look(relay, code="a b&c").text
    assert 'href="/p/galaga-01?code=a%20b%26c"' in page


# Free play


def test_a_free_credit_reaches_the_machine_signed_and_stripe_never_hears_of_it(
    relay: RelayUnderTest, cabinet: Cabinet
) -> None:
    """It has a name of its own kind, costs 0, and its receipt is settled by the relay alone."""
    it_is(relay, "20:00:00")
    reads = relay.stripe.reads.total
    page = look(relay)
    assert words(page).startswith("Free play until 10:00 PM Galaga 2 credits FREE")
    given = press(relay, free=ticket(page))
    assert (given.status_code, words(given)) == (
        200,
        "Free play Galaga 2 credits, free: on the way to the machine. Watch its screen, then press START. "
        "Back to the machine Your phone's next free turn is in 10 minutes.",
    )
    pulse = cabinet.payload()
    name = pulse.pop("paymentId")
    assert re.fullmatch(r"free_2_[0-9a-f]{32}_[0-9a-f]{32}", name)
    assert pulse == {
        "machineId": "galaga-01", "credits": 2, "timestamp": "2026-12-01T19:00:00Z", "amount": 0,
        "currency": "usd", "windowS": 180,
    }  # fmt: skip
    (message,) = cabinet.heard
    token = relay.settings.tokens.issue("galaga-01")
    assert dict(message.properties.UserProperty)["sig"] == signature(token, message.payload)
    said = {"paymentId": name, "outcome": "delivered", "creditsDelivered": 2, "creditsPaid": 2}
    assert receipt(relay, said) == (200, {"result": "settled", "charged": 0})
    assert receipt(relay, said | {"outcome": "undelivered", "creditsDelivered": 0})[1]["result"] == "settled"
    opened = relay.client.get(f"/machines/galaga-01/payments?paid={name}", headers=relay.token())
    assert (opened.status_code, opened.json) == (200, [])
    # The list of open payments is read once; nothing is read or made of the free credit.
    assert (sessions(relay), relay.stripe.reads.total - reads <= 1) == ([], True)


def receipt(
    relay: RelayUnderTest, said: dict[str, Any], machine_id: str = "galaga-01"
) -> tuple[int, dict[str, Any]]:
    """Send a receipt with the machine's own token."""
    answer = relay.client.post(f"/machines/{machine_id}/receipts", json=said, headers=relay.token(machine_id))
    return answer.status_code, answer.json


@pytest.mark.parametrize(
    ("change", "machine_id", "status"),
    [
        ({"paymentId": "free_9_" + "0" * 32 + "_" + "0" * 32}, "galaga-01", 404),
        ({"paymentId": "free_"}, "galaga-01", 404),
        ({}, "pacman-02", 404),
        ({"creditsPaid": 3, "creditsDelivered": 3}, "galaga-01", 400),
        ({"outcome": "eaten"}, "galaga-01", 400),
    ],
)
def test_a_receipt_of_a_free_credit_is_held_to_what_was_given(
    relay: RelayUnderTest, cabinet: Cabinet, change: dict[str, Any], machine_id: str, status: int
) -> None:
    """One that this relay did not give this machine is unknown."""
    it_is(relay, "20:00:00")
    press(relay, free=ticket(look(relay)))
    name = cabinet.payload()["paymentId"]
    said = {"paymentId": name, "outcome": "delivered", "creditsDelivered": 2, "creditsPaid": 2}
    assert receipt(relay, said | change, machine_id)[0] == status


def test_however_often_a_button_is_pressed_its_credit_is_one(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Twice at once, again after minutes, in another process: the same bytes, which the ledger knows."""
    it_is(relay, "20:09:58")
    button = ticket(look(relay))
    press(relay, free=button)
    press(relay, free=button)
    it_is(relay, "20:10:30")
    press(relay, free=button)
    until(lambda: len(cabinet.heard), 3, "three messages")
    assert len({message.payload for message in cabinet.heard}) == 1


def test_one_phone_has_one_free_credit_in_each_slot(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Its page says when the next one is; another phone has its own at once."""
    it_is(relay, "20:03:00")
    phone = relay.client
    phone.post("/p/galaga-01", data={"free": ticket(phone.get("/p/galaga-01"))})
    again = phone.get("/p/galaga-01")
    assert "Your phone's next free turn is in 7 minutes." in words(again)
    assert 'name="free"' not in again.text
    press(relay, free=ticket(look(relay)))
    it_is(relay, "20:10:00")
    phone.post("/p/galaga-01", data={"free": ticket(phone.get("/p/galaga-01"))})
    until(lambda: len({pulse["paymentId"] for pulse in cabinet.payloads()}), 3, "three free credits")


def button_of(relay: RelayUnderTest, phone: str) -> str:
    """The button that a relay shows to a phone of this name."""
    client = relay.client
    client.set_cookie("free", f"{phone}.")
    return ticket(client.get("/p/galaga-01"))


def test_a_change_of_the_relay_s_secret_gives_no_phone_a_second_credit(
    relay: RelayUnderTest, cabinet: Cabinet, broker: Broker
) -> None:
    """Its button holds before and after, in processes that know of the change and in others: one name."""
    both = f"the-new-secret-of-at-least-32-characters,{RELAY_SECRET}"
    with relay_under_test(broker, OFFERS=json.dumps(CLOCKED), RELAY_SECRET=both) as changed:
        for each in (relay, changed):
            it_is(each, "20:03:00")
        buttons = [button_of(each, "p" * 22) for each in (relay, changed)]
        given = [press(each, free=button) for each in (relay, changed) for button in buttons]
        assert [answer.status_code for answer in given] == [200] * 4
        until(lambda: len(cabinet.heard), 4, "four messages")
        assert len({pulse["paymentId"] for pulse in cabinet.payloads()}) == 1


def forged(relay: RelayUnderTest) -> dict[str, str]:
    """Tickets that are none, by what is wrong with them."""
    it_is(relay, "20:00:00")
    good = ticket(look(relay))
    slot, phone, seal = good.split(".")
    return {
        "empty": "",
        "another phone": f"{slot}.{'x' * 22}.{seal}",
        "another slot": f"{int(slot) - 1}.{phone}.{seal}",
        "no seal": f"{slot}.{phone}.{'0' * 64}",
        "long": good + "0" * 5000,
        "unicode": "\u0661" + good,
    }


def test_no_forged_ticket_gives_a_credit(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """Each is refused with the page of now; the true one is not."""
    wrong = forged(relay)
    answers = {name: press(relay, free=text).status_code for name, text in wrong.items()}
    assert answers == dict.fromkeys(wrong, 409)
    assert cabinet.heard == []
    assert press(relay, free=ticket(look(relay))).status_code == 200


@pytest.mark.parametrize(
    ("made", "used", "status"),
    [
        ("19:55:00", "19:59:59", 409),
        ("19:55:00", "20:09:59", 200),
        ("20:05:00", "20:19:59", 200),
        ("20:05:00", "20:20:00", 409),
        ("21:59:00", "21:59:59", 200),
        ("21:59:00", "22:00:00", 409),
    ],
)
def test_a_true_ticket_gives_its_credit_in_the_window_and_of_late(
    relay: RelayUnderTest, cabinet: Cabinet, made: str, used: str, status: int
) -> None:
    """However it was come by: outside the window nothing is given, and two slots later neither."""
    it_is(relay, made)
    made_s, secret = relay.clock(), relay.settings.tokens.relay_secret
    button = ticket_now("galaga-01", "p" * 22, FreePlay(2, 10), made_s).sealed(secret)
    it_is(relay, used)
    assert press(relay, free=button).status_code == status
    until(lambda: len(cabinet.heard), int(status == 200), "its credit")


def test_a_ticket_of_one_machine_is_none_at_another(
    relay: RelayUnderTest, cabinet: Cabinet, broker: Broker
) -> None:
    """Neither at one that gives nothing, nor at one that gives as much."""
    free = {"zone": "Europe/Berlin", "periods": [{"free": {"credits": 2, "minutes": 10}}]}
    with (
        relay_under_test(broker, OFFERS=json.dumps(OFFERS | free)) as generous,
        Cabinet("pacman-02", broker) as other,
    ):
        other.say()
        it_is(relay, "20:00:00")
        it_is(generous, "20:00:00")
        button = ticket(look(relay))
        assert relay.client.post("/p/pacman-02", data={"free": button}).status_code == 409
        assert generous.client.post("/p/pacman-02", data={"free": button}).status_code == 409
        assert generous.client.post("/p/galaga-01", data={"free": button}).status_code == 200
        other.say_raw(b"")


def test_a_machine_that_takes_nothing_gives_nothing(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """A free credit asks for the live status as a sale does."""
    it_is(relay, "20:00:00")
    button = ticket(look(relay))
    cabinet.say(accepting=False, state="playing")
    refused = press(relay, free=button)
    assert (refused.status_code, "Someone is playing right now." in words(refused)) == (409, True)
    assert cabinet.heard == []


def test_a_phone_without_cookies_cannot_fill_the_board(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """To the relay it is a new phone at each look; its address has four at once, and two a minute."""
    it_is(relay, "20:00:00")
    codes = [press(relay, free=ticket(look(relay))).status_code for _ in range(6)]
    assert codes == [200, 200, 200, 200, 429, 429]
    it_is(relay, "20:00:31")
    assert [press(relay, free=ticket(look(relay))).status_code for _ in range(2)] == [200, 429]


def test_a_credit_that_could_not_be_sent_can_be_had_by_the_same_button(
    relay: RelayUnderTest, broker: Broker
) -> None:
    """A machine whose session is gone: nothing is sent, and the page says so."""
    it_is(relay, "20:00:00")
    with Cabinet("galaga-01", broker) as here:
        here.say()
        button = ticket(look(relay))
    lost = press(relay, free=button)
    assert (lost.status_code, words(lost)) == (
        503,
        "Sorry! The machine cannot be reached right now. Please try again.",
    )
    with Cabinet("galaga-01", broker) as back:
        assert press(relay, free=button).status_code == 200
        assert back.payload()["credits"] == 2
        back.say_raw(b"")
