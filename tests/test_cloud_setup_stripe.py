"""`python -m cloud_relay setup stripe`: from nothing to an endpoint and a price, and safe to run again."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe
from cloud_parts import VERSION, cloud
from conftest import PASSWORDS
from front_door import Call, Forward, Reply, forward_to, front_door
from relay_parts import API_KEY, environment, served

from cloud_relay.app import create_app
from cloud_relay.errors import FileTrouble, SetupRefused
from cloud_relay.operator.setup.stripe import setup_stripe
from cloud_relay.pages.check.findings import ok
from cloud_relay.pages.setup.setup_page import NOTHING, UNCHANGED
from cloud_relay.rules.fitness import KeyFound
from cloud_relay.rules.setting_up.endpoint_setup import Make, Wanted
from cloud_relay.rules.setting_up.neighbours import secret_print
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_settings, read_setup_settings
from cloud_relay.stripe.events import WANTED_EVENTS
from cloud_relay.stripe.fitness import Fitness
from cloud_relay.stripe.setup import StripeSetup
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import WebhookEndpoint
from simulator.stripe.model.permissions import Permissions
from simulator.stripe.pace import QUICK
from simulator.stripe.server import StandInStripe, stand_in_stripe

pytestmark = pytest.mark.cloud
ROOT = Path(__file__).parent.parent
URL = "https://pay.example.com"
ADDRESS = f"{URL}/addCredit"
MAKE = f"make a webhook endpoint for {ADDRESS}: 8 events, payload style Snapshot, API version {VERSION}"
MAKE_PRICE = (
    "make a price, one credit for $1.00, for links of the older kind; and its product, Arcade credit, where "
    "there is none"
)
WILL = "Will change, with a test key:"
OLD = "2024-06-20"
HELD = "whsec_held"


@pytest.fixture
def account() -> Iterator[StandInStripe]:
    """An account as Stripe opens it: without endpoints, products and prices."""
    with stand_in_stripe(
        api_key=API_KEY, webhook_url=None, webhook_secret="whsec_unused", pace=QUICK
    ) as running:
        running.book.endpoints.clear()
        yield running


def variables(account: StandInStripe, **changes: str | None) -> dict[str, str]:
    """What an operator has before the first setup: neither the secret nor a price."""
    needed = environment(STRIPE_WEBHOOK_SECRET=None, PRICE_ID=None, RELAY_URL=URL)
    return {**needed, "STAND_IN_STRIPE_URL": account.api_url} | {
        name: value for name, value in changes.items() if value is not None
    }


def run(given: dict[str, str], **options: Any) -> str:
    """What the command says; its lines are not broken."""
    out = io.StringIO()
    assert setup_stripe(given, out, **options) == 0
    return " ".join(out.getvalue().split())


def only(account: StandInStripe) -> WebhookEndpoint:
    """The one endpoint at Stripe."""
    (endpoint,) = account.book.endpoints.values()
    return endpoint


def add(account: StandInStripe, url: str = ADDRESS, secret: str = HELD, **changes: Any) -> WebhookEndpoint:
    """An endpoint as somebody made it in the Dashboard."""
    right = {"enabled_events": frozenset(WANTED_EVENTS), "api_version": VERSION}
    made = account.webhooks.endpoints.add(url, secret)
    return account.webhooks.endpoints.change(made.id, **{**right, **changes})


def test_from_nothing_to_a_file_and_nothing_the_second_time(account: StandInStripe, tmp_path: Path) -> None:
    """Endpoint and price at Stripe; the secret in the file, for its owner alone, and never on the screen."""
    file = tmp_path / "relay.env"
    file.write_text("# the relay of our hall\nexport MQTT_USERNAME=cloud.relay\r\nPRICE_ID=\n")
    file.chmod(0o644)
    said = run(variables(account), env_file=file)
    endpoint, (price,) = only(account), account.book.prices.values()
    assert said == (
        f"{WILL} - {MAKE} - {MAKE_PRICE} - write into {file}: PRICE_ID and STRIPE_WEBHOOK_SECRET Done."
    )
    assert file.read_bytes().decode() == (
        "# the relay of our hall\nexport MQTT_USERNAME=cloud.relay\r\n"
        f"PRICE_ID={price.id}\nSTRIPE_WEBHOOK_SECRET={endpoint.secret}\n"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (endpoint.url, endpoint.enabled_events, endpoint.api_version, endpoint.status) == (
        ADDRESS,
        frozenset(WANTED_EVENTS),
        VERSION,
        "enabled",
    )
    assert endpoint.metadata == {"secret_print": secret_print(endpoint.secret)}
    assert (price.unit_amount, price.currency, price.product_name) == (100, "usd", "Arcade credit")
    before = (file.stat().st_mtime_ns, only(account), dict(account.book.prices))
    assert run(variables(account), env_file=file) == NOTHING
    assert (file.stat().st_mtime_ns, only(account), dict(account.book.prices)) == before


def test_without_a_file_the_values_are_printed(account: StandInStripe) -> None:
    """As lines for the relay's environment; a run that was given them changes nothing."""
    out = io.StringIO()
    assert setup_stripe(variables(account), out) == 0
    printed = dict(line.split("=", 1) for line in out.getvalue().splitlines() if "=" in line)
    (price,) = account.book.prices
    assert printed == {"STRIPE_WEBHOOK_SECRET": only(account).secret, "PRICE_ID": price}
    assert run(variables(account, **printed)) == NOTHING


def test_a_dry_run_says_it_and_does_nothing(account: StandInStripe, tmp_path: Path) -> None:
    """Not even a file."""
    file = tmp_path / "relay.env"
    said = run(variables(account), env_file=file, dry_run=True)
    assert said == (
        f"Would{WILL[4:]} - {MAKE} - {MAKE_PRICE} - write into {file}: PRICE_ID and STRIPE_WEBHOOK_SECRET"
    )
    assert (account.book.endpoints, account.book.prices, file.exists()) == ({}, {}, False)


def test_a_secret_that_was_not_kept_does_not_make_endpoint_after_endpoint(account: StandInStripe) -> None:
    """The second run without it says where it is to be found, or how to have another."""
    run(variables(account))
    made = only(account)
    said = run(variables(account, PRICE_ID=next(iter(account.book.prices))))
    assert said == (
        f"{UNCHANGED} ! {made.id} was made before, and its secret, which Stripe told then, is not at hand: "
        "write it into STRIPE_WEBHOOK_SECRET, or run this with --new-secret if it is lost"
    )
    assert only(account) == made
    assert f"STRIPE_WEBHOOK_SECRET={only(account).secret}" not in run(variables(account), new_secret=True)
    assert [each.url for each in account.book.endpoints.values()] == [ADDRESS, ADDRESS]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "disabled"}, "change the webhook endpoint {id}: enable it"),
        (
            {"enabled_events": frozenset({"charge.refunded", *WANTED_EVENTS[1:]})},
            "change the webhook endpoint {id}: add payment_intent.amount_capturable_updated",
        ),
        (
            {"url": f"{URL}/addcredit/"},
            f"change the webhook endpoint {{id}}: its address from {URL}/addcredit/ to {ADDRESS}",
        ),
        ({"url": URL}, f"change the webhook endpoint {{id}}: its address from {URL} to {ADDRESS}"),
    ],
)
def test_an_endpoint_is_mended_and_keeps_its_secret(
    account: StandInStripe, changes: dict[str, Any], said: str
) -> None:
    """What somebody else wanted of it is left, and the second run finds nothing."""
    endpoint = add(account, **changes)
    price = account.create_price(100, "usd")
    given = variables(account, STRIPE_WEBHOOK_SECRET=HELD, PRICE_ID=price)
    assert run(given) == f"{WILL} - {said.format(id=endpoint.id)} Done."
    mended = only(account)
    assert (mended.url, mended.status, mended.secret) == (ADDRESS, "enabled", HELD)
    assert mended.enabled_events == frozenset(WANTED_EVENTS) | endpoint.enabled_events
    assert run(given) == NOTHING


def test_an_endpoint_of_another_host_is_nobodys_to_change(account: StandInStripe) -> None:
    """It may be the other hall's, even where both were given one environment."""
    other = add(account, "https://other.example.com/addCredit")
    run(variables(account, STRIPE_WEBHOOK_SECRET=HELD))
    assert account.book.endpoints[other.id] == other
    assert len(account.book.endpoints) == 2


def test_twins_and_thin_ones_are_named(account: StandInStripe) -> None:
    """Which of the secrets is at hand nobody can tell."""
    price = account.create_price(100, "usd")
    one, other, thin = add(account), add(account, secret="whsec_2"), add(account, payload="thin")
    said = run(variables(account, STRIPE_WEBHOOK_SECRET=HELD, PRICE_ID=price))
    assert said == (
        f"{UNCHANGED} ! {thin.id} sends thin events to {ADDRESS}, which the relay does not read: delete it "
        f"at Stripe ! {' and '.join(sorted((one.id, other.id)))} send to one address, and nobody can tell "
        "whose secret is at hand: delete all but that one in Stripe's Dashboard, Developers, Webhooks"
    )


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for the relays."""
    with Broker(tmp_path_factory.mktemp("setup"), PASSWORDS) as running:
        yield running


@contextmanager
def deployed(given: dict[str, str]) -> Iterator[str]:
    """A relay with this environment; gives its own base address."""
    with served(create_app(read_settings(given))) as url:
        yield url


def test_an_old_endpoint_is_left_until_the_relay_takes_the_new_secret(broker: Broker, tmp_path: Path) -> None:
    """Of an old version: it cannot be changed. Until the relay is started anew it brings the sales."""
    file = tmp_path / "relay.env"
    with cloud(broker) as made:
        at = [made.relay.url]

        def wherever(call: Call, _: Forward) -> Reply:
            return forward_to(at[0])(call)

        with front_door(at[0], wherever) as url:
            made.is_at(url)
            made.change_endpoint(api_version=OLD)
            endpoints = made.stripe.webhooks.endpoints
            old, given = endpoints.first, made.variables
            file.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
            stays = f"! {old.id} stays enabled until the relay takes the new secret"
            assert stays in run({}, env_file=file)
            new = endpoints.all[1]
            assert f"\nSTRIPE_WEBHOOK_SECRET={new.secret},{old.secret}\n" in file.read_text()
            assert (
                run({}, env_file=file) == f"{UNCHANGED} {stays}: start it anew with that, and run this again"
            )
            assert endpoints.get(old.id).status == "enabled"
            made.variables = dict(line.split("=", 1) for line in file.read_text().splitlines())
            with deployed(made.variables) as at[0]:
                assert run({}, env_file=file) == (
                    f"{WILL} - disable the webhook endpoint {old.id}, which another one has replaced Done."
                )
                assert (endpoints.get(old.id).status, endpoints.get(new.id).status) == ("disabled", "enabled")
                assert run({}, env_file=file) == NOTHING
                proof = ok("it is the one that Stripe told when `setup stripe` made the endpoint")
                assert made.found("webhook's secret, at Stripe") == [proof]


@pytest.mark.parametrize(
    ("permissions", "rows"),
    [
        ({"webhook": "read"}, "Webhook Endpoints: Write"),
        (
            {"webhook": "read", "plan": "read", "product": "none"},
            "Webhook Endpoints: Write and Products: Write and Prices: Write",
        ),
    ],
)
def test_what_a_restricted_key_lacks_is_named_before_anything_is_changed(
    account: StandInStripe, permissions: Permissions, rows: str
) -> None:
    """All rows at once, by the Dashboard's names."""
    account.api_keys.allow(API_KEY, permissions)
    with pytest.raises(SetupRefused) as refused:
        run(variables(account))
    assert str(refused.value) == (
        f"The key lacks {rows}: give it in Stripe's Dashboard, Developers, API keys, Edit key. Nothing was "
        "changed."
    )
    assert account.book.endpoints == {}


def test_an_account_that_is_full_of_endpoints_says_so(account: StandInStripe) -> None:
    """In Stripe's own words."""
    for number in range(16):
        add(account, f"https://hall{number}.example.com/addCredit")
    with pytest.raises(SetupRefused) as refused:
        run(variables(account))
    assert str(refused.value) == (
        "Stripe refuses to make a webhook endpoint: You have reached the maximum of 16 test webhook "
        "endpoints."
    )


def test_a_file_that_cannot_be_written_is_found_before_the_secret_is_told(
    account: StandInStripe, tmp_path: Path
) -> None:
    """Stripe would not tell it again."""
    with pytest.raises(FileTrouble, match=r"relay.env cannot be written: No such file or directory"):
        run(variables(account), env_file=tmp_path / "nowhere" / "relay.env")
    with pytest.raises(FileTrouble, match=r"cannot be read: Is a directory"):
        run(variables(account), env_file=tmp_path)
    assert account.book.endpoints == {}


def test_an_answer_that_is_lost_makes_no_second_endpoint(account: StandInStripe) -> None:
    """The library repeats the call under its key, and is told the same secret."""
    settings = read_setup_settings(variables(account)).stripe
    setup = StripeSetup(settings, Fitness(lambda _: KeyFound(is_known=False), lambda: 0.0))
    account.fail_next(status="timeout", path_prefix="/v1/webhook_endpoints", method="POST", after_work=True)
    told = setup.make_endpoint(Make(Wanted(ADDRESS, WANTED_EVENTS, VERSION)))
    assert told == (only(account).id, only(account).secret)


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("http://localhost:8080", "which Stripe does not reach: write the relay's public address"),
        ("https://192.168.1.5", "which Stripe does not reach: write the relay's public address"),
        ("http://pay.example.com", "write https, players pay through it"),
    ],
)
def test_an_address_that_stripe_does_not_reach_is_refused(url: str, remedy: str) -> None:
    """Before Stripe is asked anything."""
    given = environment(RELAY_URL=url, STRIPE_WEBHOOK_SECRET=None, PRICE_ID=None)
    with pytest.raises(SettingsError) as refused:
        run(given)
    assert remedy in str(refused.value)


def test_a_price_that_was_made_before_is_found_again(account: StandInStripe) -> None:
    """By its lookup key, though PRICE_ID is lost; a relay with another price has one of its own."""
    given = variables(account, STRIPE_WEBHOOK_SECRET=HELD)
    add(account)
    run(given)
    (price,) = account.book.prices
    assert run(given) == f"{NOTHING} PRICE_ID={price}"
    run(given | {"CREDIT_AMOUNT": "50"})
    assert [(each.unit_amount, each.lookup_key) for each in account.book.prices.values()] == [
        (100, "arcade_credit_usd_100"),
        (50, "arcade_credit_usd_50"),
    ]
    assert len(account.book.products) == 1


def test_a_price_is_in_the_currency_of_the_offers(account: StandInStripe) -> None:
    """For what a single credit costs there."""
    offers = '{"currency": "eur", "offers": [{"credits": 3, "amount": 400}, {"credits": 1, "amount": 150}]}'
    run(variables(account, OFFERS=offers))
    assert [(each.unit_amount, each.currency) for each in account.book.prices.values()] == [(150, "eur")]


def test_a_price_that_stripe_would_not_charge_is_refused(account: StandInStripe) -> None:
    """Before anything is made."""
    offers = '{"currency": "jpy", "offers": [{"credits": 1, "amount": 100}]}'
    with pytest.raises(
        SettingsError, match=r"CREDIT_AMOUNT: is 40, for one credit in jpy: write whole minor"
    ):
        run(variables(account, OFFERS=offers, CREDIT_AMOUNT="40"))
    assert (account.book.endpoints, account.book.prices) == ({}, {})


def test_a_price_of_the_operators_own_stays(account: StandInStripe) -> None:
    """It may be meant; one that cannot be sold is replaced."""
    add(account)
    dear = account.create_price(300, "usd")
    given = variables(account, STRIPE_WEBHOOK_SECRET=HELD, PRICE_ID=dear)
    assert run(given) == (
        f"{UNCHANGED} ! PRICE_ID is {dear}, $3.00, and the settings say $1.00 for one credit: it stays; "
        "unset it to have another made"
    )
    client = stripe.StripeClient(API_KEY, base_addresses={"api": account.api_url})
    client.v1.prices.update(dear, {"active": False})
    assert run(given).startswith(f"{WILL} - {MAKE_PRICE} PRICE_ID=price_")


def test_a_lookup_key_that_sits_elsewhere_is_moved(account: StandInStripe) -> None:
    """Somebody put it on a price that it cannot be; and a product that was archived comes back."""
    client = stripe.StripeClient(API_KEY, base_addresses={"api": account.api_url})
    client.v1.products.create({"id": "cloud_relay_credit", "name": "Old", "active": False})
    other = account.create_price(500, "usd")
    client.v1.prices.update(other, {"lookup_key": "arcade_credit_usd_100"})
    run(variables(account))
    assert {each.unit_amount: each.lookup_key for each in account.book.prices.values()} == {
        500: None,
        100: "arcade_credit_usd_100",
    }
    assert account.book.products["cloud_relay_credit"].active


def test_the_command_runs_as_it_is_typed(account: StandInStripe, tmp_path: Path) -> None:
    """With a file that has all the settings; what is missing is named, with status 78."""
    file = tmp_path / "relay.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in variables(account).items()))
    command = [sys.executable, "-m", "cloud_relay", "setup", "stripe"]
    inside: dict[str, Any] = {"cwd": ROOT, "env": {"PATH": os.environ["PATH"]}, "capture_output": True}
    done = subprocess.run([*command, "--env", str(file)], text=True, timeout=60, check=False, **inside)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (0, "", "Done.")
    assert only(account).secret not in done.stdout
    assert f"STRIPE_WEBHOOK_SECRET={only(account).secret}\n" in file.read_text()
    refused = subprocess.run(command, text=True, timeout=60, check=False, **inside)
    assert (refused.returncode, refused.stderr.splitlines()) == (
        78,
        [
            "The relay's environment is not usable:",
            "  STRIPE_API_KEY: is not set",
            "  RELAY_URL: is not set",
            "  OFFERS: is not set",
        ],
    )
