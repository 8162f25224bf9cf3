"""What the check says of facts that no stand-in gives: compared whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cloud_relay.pages.check.account_findings import account_findings, method_findings, price_finding
from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong
from cloud_relay.pages.check.outside_findings import door_finding, refusal_finding, unreached_finding
from cloud_relay.pages.check.round_trip_findings import secret_findings, token_finding
from cloud_relay.pages.check.secret_findings import stripes_secret_finding
from cloud_relay.pages.check.setting_findings import REMEDIES, setting_findings
from cloud_relay.pages.check.tidy_findings import tidy_finding
from cloud_relay.rules.setting_up.account import Account, LastEvent, SoldPrice
from cloud_relay.rules.setting_up.from_outside import Answer, Obstacle, Unreached
from cloud_relay.rules.setting_up.neighbours import Endpoint

pytestmark = pytest.mark.cloud
THE_SAME = "Give the relay there this environment's, and start it anew; or check with the relay's own."
LET_IN = "Start the relay and the proxy before it, and let port 443 through the firewall."
ACCOUNT = Account(may_charge=True, country="US", currency="usd", prefix="ARCADE")
PLACE = "in Stripe's Dashboard, Settings, Business, Public details, Shortened descriptor"


def test_a_live_account_that_may_not_charge_loses_sales() -> None:
    """With a test key it is a warning."""
    closed = Account(may_charge=False, country="US", currency="usd", prefix="ARCADE")
    (first, *_) = account_findings(closed, ["usd"], is_live=True)
    assert first == wrong(
        "the account may not charge: charges_enabled is false",
        "Answer what Stripe still asks in Stripe's Dashboard, Settings, Account status.",
    )


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("AB", ok("players read AB* and the machine's name on the bank's statement")),
        ("TENLETTERS", ok("players read TENLETTERS* and the machine's name on the bank's statement")),
        *(
            (
                prefix,
                warning(
                    f"the statement descriptor {prefix!r} leaves no room for a machine's name",
                    f"Shorten it to 10 characters {PLACE}.",
                ),
            )
            for prefix in ("A", "ELEVENLETTE")
        ),
    ],
)
def test_a_statements_prefix_leaves_room_or_does_not(prefix: str, expected: Finding) -> None:
    """Two to ten characters."""
    account = Account(may_charge=True, country="US", currency="usd", prefix=prefix)
    assert list(account_findings(account, ["usd"], is_live=True))[-1] == expected


def test_one_wallet_off_is_one() -> None:
    """What is not named at all is off too."""
    assert list(method_findings({"card": True, "apple_pay": True})) == [
        ok("cards are on: a Checkout Session can reserve money"),
        ok("Apple Pay is on"),
        warning(
            "Google Pay is off: players type in their cards",
            "Turn it on in Stripe's Dashboard, Settings, Payments, Payment methods.",
        ),
    ]


@pytest.mark.parametrize(
    "sold",
    [
        SoldPrice(100, "usd", is_active=False, is_once=True),
        SoldPrice(100, "usd", is_active=True, is_once=False),
        SoldPrice(None, "usd", is_active=True, is_once=True),
    ],
)
def test_a_price_that_no_link_can_sell_is_told(sold: SoldPrice) -> None:
    """Archived, of a subscription, or without a fixed amount."""
    assert price_finding("price_1", sold).text == "PRICE_ID is price_1: no active price for a single payment"


@pytest.mark.parametrize(
    ("obstacle", "detail", "expected"),
    [
        (Obstacle.NO_ANSWER, "timed out", wrong("pay.example.com, port 443, does not answer", LET_IN)),
        (
            Obstacle.CUT_OFF,
            "Connection reset by peer",
            wrong("pay.example.com, port 443, cuts the connection: Connection reset by peer", LET_IN),
        ),
    ],
)
def test_what_does_not_answer_is_told(obstacle: Obstacle, detail: str, expected: Finding) -> None:
    """With the port that has to be open."""
    assert unreached_finding("pay.example.com", 443, Unreached(obstacle, detail)) == expected


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            Answer(302, {"location": "http://a.example/"}),
            "https://a.example/status sends on to http://a.example/: Stripe follows no redirect",
        ),
        (Answer(302), "https://a.example/status sends on to : Stripe follows no redirect"),
        (
            Answer(403, body=b'{"message":"Forbidden"}'),
            "https://a.example/status answers 403: the API gateway has no such path",
        ),
        (
            Answer(403, body=b'{"message":["Forbidden"]}'),
            "https://a.example/status answers 403: something before the relay wants a login",
        ),
        (
            Answer(403, body=b"no"),
            "https://a.example/status answers 403: something before the relay wants a login",
        ),
        (Answer(404, body=b"no"), "https://a.example/status answers 404"),
        (Answer(500, body=b"[]"), "https://a.example/status answers 500"),
        (Answer(200, body=b'{"message": "hello"}'), "another program answers at https://a.example/status"),
    ],
)
def test_what_is_no_relay_is_told(answer: Answer, text: str) -> None:
    """Whatever it is that answers."""
    finding = refusal_finding("https://a.example", answer, None)
    assert (finding.grade, finding.text) == ("wrong", text)
    assert finding.remedy.endswith(".")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            Answer(400, body=b'{"error": "the event\'s livemode is not that of this relay\'s key"}'),
            wrong(
                "the relay there has a key of the other mode: live there and test here, or the reverse",
                THE_SAME,
            ),
        ),
        (
            Answer(400, body=b'{"error": "Stripe signed it 400 s ago by the relay\'s clock, and more"}'),
            wrong(
                "the clock of the relay there is minutes ahead: it calls an event old that was signed now",
                "Set it, best by NTP (sudo timedatectl set-ntp true).",
            ),
        ),
        (
            Answer(400, body=b'{"error": "the signature is not Stripe\'s for these 9 bytes"}'),
            wrong("the relay there has another STRIPE_WEBHOOK_SECRET", THE_SAME),
        ),
        (
            Unreached(Obstacle.NO_ANSWER),
            wrong(
                "a POST to /addCredit gets no answer: no answer",
                "Have the proxy pass POST, all headers and the body on as they are.",
            ),
        ),
    ],
)
def test_what_the_relay_says_to_an_event_is_read(answer: Answer | Unreached, expected: Finding) -> None:
    """Of nine bytes that were sent."""
    assert secret_findings([answer], 9) == [expected]


def test_a_token_is_answered_by_the_relay_or_by_another() -> None:
    """An error of the relay's own has its words with it."""
    refused = token_finding(Answer(401, body=b'{"error": "Authorization is wrong"}'))
    assert refused.text.endswith("its RELAY_SECRET is another")
    assert token_finding(Answer(401)).text == "GET /machines/ is answered 401, and not by the relay"
    assert token_finding(Unreached(Obstacle.CUT_OFF)).text == "GET /machines/ gets no answer: cut off"


@pytest.mark.parametrize(
    ("answer", "grade"),
    [
        (Answer(200, body=b"<p>Nothing was charged.</p>"), "ok"),
        (Answer(200, body=b"hello"), "wrong"),
        (Answer(429), "note"),
        (Answer(503), "wrong"),
        (Answer(503, body=b"<p>Too many ask at once.</p>"), "note"),
        (Unreached(Obstacle.CUT_OFF), "wrong"),
    ],
)
def test_a_doors_page_is_known_by_what_it_says(answer: Answer | Unreached, grade: str) -> None:
    """A page of another program is none."""
    assert door_finding(answer).grade == grade


@pytest.mark.parametrize(
    ("headers", "cached"),
    [
        ({}, None),
        ({"age": "0", "x-cache": "Miss from cloudfront", "cf-cache-status": "DYNAMIC"}, None),
        ({"age": ""}, None),
        ({"age": "12"}, "age: 12"),
        ({"cf-cache-status": "HIT"}, "cf-cache-status: HIT"),
        ({"x-cache-status": "hit"}, "x-cache-status: hit"),
    ],
)
def test_a_cache_is_known_by_its_headers(headers: dict[str, str], cached: str | None) -> None:
    """Of CloudFront, Cloudflare, nginx and Varnish."""
    assert Answer(200, headers).cached == cached


NOW_S = 1_800_000_000
OURS = Endpoint(
    "https://a.example/addCredit", frozenset("*"), "v", id="we_1", created_s=1000, secret_print="aa"
)


@pytest.mark.parametrize(
    ("prints", "last", "alone", "expected"),
    [
        ({"aa"}, None, True, ("ok", "it is the one that Stripe told when `setup stripe` made the endpoint")),
        (
            {"bb"},
            None,
            True,
            ("warning", "it is not the one that Stripe told when `setup stripe` made the endpoint"),
        ),
        (
            {"bb"},
            LastEvent("evt_1", 2000, is_taken=True),
            True,
            ("ok", "Stripe's newest event (evt_1) was taken: it was signed with the relay's secret"),
        ),
        (
            {"aa"},
            LastEvent("evt_1", 2000, is_taken=False),
            True,
            ("wrong", "Stripe's newest event (evt_1) was not taken"),
        ),
        (
            {"aa"},
            LastEvent("evt_1", 2000, is_taken=False),
            False,
            ("warning", "Stripe's newest event (evt_1) was not taken by one endpoint of several"),
        ),
        (
            {"aa"},
            LastEvent("evt_1", 1000, is_taken=False),
            True,
            ("ok", "it is the one that Stripe told when `setup stripe` made the endpoint"),
        ),
        (
            {"aa"},
            LastEvent("evt_1", NOW_S - 59, is_taken=False),
            True,
            ("ok", "it is the one that Stripe told when `setup stripe` made the endpoint"),
        ),
        (
            {"aa"},
            LastEvent("evt_1", NOW_S - 60, is_taken=False),
            True,
            ("wrong", "Stripe's newest event (evt_1) was not taken"),
        ),
    ],
)
def test_traces_of_stripes_own_secret(
    prints: set[str], last: LastEvent | None, alone: bool, expected: tuple[str, str]
) -> None:
    """An event from before the endpoint was made, or one on its way, is no trace."""
    finding = stripes_secret_finding(OURS, prints, last, NOW_S, alone=alone)
    assert (finding.grade, finding.text) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, note("not known: the relay there does not say when it last tidied")),
        ({"tidyLastRan": "2027-01-15T08:00:00Z"}, ok("it last tidied 0 s ago")),
        ({"tidyLastRan": "2027-01-15T07:45:00Z"}, ok("it last tidied 15 min ago")),
        ({"tidyLastRan": "2027-01-15T08:00:09Z"}, ok("it last tidied 0 s ago")),
    ],
)
def test_tidy_is_late_after_a_quarter_of_an_hour(told: dict[str, object], expected: Finding) -> None:
    """By the clock of the relay there."""
    assert tidy_finding(told, NOW_S) == expected


def test_a_time_that_is_none_is_no_time() -> None:
    """Whatever stands there."""
    for told in ("", "soon", 5, None):
        assert tidy_finding({"tidyLastRan": told}, NOW_S).grade == "warning"
    assert tidy_finding({"tidyLastRan": "2027-01-15T07:44:59Z"}, NOW_S).grade == "wrong"


def test_every_variable_of_the_readme_has_a_remedy() -> None:
    """A new setting that the check does not know would end it."""
    readme = (Path(__file__).parent.parent / "cloud_relay" / "README.md").read_text()
    table = readme.partition("| variable | meaning |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)} == set(REMEDIES)


def test_every_secret_is_hidden() -> None:
    """And all else is shown, so that it can be compared."""
    is_set = {
        "STRIPE_API_KEY": "rk_live_abcdef",
        "STRIPE_WEBHOOK_SECRET": "whsec_a,whsec_b",
        "RELAY_URL": "https://a.example",
        "MQTT_PASSWORD": "hunter2",
        "RELAY_SECRET": "x" * 64,
        "OPERATOR_KEY": "y" * 32,
        "STRIPE_PROXY": "http://user:password@proxy.example",
        "OFFERS": '{"currency": "usd", "offers": [{"credits": 1, "amount": 100}]}',
    }
    *shown, rest = setting_findings(is_set, [], {})
    assert shown == [
        ok("STRIPE_API_KEY: rk_live_..."),
        ok("STRIPE_WEBHOOK_SECRET: 2 secrets"),
        ok("RELAY_URL: https://a.example"),
        ok("MQTT_PASSWORD: set"),
        ok("RELAY_SECRET: set, 64 characters"),
        ok("OPERATOR_KEY: set, 32 characters"),
        ok("STRIPE_PROXY: set"),
        ok("OFFERS: 1 offer, 0 machines by name"),
    ]
    assert rest.text.startswith("not set: PRICE_ID, MQTT_BROKER, ")
