"""Phones may ask so often and no more, and webhooks and cabinets never notice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from conftest import PASSWORDS
from flask.testing import FlaskClient
from relay_parts import Cabinet, RelayUnderTest, relay_under_test

from cloud_relay.app import app_for
from cloud_relay.lambda_handler import handler_for
from cloud_relay.memory.buckets import Buckets
from cloud_relay.rules.orders import Order
from cloud_relay.rules.phones.addresses import caller
from cloud_relay.rules.phones.limits import PhoneLimits
from cloud_relay.rules.phones.open_checkout import OpenCheckout, unsealed
from cloud_relay.rules.phones.rates import Rate
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import CheckoutSession

OURS = Order("galaga-01", 3, 250, "usd").metadata()
HALL, OUTSIDER = "198.51.100.7", "203.0.113.9"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("limits"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with the limits that it ships with, and a machine that sells."""
    with relay_under_test(broker) as running, Cabinet("galaga-01", broker) as cabinet:
        running.stripe.webhooks.url = None
        running.clock.stands_at_s = time.time()  # or buckets would fill while they are emptied
        cabinet.say()
        yield running


def phone(relay: RelayUnderTest, address: str = HALL) -> FlaskClient:
    """A phone of its own: it keeps its cookies."""
    client = relay.app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def buy(client: FlaskClient, offer: str = "3-250-usd", machine_id: str = "galaga-01") -> Any:
    """Press an offer's button."""
    return client.post(f"/p/{machine_id}", data={"offer": offer})


def sessions(relay: RelayUnderTest) -> list[CheckoutSession]:
    """Everything that was ever on sale."""
    return list(relay.stripe.book.table(CheckoutSession).values())


def fill(relay: RelayUnderTest, address: str) -> int:
    """Buy with ever new phones from an address until it is refused; how many could."""
    for bought in range(1000):
        if buy(phone(relay, address)).status_code == 429:
            return bought
    pytest.fail("nobody was ever refused")


# The figures


def test_a_bucket_lets_a_burst_pass_and_then_its_rate() -> None:
    """Three at once, and one each ten seconds."""
    rate, full_s, passed = Rate(3, 6), None, []
    for now_s in range(100, 131):
        if not rate.wait_s(full_s, now_s):
            full_s = rate.after_one(full_s, now_s)
            passed.append(now_s - 100)
    assert passed == [0, 1, 2, 10, 20, 30]
    assert rate.wait_s(full_s, 130) == 10


@pytest.mark.parametrize("rate", [Rate(30, 300), Rate(15, 30), Rate(7, 17), Rate(600, 1800), Rate(1, 0.001)])
def test_a_burst_is_exactly_so_many(rate: Rate) -> None:
    """Sums of floats must not cost the last one."""
    buckets = Buckets(rate)
    passed = [buckets.take("a", 1_795_854_435.84) == 0 for _ in range(rate.burst + 3)]
    assert passed == [True] * rate.burst + [False] * 3


def test_a_clock_that_was_set_back_shuts_nobody_out_for_longer_than_the_bucket_takes_to_fill() -> None:
    """An hour back is not an hour of refusals."""
    rate = Rate(3, 6)
    full_s = rate.after_one(None, 10_000.0)
    assert rate.wait_s(full_s, 10_000.0 - 3600) == 10


def test_what_is_refused_costs_nothing() -> None:
    """Who asks all the time still gets his rate."""
    buckets = Buckets(Rate(1, 60))
    assert [buckets.take("a", now_s) for now_s in (0, 0.25, 0.75, 1)] == [0, 0.75, 0.25, 0]


def test_what_is_given_back_was_never_taken() -> None:
    """And nobody gets more than a full bucket by it."""
    buckets = Buckets(Rate(2, 60))
    buckets.give_back("a")
    buckets.take("a", 0.0)
    buckets.give_back("a")
    buckets.give_back("a")
    assert [buckets.take("a", 0.0) for _ in range(3)] == [0, 0, 1]


def test_the_memory_of_who_asked_is_bounded() -> None:
    """A botnet of addresses takes no more than this."""
    buckets = Buckets(Rate(1, 1), most=100)
    for number in range(10_000):
        buckets.take(str(number), 0.0)
    assert (len(buckets), buckets.take("9999", 0.0), buckets.take("1", 0.0)) == (100, 60, 0)


def test_a_busy_hall_behind_one_address_is_never_refused() -> None:
    """Fifty machines that each sell once a minute for an hour, at random, and their players' pages."""
    limits, dice = PhoneLimits(), random.Random(12)  # noqa: S311 - the same hour each time
    sales = sorted(dice.uniform(0, 3600) for _ in range(50 * 60))
    looks = sorted(at_s + ahead_s for at_s in sales for ahead_s in (-60, -8, -2))
    pages = sorted(at_s + 20 + 1.5 * number for at_s in sales for number in range(8))
    for rate, events in (
        (limits.looks_of_address, looks),
        (limits.purchases_of_address, sales),
        (limits.thanks_of_address, pages),
        (limits.sessions, sales),
        (limits.reads, pages[::2]),
    ):
        full_s: float | None = None
        for at_s in events:
            assert rate.wait_s(full_s, at_s) == 0
            full_s = rate.after_one(full_s, at_s)


def test_phones_leave_stripes_own_limit_to_webhooks_and_receipts() -> None:
    """A test key has 25 calls a second, and phones get 16 of them with all that they may do."""
    limits = PhoneLimits()
    per_minute = limits.sessions.per_minute + limits.reads.per_minute + limits.strangers.per_minute
    assert per_minute / 60 == 16


def test_larger_halls_have_larger_addresses_and_the_same_machines() -> None:
    """Five hundred machines behind one address."""
    usual, large = PhoneLimits(), PhoneLimits().for_halls_of(500)
    assert large == replace(
        usual,
        looks_of_address=Rate(3000, 12000),
        purchases_of_address=Rate(600, 1200),
        thanks_of_address=Rate(6000, 18000),
        reads_of_address=Rate(600, 3000),
    )


# Who asks


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "proxies", "who"),
    [
        ("203.0.113.9", "", 0, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", 0, "203.0.113.9"),
        ("127.0.0.1", "198.51.100.7", 1, "198.51.100.7"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.7", 1, "198.51.100.7"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.7,203.0.113.1", 2, "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7", 2, "127.0.0.1"),
        ("127.0.0.1", "", 1, "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7:4711", 1, "198.51.100.7"),
        ("127.0.0.1", "[2001:db8:1:2::7]:4711", 1, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "", 0, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "", 0, "203.0.113.9"),
        ("127.0.0.1", "a\x1b[2Jb", 1, "unknown"),
        (None, "", 0, "unknown"),
        ("", "", 0, "unknown"),
    ],
)
def test_only_our_own_proxies_are_believed(
    peer: str | None, forwarded_for: str, proxies: int, who: str
) -> None:
    """What stands before the part that they wrote may be made up; an IPv6 line is one caller."""
    assert caller(peer, forwarded_for, proxies) == who


def test_a_forged_address_gives_nobody_a_fresh_bucket(relay: RelayUnderTest) -> None:
    """With one proxy, the last address counts, whatever stands before it."""
    app = app_for(replace(relay.relay, settings=replace(relay.settings, trusted_proxies=1)))
    statuses = [
        app.test_client()
        .post("/p/nowhere", data={}, headers={"X-Forwarded-For": f"10.0.{number}.1, {OUTSIDER}"})
        .status_code
        for number in range(20)
    ]
    assert statuses == [409] * 15 + [429] * 5


def lambda_event(version: str, number: int) -> dict[str, Any]:
    """A purchase as an HTTP API or a REST API hands it over, with a header that the caller made up."""
    headers = {"x-forwarded-for": f"10.0.{number}.1, {OUTSIDER}", "host": "x"}
    if version == "2.0":
        http = {"method": "POST", "path": "/p/nowhere", "protocol": "HTTP/1.1", "sourceIp": OUTSIDER}
        return {
            "version": version,
            "rawPath": "/p/nowhere",
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {"http": http},
            "isBase64Encoded": False,
        }
    return {
        "version": version,
        "path": "/p/nowhere",
        "httpMethod": "POST",
        "headers": headers,
        "requestContext": {"identity": {"sourceIp": OUTSIDER}},
        "body": None,
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_on_lambda_the_gateways_word_counts(relay: RelayUnderTest, version: str) -> None:
    """Of an HTTP API's events and a REST API's alike."""
    answer = handler_for(relay.relay)
    statuses = [answer(lambda_event(version, number), None)["statusCode"] for number in range(20)]
    assert statuses == [409] * 15 + [429] * 5


# At the door


def test_an_outsider_is_refused_soon_and_the_hall_goes_on(relay: RelayUnderTest) -> None:
    """He gets a page that says what to do, and has taken no more than his part of the machine."""
    assert fill(relay, OUTSIDER) == 15
    refused = buy(phone(relay, OUTSIDER))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert "Nothing was charged. Please try again in a moment." in refused.text
    assert buy(phone(relay, HALL)).status_code == 303
    assert len(sessions(relay)) == 16


def test_a_botnet_gets_what_the_machine_may_sell(relay: RelayUnderTest) -> None:
    """Each request from an address of its own; other machines sell all the same."""
    asked = [buy(phone(relay, f"192.0.2.{number}")).status_code for number in range(60)]
    assert sorted(asked[:30]) == [303] * 30
    assert asked.count(429) >= 25
    assert buy(phone(relay), machine_id="pacman-02").status_code == 409  # it is not there, and was looked for


def test_the_rate_comes_back_with_time(relay: RelayUnderTest) -> None:
    """Two seconds for one more."""
    fill(relay, OUTSIDER)
    relay.clock.ahead_s += 2
    assert [buy(phone(relay, OUTSIDER)).status_code for _ in range(2)] == [303, 429]


def test_looks_are_limited_too(relay: RelayUnderTest) -> None:
    """Each is a question to the broker."""
    looks = [phone(relay, OUTSIDER).get("/p/galaga-01").status_code for _ in range(330)]
    assert (looks[:300], looks[-1]) == ([200] * 300, 429)
    assert phone(relay, HALL).get("/p/galaga-01").status_code == 200


def test_phones_that_are_refused_take_no_room_from_others(relay: RelayUnderTest) -> None:
    """Three hundred at once from one address: the hall's purchase goes through among them."""
    fill(relay, OUTSIDER)
    with ThreadPoolExecutor(32) as outsiders:
        under_way = [outsiders.submit(lambda: buy(phone(relay, OUTSIDER)).status_code) for _ in range(300)]
        assert [buy(phone(relay, f"198.51.100.{number}")).status_code for number in range(5)] == [303] * 5
        assert {each.result() for each in under_way} <= {303, 429}


def test_stripe_gets_no_more_sessions_of_all_phones_than_it_may(relay: RelayUnderTest) -> None:
    """However many addresses and machines there are; the door says so, and nothing is charged."""
    figures = replace(PhoneLimits(), sessions=Rate(3, 1))
    app = app_for(relay.relay, figures=figures)
    answers = [buy(app.test_client()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 503]
    assert "Too many are paying right now. Nothing was charged." in answers[-1].text


def test_a_limit_that_was_reached_is_said_once_a_minute(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """With who did it, and with the remedy where everybody seems to come from this machine."""
    fill(relay, "127.0.0.1")
    buy(phone(relay, "127.0.0.1"))
    said = [record.getMessage() for record in caplog.records if "Too many" in record.getMessage()]
    assert said == [
        "Too many purchases at galaga-01, of late from 127.0.0.1 (said once a minute): that is a proxy, "
        "and all phones are counted as one: see TRUSTED_PROXIES in README.md"
    ]


# The same phone


def test_the_same_phone_and_offer_get_the_same_page_again(relay: RelayUnderTest) -> None:
    """A step back and another tap is one session at Stripe."""
    mine = phone(relay)
    first, second = buy(mine), buy(mine)
    assert (second.status_code, second.headers["Location"]) == (303, first.headers["Location"])
    assert len(sessions(relay)) == 1


def test_a_second_player_behind_the_same_address_gets_a_page_of_his_own(relay: RelayUnderTest) -> None:
    """A session can be paid once."""
    first, second = buy(phone(relay)), buy(phone(relay))
    assert first.headers["Location"] != second.headers["Location"]


def test_another_offer_or_time_makes_a_new_page(relay: RelayUnderTest) -> None:
    """And the cookie is for one door alone, read by no script, and gone after two minutes."""
    mine = phone(relay)
    first = buy(mine)
    assert buy(mine, "1-100-usd").headers["Location"] != first.headers["Location"]
    cookie = first.headers["Set-Cookie"]
    assert cookie.endswith("; Max-Age=120; HttpOnly; Path=/p/galaga-01; SameSite=Lax")
    relay.clock.ahead_s += 121
    mine.set_cookie("checkout", cookie.split(";")[0].removeprefix("checkout="), path="/p/galaga-01")
    assert len({each.url for each in sessions(relay)}) == 2
    buy(mine)
    assert len(sessions(relay)) == 3


def test_a_page_that_was_paid_is_not_offered_again(relay: RelayUnderTest) -> None:
    """The webhook says so to this process; the player's own page says so to the phone."""
    by_webhook, by_page = phone(relay), phone(relay)
    pages = {buy(by_webhook).headers["Location"], buy(by_page).headers["Location"]}
    first, second = sessions(relay)
    relay.stripe.pay(second.id)
    assert by_page.get(f"/thanks?s={second.id}").status_code == 200
    assert buy(by_page).headers["Location"] not in pages
    relay.stripe.pay(first.id)
    events = relay.stripe.keeper.turn(lambda book, _: [event.as_json() for event in book.events.values()])
    kind = "payment_intent.amount_capturable_updated"
    assert relay.post_event([event for event in events if event["type"] == kind][-1]).status_code == 200
    assert buy(by_webhook).headers["Location"] not in pages


def test_a_page_that_is_still_open_is_offered_again_after_a_look_at_it(relay: RelayUnderTest) -> None:
    """Not paid is not paid."""
    mine = phone(relay)
    first = buy(mine)
    mine.get(f"/thanks?s={sessions(relay)[0].id}")
    assert buy(mine).headers["Location"] == first.headers["Location"]


def test_a_cookie_that_this_relay_did_not_write_leads_nowhere() -> None:
    """Not to another address, not to another machine's page, not from another relay, and not by nonsense."""
    opened = OpenCheckout("galaga-01", "3-250-usd", 1000, "https://checkout.stripe.com/c/pay/cs_1#f%2F")
    text = opened.sealed("secret")
    assert unsealed(text, "galaga-01", ["secret"]) == opened
    assert unsealed(text, "galaga-01", ["another", "secret"]) == opened
    assert unsealed(text, "pacman-02", ["secret"]) is None
    assert unsealed(text, "galaga-01", ["another"]) is None
    for changed in (
        text.replace("checkout.stripe.com", "evil.example"),
        text.replace("1000", "2000"),
        "",
        "é|",
    ):
        assert unsealed(changed, "galaga-01", ["secret"]) is None


# What became of a payment


def test_guessed_sessions_are_soon_read_no_more(relay: RelayUnderTest) -> None:
    """Ten reads, and no answer but that one cannot tell; who has paid there still sees his payment."""
    answers = [phone(relay, OUTSIDER).get(f"/thanks/state?s=cs_test_{number}") for number in range(200)]
    assert [answer.status_code for answer in answers] == [404] * 10 + [503] * 190
    assert relay.stripe.reads.total == 10
    buy(phone(relay, OUTSIDER))
    (session,) = sessions(relay)
    relay.stripe.pay(session.id)
    assert phone(relay, OUTSIDER).get(f"/thanks/state?s={session.id}").json["state"] == "reserved"


def test_guesses_from_everywhere_leave_the_sessions_of_this_process_alone(relay: RelayUnderTest) -> None:
    """All of them together have twenty, and one each second."""
    asked = [
        phone(relay, f"192.0.2.{number}").get(f"/thanks/state?s=cs_test_{number}").status_code
        for number in range(60)
    ]
    assert (asked[:20], asked[-1]) == ([404] * 20, 503)
    buy(phone(relay))
    relay.stripe.pay(sessions(relay)[0].id)
    assert phone(relay).get(f"/thanks/state?s={sessions(relay)[0].id}").status_code == 200


def test_guesses_in_flight_together_are_no_more_than_guesses_one_by_one(relay: RelayUnderTest) -> None:
    """Each is counted before it is read, not when Stripe has answered."""

    def guess(number: int) -> int:
        return phone(relay, OUTSIDER).get(f"/thanks/state?s=cs_test_{number}").status_code

    with ThreadPoolExecutor(12) as outsiders:
        answers = Counter(outsiders.map(guess, range(60)))
    assert (answers, relay.stripe.reads.total) == ({404: 10, 503: 50}, 10)


def test_players_whose_session_this_process_did_not_make_are_no_guessers(relay: RelayUnderTest) -> None:
    """After a restart a whole hall's pages are such; and while Stripe is away nobody is one for it."""
    relay.stripe.fail_next(30, status=500)
    away = {phone(relay).get(f"/thanks/state?s=cs_test_{number}").status_code for number in range(30)}
    for _ in range(15):
        relay.pay_in_secret(OURS)
    known = [phone(relay).get(f"/thanks/state?s={each.id}").status_code for each in sessions(relay)]
    assert (away, known) == ({503}, [200] * 15)


def test_what_everybody_has_used_up_costs_no_address_its_own(relay: RelayUnderTest) -> None:
    """A refusal takes nothing, of whichever limit it is."""
    figures = replace(PhoneLimits(), sessions=Rate(1000, 1000), purchases_at_machine=Rate(1, 60))
    app = app_for(relay.relay, figures=figures)
    mine = app.test_client()
    answers = [mine.post("/p/galaga-01", data={"offer": "none"}).status_code for _ in range(40)]
    relay.clock.ahead_s += 1
    assert (answers[:2], set(answers[1:])) == ([409, 429], {429})
    assert mine.post("/p/galaga-01", data={"offer": "none"}).status_code == 409


def test_an_unknown_session_is_remembered(relay: RelayUnderTest) -> None:
    """Asked again it costs no read; of another mode than the key's it never did."""
    client = phone(relay)
    assert client.get("/thanks/state?s=cs_test_Nobody").status_code == 404
    relay.stripe.fail_next(status=500)
    asked = [
        client.get(f"/thanks/state?s={each}").status_code for each in ("cs_test_Nobody", "cs_live_Nobody")
    ]
    assert asked == [404, 404]
    assert client.get("/thanks/state?s=cs_test_Other").status_code == 503  # the failure was still to come


def test_a_session_made_elsewhere_is_read_all_the_same(relay: RelayUnderTest) -> None:
    """By another process, before a restart, or through an old link."""
    relay.pay_in_secret(OURS)
    assert phone(relay).get(f"/thanks/state?s={sessions(relay)[0].id}").json["state"] == "reserved"


# Who is never limited


def test_webhooks_and_cabinets_are_served_whatever_phones_have_used_up(relay: RelayUnderTest) -> None:
    """From the same address, and with Stripe's part for phones all spent."""
    nothing = PhoneLimits(*[Rate(1, 0.001)] * 11)
    client = app_for(relay.relay, figures=nothing).test_client()
    refused = [client.post("/p/galaga-01", data={"offer": "3-250-usd"}).status_code for _ in range(3)]
    assert refused == [303, 429, 429]
    for _ in range(400):
        assert client.get("/machines/galaga-01/offer", headers=relay.token()).status_code == 200
    assert client.get("/machines/galaga-01/payments", headers=relay.token()).status_code == 200
    assert client.post("/addCredit", data=b"{}").status_code == 400
    receipt = {"paymentId": "pi_1", "outcome": "delivered", "creditsDelivered": 1, "creditsPaid": 1}
    answer = client.post("/machines/galaga-01/receipts", json=receipt, headers=relay.token())
    assert answer.json == {"result": "unknown"}
