"""`python -m cloud_relay check`: set-ups with the mistakes that people make, each found with its remedy."""

from __future__ import annotations

import datetime
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from cloud_parts import VERSION, Cloud, cloud
from conftest import PASSWORDS, wait_until
from front_door import (
    Twist,
    another_program,
    caches,
    eats_bodies,
    eats_signature,
    eats_tokens,
    front_door,
    gateway,
    has_no_doors,
    has_no_relay_behind_it,
    lets_only_get_through,
    passes_on,
    sends_on_to,
    status_says,
    strips_cache_control,
    wants_a_login,
    writes_json_anew,
)
from relay_parts import API_KEY, OFFERS, WEBHOOK_SECRET, Cabinet

from cloud_relay import __version__
from cloud_relay.operator.check.command import check
from cloud_relay.operator.check.outside import Outside
from cloud_relay.pages.check.findings import Finding, Grade, Section, note, ok, warning, wrong
from cloud_relay.relay import relay_from
from cloud_relay.rules.orders import Order
from cloud_relay.settings import read_settings
from cloud_relay.stripe.account import StripeAccount
from cloud_relay.stripe.events import WANTED_EVENTS
from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.chain.ports import free_port
from simulator.stripe.model.permissions import Permissions

pytestmark = pytest.mark.cloud
ROOT = Path(__file__).parent.parent
PLACE = "in Stripe's Dashboard, Developers, Webhooks"
SETUP = "Run `python -m cloud_relay setup stripe`"
METHODS = "in Stripe's Dashboard, Settings, Payments, Payment methods"
THE_SAME = "Give the relay there this environment's, and start it anew; or check with the relay's own."
OLD_VERSION = "2024-06-20"
OURS = Order("galaga-01", 3, 250, "usd").metadata()

SetUp = Callable[[Cloud, ExitStack], object]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("check"), PASSWORDS) as running:
        yield running


@dataclass(frozen=True)
class Mistake:
    """What somebody did, and all that the check says is wrong or doubtful; {url} is the relay's address.

    `relay` is what its own environment has otherwise than the one that is checked.
    """

    name: str
    set_up: SetUp
    found: tuple[Finding, ...]
    relay: dict[str, str] = field(default_factory=dict)


def sets(**variables: str) -> SetUp:
    """An environment with other variables; an empty one is not set."""
    return lambda made, _: made.variables.update(variables)


def endpoint(**changes: object) -> SetUp:
    """Another webhook endpoint at Stripe."""
    return lambda made, _: made.change_endpoint(**changes)


def behind(twist: Twist, path: str = "") -> SetUp:
    """A proxy before the relay, in plain HTTP."""

    def set_up(made: Cloud, stack: ExitStack) -> None:
        made.is_at(stack.enter_context(front_door(made.url, twist)) + path)

    return set_up


def certified(*names: str, ends_in: datetime.timedelta | None = None) -> SetUp:
    """A proxy with a certificate that names these."""

    def set_up(made: Cloud, stack: ExitStack) -> None:
        tls = made.tls(*names, ends_in=ends_in)
        made.is_at(stack.enter_context(front_door(made.url, passes_on, tls)))

    return set_up


def self_signed(made: Cloud, stack: ExitStack) -> None:
    stranger = Cloud(made.relay, {}, trustme.CA())
    made.is_at(stack.enter_context(front_door(made.url, passes_on, stranger.tls("localhost"))))


def plain_http_for_https(made: Cloud, stack: ExitStack) -> None:
    made.is_at(stack.enter_context(front_door(made.url)).replace("http://", "https://"))


def nothing_listens(made: Cloud, _: ExitStack) -> None:
    made.is_at(f"https://localhost:{free_port()}")


def lacks(resource: str, level: str = "none") -> SetUp:
    """A restricted key without a row."""
    return lambda made, _: made.stripe.api_keys.allow(API_KEY, {resource: level})  # type: ignore[dict-item]


def second_endpoint(made: Cloud, _: ExitStack) -> None:
    made.stripe.webhooks.endpoints.add(
        f"{made.url}/addCredit", "whsec_2", frozenset(WANTED_EVENTS), api_version=VERSION
    )


def stripe_signs_otherwise(made: Cloud, _: ExitStack) -> None:
    """The endpoint was made anew, and its new secret told to nobody; somebody has paid since."""
    made.change_endpoint(secret="whsec_of_the_new_one")
    made.relay.clock.ahead_s = -300
    made.relay.pay_in_secret(made.relay.settings.stripe.ownership.mark(OURS))
    wait_until(lambda: made.stripe.webhooks.log, "the first attempt")
    made.relay.clock.ahead_s = 0


DAYS_AGO = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3, hours=1)


MISTAKES = (
    Mistake(
        "the publishable key",
        sets(STRIPE_API_KEY="pk_test_51Arcade"),
        (
            wrong(
                "STRIPE_API_KEY is a publishable key: the relay needs the secret one, sk_..., or a "
                "restricted rk_...",
                "Copy the secret or a restricted key from Stripe's Dashboard, Developers, API keys.",
            ),
            wrong(
                "STAND_IN_STRIPE_URL goes only with a test key (sk_test_...): unset it to take real money",
                "Leave it out: it is for the demo and for tests.",
            ),
        ),
    ),
    Mistake(
        "quotation marks from a shell",
        sets(OFFERS=f"'{json.dumps(OFFERS)}'"),
        (
            wrong(
                "OFFERS has quotation marks around it, which are part of the value: write it without them",
                "Write what the machines sell as JSON, and try it with `python -m cloud_relay offers`.",
            ),
        ),
    ),
    Mistake(
        "a name of other programs",
        sets(MQTT_BROKER="", MQTT_HOST="broker.example.com"),
        (
            wrong(
                "MQTT_BROKER is not set",
                "Write the broker's name alone, such as broker.example.com: no mqtts:// and no port.",
            ),
            warning("MQTT_HOST is set, which is no setting of the relay", "Call it MQTT_BROKER."),
        ),
    ),
    Mistake(
        "the webhook's address for the relay's",
        sets(RELAY_URL="https://pay.example.com/addCredit"),
        (
            wrong(
                "RELAY_URL is 'https://pay.example.com/addCredit': leave out what the relay adds itself, "
                "such as /addCredit",
                "Write the address that players' phones open, such as https://pay.example.com.",
            ),
        ),
    ),
    Mistake(
        "a key without refunds",
        lacks("charge", "read"),
        (
            wrong(
                "the key lacks Charges and Refunds: Write: it cannot refund",
                "Give it to the key in Stripe's Dashboard, Developers, API keys, Edit key.",
            ),
            wrong(
                "the relay there takes no payments: the relay sells nothing: the Stripe key lacks Charges "
                "and Refunds: Write: give it in Stripe's Dashboard, Developers, API keys, Edit key",
                "Do what it says, and check again.",
            ),
        ),
    ),
    Mistake(
        "a key that was rolled",
        lambda made, _: made.stripe.api_keys.forget(API_KEY),
        (
            wrong("Stripe refuses the key", "Write a key that is valid into the relay's STRIPE_API_KEY."),
            warning(
                "not known: list webhook endpoints : AuthenticationError 401",
                "Give the key Webhook Endpoints: Read for this check; the relay itself does without.",
            ),
            wrong(
                "the relay there takes no payments: the relay sells nothing: Stripe refuses the key: write "
                "a key that is valid into the relay's STRIPE_API_KEY",
                "Do what it says, and check again.",
            ),
        ),
    ),
    Mistake(
        "cards turned off",
        lambda made, _: made.stripe.turn_off("card"),
        (wrong("cards are off: no Checkout Session can reserve money", f"Turn Cards on {METHODS}."),),
    ),
    Mistake(
        "wallets turned off",
        lambda made, _: made.stripe.turn_off("apple_pay", "google_pay"),
        (
            warning(
                "Apple Pay and Google Pay are off: players type in their cards", f"Turn them on {METHODS}."
            ),
        ),
    ),
    Mistake(
        "an account that is not activated",
        lambda made, _: made.stripe.change_account(charges_enabled=False),
        (
            warning(
                "the account may not charge with a live key yet: charges_enabled is false",
                "Answer what Stripe still asks in Stripe's Dashboard, Settings, Account status.",
            ),
        ),
    ),
    Mistake(
        "prices in another currency than the account's",
        lambda made, _: made.stripe.change_account(default_currency="eur", country="DE"),
        (
            warning(
                "prices are in usd, and the account is paid out in eur",
                "Sell in eur, or add a bank account in usd: converting costs a fee.",
            ),
        ),
    ),
    Mistake(
        "no statement descriptor",
        lambda made, _: made.stripe.change_account(statement_prefix=""),
        (
            warning(
                "the account has no shortened statement descriptor: players read no machine's name at the "
                "bank",
                "Write one in Stripe's Dashboard, Settings, Business, Public details, Shortened descriptor.",
            ),
        ),
    ),
    Mistake(
        "a price of the other mode",
        sets(PRICE_ID="price_1Live"),
        (
            warning(
                "PRICE_ID is price_1Live: Stripe knows no such price in the key's mode",
                f"{SETUP}; only /create-payment-link needs it.",
            ),
        ),
    ),
    Mistake(
        "an endpoint that Stripe has disabled",
        endpoint(status="disabled"),
        (wrong("the endpoint {url}/addCredit is disabled", f"{SETUP}, or enable it {PLACE}."),),
    ),
    Mistake(
        "an endpoint with the events of the older relay",
        endpoint(enabled_events=frozenset({"checkout.session.completed"})),
        (
            wrong(
                "it lacks payment_intent.amount_capturable_updated, "
                "checkout.session.async_payment_succeeded: sales are not heard of",
                f"{SETUP}, or add them to the endpoint {PLACE}.",
            ),
            warning(
                "it lacks refund.updated, refund.failed, charge.dispute.created, charge.dispute.closed, "
                "radar.early_fraud_warning.created: what becomes of money later is not heard of",
                f"{SETUP}, or add them to the endpoint {PLACE}.",
            ),
        ),
    ),
    Mistake(
        "an endpoint of an old API version",
        endpoint(api_version=OLD_VERSION),
        (
            wrong(
                f"its API version is {OLD_VERSION}, and the relay reads {VERSION}",
                f"{SETUP}, or make it anew {PLACE}, with the API version {VERSION}: it cannot be changed.",
            ),
        ),
    ),
    Mistake(
        "an endpoint for thin events",
        endpoint(payload="thin"),
        (
            wrong(
                "the endpoint {url}/addCredit has the payload style Thin: Snapshot is wanted",
                f"{SETUP}, or make another {PLACE}; delete this one: the style cannot be changed.",
            ),
        ),
    ),
    Mistake(
        "two endpoints",
        second_endpoint,
        (
            warning(
                "2 endpoints send to it: each event comes so many times",
                f"{SETUP}, or delete all but one {PLACE}.",
            ),
        ),
    ),
    Mistake(
        "a secret that Stripe does not sign with",
        stripe_signs_otherwise,
        (
            wrong(
                "Stripe's newest event ({event}) was not taken",
                "See what was answered in Stripe's Dashboard, Developers, Webhooks, Event deliveries; mend "
                "that, and press Resend.",
            ),
        ),
    ),
    Mistake(
        "another webhook secret at the relay",
        sets(STRIPE_WEBHOOK_SECRET="whsec_of_the_stripe_cli"),
        (wrong("the relay there has another STRIPE_WEBHOOK_SECRET", THE_SAME),),
    ),
    Mistake(
        "a second secret that the relay was not told",
        sets(STRIPE_WEBHOOK_SECRET=f"whsec_new,{WEBHOOK_SECRET}"),
        (warning("the relay there does not take number 1 of the secrets", THE_SAME),),
    ),
    Mistake(
        "another relay secret at the relay",
        sets(RELAY_SECRET="another-secret-of-at-least-32-characters"),
        (
            wrong(
                "the relay there refuses a machine token that was made here: its RELAY_SECRET is another",
                f"{THE_SAME} If it is the same, the proxy takes the header Authorization away.",
            ),
        ),
    ),
    Mistake(
        "a clock an hour behind",
        lambda made, _: setattr(made.stripe.clock, "ahead_s", 3600),
        (
            wrong(
                "the relay's clock is 3600 s behind Stripe's",
                "Set it, best by NTP (sudo timedatectl set-ntp true).",
            ),
            wrong(
                "the relay there takes no payments: the relay sells nothing: the relay's clock is 3600 s "
                "behind Stripe's: set it, best by NTP (sudo timedatectl set-ntp true)",
                "Do what it says, and check again.",
            ),
        ),
    ),
    Mistake(
        "a name that nobody has",
        lambda made, _: made.is_at("https://pay.invalid"),
        (wrong("pay.invalid has no address", "Make a record for it in your DNS, or correct RELAY_URL."),),
    ),
    Mistake(
        "a relay that was not started",
        nothing_listens,
        (
            wrong(
                "nothing listens at localhost, port {port}",
                "Start the relay and the proxy before it, and let port {port} through the firewall.",
            ),
        ),
    ),
    Mistake(
        "https where plain HTTP is spoken",
        plain_http_for_https,
        (wrong("localhost speaks plain HTTP at port {port}", "Have the proxy speak TLS there."),),
    ),
    Mistake(
        "a certificate that has expired",
        certified("localhost", ends_in=datetime.timedelta(hours=-1)),
        (
            wrong(
                "the certificate of localhost has expired",
                "Renew it (certbot renew, say), and have the proxy load the new one.",
            ),
        ),
    ),
    Mistake(
        "a certificate that is not renewed",
        certified("localhost", ends_in=datetime.timedelta(days=5, hours=1)),
        (
            warning(
                "its certificate ends in 5 days",
                "See why it is not renewed by itself (certbot renew --dry-run, say).",
            ),
        ),
    ),
    Mistake(
        "a certificate for another name",
        certified("www.example.com"),
        (
            wrong(
                "the certificate there is for another name than localhost",
                "Get one for localhost.",
            ),
        ),
    ),
    Mistake(
        "a certificate of one's own",
        self_signed,
        (
            wrong(
                "no phone trusts the certificate of localhost: unable to get local issuer certificate",
                "Take one of a public authority (Let's Encrypt, say), whole: fullchain.pem, not cert.pem.",
            ),
        ),
    ),
    Mistake(
        "an address that only sends on",
        behind(sends_on_to("https://www.example.com")),
        (
            wrong(
                "{url}/status sends on to https://www.example.com/status: Stripe follows no redirect",
                "Write RELAY_URL=https://www.example.com.",
            ),
        ),
    ),
    Mistake(
        "a gateway's stage left out",
        behind(gateway("prod")),
        (
            wrong(
                "{url}/status answers 404: the API gateway has no such path",
                "Write the stage's name behind RELAY_URL (https://.../prod), or deploy the stage $default.",
            ),
        ),
    ),
    Mistake(
        "a path too many",
        behind(passes_on, path="/relay"),
        (wrong("the relay answers under {root}, and not under {root}/relay", "Write RELAY_URL={root}."),),
    ),
    Mistake(
        "another program at the address",
        behind(another_program),
        (
            wrong(
                "another program answers at {url}/status",
                "Correct RELAY_URL, or lead that address to the relay.",
            ),
        ),
    ),
    Mistake(
        "a proxy that looks for the relay elsewhere",
        behind(has_no_relay_behind_it),
        (
            wrong(
                "{url}/status answers 502: the proxy does not reach the relay",
                "Start the relay, and compare its port with the one in the proxy's settings.",
            ),
        ),
    ),
    Mistake(
        "a password before the relay",
        behind(wants_a_login),
        (
            wrong(
                "{url}/status answers 401: something before the relay wants a login",
                "Let everything through to the relay: it has its own signatures and tokens.",
            ),
        ),
    ),
    Mistake(
        "a proxy without the doors",
        behind(has_no_doors),
        (wrong("a door's page does not come: 404", "Have the proxy pass /p/ on as it is."),),
    ),
    Mistake(
        "a proxy that drops the signature",
        behind(eats_signature),
        (
            wrong(
                "the header Stripe-Signature does not reach the relay there",
                "Have the proxy pass all headers on; without this one every webhook is refused.",
            ),
        ),
    ),
    Mistake(
        "a proxy that drops tokens",
        behind(eats_tokens),
        (
            wrong(
                "the relay there refuses a machine token that was made here: its RELAY_SECRET is another",
                f"{THE_SAME} If it is the same, the proxy takes the header Authorization away.",
            ),
        ),
    ),
    Mistake(
        "a gateway that writes JSON anew",
        behind(writes_json_anew),
        (
            wrong(
                "of an event of 209 bytes 165 reach the relay there: the body is changed",
                "Have the proxy pass the body on as it is: no rewriting, no mapping template.",
            ),
        ),
    ),
    Mistake(
        "a gateway that passes no body on",
        behind(eats_bodies),
        (
            wrong(
                "of an event of 209 bytes 0 reach the relay there: the body is changed",
                "Have the proxy pass the body on as it is: no rewriting, no mapping template.",
            ),
        ),
    ),
    Mistake(
        "a CDN that lets nothing be written",
        behind(lets_only_get_through),
        (
            wrong(
                "a POST to /addCredit is answered 403, and not by the relay",
                "Have the proxy pass POST, all headers and the body on as they are.",
            ),
        ),
    ),
    Mistake(
        "a CDN that keeps pages",
        behind(caches()),
        (
            wrong(
                "a cache answers in the relay's place (x-cache: Hit from cloudfront)",
                "Have the CDN or proxy keep nothing of this host: doors and payments change each second.",
            ),
        ),
    ),
    Mistake(
        "a proxy with its own mind about caching",
        behind(strips_cache_control),
        (
            warning(
                "something on the way takes Cache-Control: no-store away",
                "Have the CDN or proxy leave Cache-Control as the relay sends it.",
            ),
        ),
    ),
    Mistake(
        "another password of the broker at the relay",
        sets(MQTT_PASSWORD=PASSWORDS[RELAY_USERNAME]),
        (
            wrong(
                "no door opens: the relay there cannot ask the broker for a machine's status",
                "See what the relay's log says of the broker; its login may lack a rule (docs/broker.md).",
            ),
        ),
        relay={"MQTT_PASSWORD": "the-password-of-before"},
    ),
    Mistake(
        "a stand-in that was stopped",
        lambda made, _: made.variables.update(STAND_IN_STRIPE_URL=f"http://127.0.0.1:{free_port()}"),
        (
            wrong(
                "Stripe does not answer",
                "See to the way to Stripe (network, firewall, STRIPE_PROXY), and check again.",
            ),
        ),
    ),
    Mistake(
        "a schedule that was never made",
        behind(status_says(tidyLastRan=None, broker="unknown")),
        (
            warning(
                "it is not known to have tidied yet: what a lost message left is not published again",
                "Check again in a minute. On Lambda see that the schedule is enabled and its input empty or "
                "{tidy}; on a server that TIDY_EVERY_S is not 0.",
            ),
        ),
    ),
    Mistake(
        "a broker that the relay does not reach",
        behind(status_says(broker="away")),
        (
            wrong(
                "the relay there does not reach its broker: all doors are closed",
                "See what its log says of the broker, and run this check where the relay runs.",
            ),
        ),
    ),
    Mistake(
        "a schedule that was disabled",
        behind(status_says(tidyLastRan=DAYS_AGO.strftime("%Y-%m-%dT%H:%M:%SZ"))),
        (
            wrong(
                "it last tidied 3 days ago: what a lost message left is not published again",
                "On Lambda see that the schedule is enabled and its input empty or {tidy}; on a server that "
                "TIDY_EVERY_S is not 0.",
            ),
        ),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_found_with_its_remedy(broker: Broker, mistake: Mistake) -> None:
    """It, and nothing else; and the status is 1 exactly where a sale would be lost."""
    with cloud(broker, **mistake.relay) as made, ExitStack() as stack:
        mistake.set_up(made, stack)
        out = io.StringIO()
        status = check(made.variables, out, as_json=True, trust=made.trust)
        sections = json.loads(out.getvalue())["sections"]
        said = [each for section in sections for each in section["findings"] if each["remedy"]]
        wanted = [expected(each, made) for each in mistake.found]
        assert [shortened(each) for each in said] == wanted
        assert status == (1 if any(each["grade"] == "wrong" for each in said) else 0)


def expected(finding: Finding, made: Cloud) -> dict[str, str]:
    """A finding of the table, with the names of this cloud in it."""
    url = made.variables["RELAY_URL"]
    events = made.stripe.book.events.values()
    names = {
        "{url}": url,
        "{root}": url.removesuffix("/relay"),
        "{port}": url.rpartition(":")[2],
        "{event}": next((each.id for each in reversed(events) if each.type in WANTED_EVENTS), ""),
        "{tidy}": '{"tidy": true}',
    }
    told = {"grade": str(finding.grade), "text": finding.text, "remedy": finding.remedy}
    for name, value in names.items():
        told = {key: text.replace(name, value) for key, text in told.items()}
    return told


def shortened(finding: dict[str, str]) -> dict[str, str]:
    """Without what Stripe made up: a request's id."""
    return {**finding, "text": finding["text"].partition(" (req_")[0]}


KEY = (
    ok("PaymentIntents: Write: it can capture, cancel, mark a payment"),
    ok("Charges and Refunds: Write: it can refund, read payments with their charges"),
    ok("Checkout Sessions: Write: it can make a Checkout Session, read a session with its payment"),
    ok("Prices: Read: it can read PRICE_ID"),
    ok("Payment Links: Write: it can make a payment link"),
    ok("Events: Read: it can find sales of an older link whose webhook was lost"),
)
ACCOUNT = (
    ok("the account may charge"),
    ok("it is of US, and paid out in usd, as OFFERS has its prices"),
    ok("players read ARCADE* and the machine's name on the bank's statement"),
    ok("cards are on: a Checkout Session can reserve money"),
    ok("Apple Pay and Google Pay are on"),
)


def test_a_cloud_that_is_set_up_right_is_well(broker: Broker) -> None:
    """Each line of it, by TLS; nothing is left at Stripe by the tries, and the reads are few."""
    with cloud(broker) as made, front_door(made.url, passes_on, made.tls("localhost")) as url:
        made.is_at(url)
        # The broker's lines are in test_relay_check_broker.py.
        settings, *others = [section for section in made.sections() if section.name != "broker"]
        assert {each.grade for each in settings.findings} == {Grade.OK, Grade.NOTE}
        days = next(each.text for section in others for each in section.findings if "days" in each.text)
        assert days.startswith("its certificate is good for ")
        test_key = note(f"a test key for the stand-in at {made.stripe.api_url}: no real money moves")
        assert others == [
            Section("key", (test_key, *KEY)),
            Section("Stripe account", ACCOUNT),
            Section("price of old links", (ok(f"PRICE_ID is {made.variables['PRICE_ID']}: $1.00"),)),
            Section(
                "webhook",
                (
                    ok(f"Stripe sends to {url}/addCredit"),
                    ok(f"it has all {len(WANTED_EVENTS)} events that are wanted"),
                    ok(f"its API version is {VERSION}, as the relay's"),
                ),
            ),
            Section("clock", (ok("within 10 s of Stripe's"),)),
            Section(
                "door, from outside",
                (
                    ok(f"{url}/status answers: a relay, version {__version__}"),
                    ok(days),
                    ok("the relay there reaches its broker"),
                    ok("a phone gets a door's page"),
                ),
            ),
            Section(
                "webhook's secret",
                (ok("the relay there takes an event signed with this STRIPE_WEBHOOK_SECRET"),),
            ),
            Section(
                "webhook's secret, at Stripe",
                (note("not known: Stripe tells it only once, and has had no event to send yet"),),
            ),
            Section(
                "machine tokens",
                (ok("the relay there takes a machine token that was made here: it has this RELAY_SECRET"),),
            ),
            Section("tidy", (ok("it last tidied 0 s ago"),)),
            Section("on this Stripe account", (note("no relay has sold anything lately"),)),
        ]
        book = made.stripe.book
        assert (book.sessions, book.intents, book.refunds, book.links) == ({}, {}, {}, {})
        assert made.stripe.reads.total == 13


def test_a_check_from_a_clock_that_is_ahead_does_not_shut_the_relays_doors(broker: Broker) -> None:
    """Its event is never signed in the relay's future: that would prove the relay's clock to be behind."""
    with cloud(broker) as made:
        relay = relay_from(read_settings(made.variables), clock=lambda: time.time() + 120)
        outside = Outside(made.url, made.trust, is_demo=True)
        account = StripeAccount(relay.settings.stripe, relay.fitness)
        assert [each.grade for each in outside.look_at_secret(relay, account)] == [Grade.OK]
        assert made.relay.relay.fitness.troubles == ()


def test_a_sale_proves_the_secret(broker: Broker) -> None:
    """Stripe's newest event was taken, and the relay takes none without the right signature."""
    with cloud(broker) as made, Cabinet("galaga-01", broker):
        made.relay.pay_in_secret(made.relay.settings.stripe.ownership.mark(OURS))
        log = made.stripe.webhooks
        wait_until(lambda: any(each.accepted for each in log.log), "the webhook to be taken")
        wait_until(lambda: not log.undelivered, "Stripe to note it")
        (proof,) = made.found("webhook's secret, at Stripe")
        assert proof.text.endswith(" was taken: it was signed with the relay's secret")


def test_what_the_key_may_not_read_is_said(broker: Broker) -> None:
    """It is no mistake: the relay does without. What it lacks is named as the Dashboard does."""
    with cloud(broker) as made:
        lacking: Permissions = {"accounts_kyc_basic": "none", "payment_method_configuration": "none"}
        made.stripe.api_keys.allow(API_KEY, lacking)
        said = [(each.grade, each.text.partition(" (req_")[0]) for each in made.found("Stripe account")]
        assert said == [
            (
                "note",
                "could not look at the account (a restricted key may not; see Settings in the Dashboard): "
                "read the account : PermissionError 403 lacks accounts_kyc_basic: Read",
            ),
            (
                "note",
                "could not look at payment methods: list payment method configurations : PermissionError "
                "403 lacks Payment Method Configurations: Read",
            ),
        ]


def test_without_any_settings_all_of_them_are_named() -> None:
    """And nothing else is looked at: there is nothing to look with."""
    out = io.StringIO()
    assert check({}, out, as_json=True) == 1
    settings, *others = json.loads(out.getvalue())["sections"]
    assert [each["text"] for each in settings["findings"] if each["grade"] == "wrong"] == [
        f"{name} is not set"
        for name in (
            "STRIPE_API_KEY",
            "STRIPE_WEBHOOK_SECRET",
            "PRICE_ID",
            "RELAY_URL",
            "MQTT_BROKER",
            "MQTT_USERNAME",
            "MQTT_PASSWORD",
            "RELAY_SECRET",
            "OFFERS",
        )
    ]
    texts = {each["text"] for section in others for each in section["findings"]}
    assert {text.partition(":")[0] for text in texts} == {"not looked at"}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_page_fits_a_terminal(broker: Broker, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty columns, with marks that the terminal has; 1 where a sale would be lost."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with cloud(broker) as made:
        made.change_endpoint(status="disabled")
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
        assert check(made.variables, out, as_json=False) == 1
        text = raw.getvalue().decode(encoding)
        mark = "✗" if encoding == "utf-8" else "NO"
        assert f"webhook\n  {mark} the endpoint {made.url}/addCredit is disabled\n" in text
        assert [line for line in text.splitlines() if len(line) > 80 and "/" not in line] == []
        assert text.endswith("\n1 thing is wrong.\n")


def test_the_command_runs_as_it_is_typed(broker: Broker) -> None:
    """With the relay's own environment; no secret is printed, and 0 is where all is well."""
    with cloud(broker) as made:
        done = subprocess.run(
            [sys.executable, "-m", "cloud_relay", "check"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"} | made.variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[0] == "settings"
        assert done.stdout.endswith("\nAll is well.\n")
        secret = ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "RELAY_SECRET", "MQTT_PASSWORD", "OPERATOR_KEY")
        assert [name for name in secret if made.variables[name] in done.stdout] == []
