"""The relay's environment: complete, or every problem at once; and its command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from relay_parts import API_KEY, OFFERS, OPERATOR_KEY, RELAY_SECRET, WEBHOOK_SECRET, environment

from cloud_relay.rules.tokens import TokenBook
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_settings

ROOT = Path(__file__).parent.parent
LIVE_KEY = "sk_live_relay"


def test_every_missing_variable_is_named_at_once() -> None:
    """One look at the log is enough to set the relay up."""
    with pytest.raises(SettingsError) as refused:
        read_settings({})
    assert str(refused.value).splitlines() == [
        "The relay's environment is not usable:",
        "  STRIPE_API_KEY: is not set",
        "  STRIPE_WEBHOOK_SECRET: is not set",
        "  PRICE_ID: is not set",
        "  RELAY_URL: is not set",
        "  MQTT_BROKER: is not set",
        "  MQTT_USERNAME: is not set",
        "  MQTT_PASSWORD: is not set",
        "  RELAY_SECRET: is not set",
        "  OFFERS: is not set",
    ]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("STRIPE_API_KEY", "pk_test_public", "is a publishable key: the relay needs the secret one"),
        ("STRIPE_API_KEY", "whsec_1", "does not look like sk_test_"),
        ("STRIPE_API_KEY", "'sk_test_1'", "has quotation marks around it"),
        ("OFFERS", '"{}"', "has quotation marks around it"),
        ("MQTT_BROKER", "broker.example.com:8883", "write the port into MQTT_PORT"),
        ("RELAY_URL", "https://pay.example.com:99999", "write an address"),
        ("RELAY_URL", "https://pay.example.com/#door", "write an address"),
        ("RELAY_URL", "https://me:hidden@pay.example.com", "has a login in it: leave that out"),
        ("MIN_TOKEN_NUMBERS", "[" * 100_000, "is not JSON"),
        ("RELAY_URL", "https://pay.example.com:https", "write an address"),
        ("RELAY_URL", "https://pay.example.com/addCredit", "leave out what the relay adds itself"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_a,b", "whsec_"),
        ("PRICE_ID", "prod_1", "price_"),
        ("MQTT_PORT", "0", "is '0': write a whole number, 1 to 65535"),
        ("MQTT_CA_FILE", "/no/such/ca.crt", "no file"),
        ("RELAY_SECRET", "short", "has 5 characters, fewer than 32"),
        ("OPERATOR_KEY", "short", "has 5 characters, fewer than 32"),
        ("RELAY_URL", "http://pay.example.com", "write https"),
        ("RELAY_URL", "pay.example.com", "write an address"),
        ("CREDIT_WINDOW_S", "3 minutes", "write a whole number, 60 to 3600"),
        ("CREDIT_AMOUNT", "0", "write a whole number"),
        ("RELEASE_AFTER", "3 days", "write hours such as 72h, or seconds, from 1h to 144h"),
        ("RELEASE_AFTER", "0h", "write hours"),
        ("RELEASE_AFTER", "145h", "write hours"),
        ("RELEASE_AFTER", "3599", "write hours"),
        ("STRIPE_PROXY", "proxy.example.com:3128", "write the proxy's address alone"),
        ("STRIPE_PROXY", "http://proxy.example.com/path", "write the proxy's address alone"),
        ("TIDY_EVERY_S", "-1", "write a whole number, 0 to 3600"),
        ("TRUSTED_PROXIES", "6", "write a whole number, 0 to 5"),
        ("TRUSTED_PROXIES", "127.0.0.1", "write a whole number, 0 to 5"),
        ("HALL_MACHINES", "0", "write a whole number, 1 to 1000"),
        ("MIN_TOKEN_NUMBERS", "[2]", "is no JSON object"),
        ("MIN_TOKEN_NUMBERS", '{"galaga-01": 0}', "'galaga-01': 0"),
        ("FRAME_ANCESTORS", "*; script-src *", "may not contain ;"),
        ("OFFERS", "cheap", "is not JSON"),
        ("OFFERS", "[]", "write a JSON object"),
    ],
)
def test_a_wrong_variable_is_named_with_its_remedy(name: str, value: str, says: str) -> None:
    """And it is the only one that is complained of."""
    with pytest.raises(SettingsError) as refused:
        read_settings(environment(**{name: value}))
    (problem,) = str(refused.value).splitlines()[1:]
    assert problem.startswith(f"  {name}: ")
    assert says in problem
    assert "hidden" not in problem


@pytest.mark.parametrize(
    "content",
    ["", "not PEM", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"],
    ids=["empty", "not PEM", "cut short"],
)
def test_an_authority_that_is_no_certificate_is_named(tmp_path: Path, content: str) -> None:
    """At the start, and not when the first player has paid."""
    ca_file = tmp_path / "ca.crt"
    ca_file.write_text(content)
    with pytest.raises(SettingsError) as refused:
        read_settings(environment(MQTT_CA_FILE=str(ca_file)))
    (problem,) = str(refused.value).splitlines()[1:]
    assert problem.startswith(
        f"  MQTT_CA_FILE: is '{ca_file}', which holds no certificate that can be read ("
    )
    assert problem.endswith("): name a PEM file")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"currency": "USD"}, "currency is 'USD'"),
        ({"offers": []}, "offers: write a list of 1 to 6"),
        ({"offers": [{"credits": 0, "amount": 100}]}, "offers[0].credits is 0"),
        ({"offers": [{"credits": 101, "amount": 100}]}, "offers[0].credits is 101"),
        ({"offers": [{"credits": True, "amount": 100}]}, "offers[0].credits is True"),
        ({"offers": [{"credits": 1, "amount": 49}]}, "offers[0].amount is 49"),
        ({"offers": [{"credits": 1, "amount": 1.5}]}, "offers[0].amount is 1.5"),
        ({"machines": {"a/b": {}}}, "machines.a/b"),
        ({"machines": {"m": {"name": "x" * 1000}}}, "machines.m.name: write 1 to 60"),
        ({"machines": {"m": {"offers": [{"credits": 1}]}}}, "machines.m.offers[0].amount is None"),
    ],
)
def test_a_wrong_offer_is_named_by_its_place(change: dict[str, object], says: str) -> None:
    """A price is never guessed."""
    with pytest.raises(SettingsError) as refused:
        read_settings(environment(OFFERS=json.dumps(OFFERS | change)))
    assert says in str(refused.value)


def test_a_machine_may_have_its_own_name_offers_and_currency() -> None:
    """And a machine of which nothing is said has the default offers, and its id for a name."""
    own = {"name": "Flipper", "currency": "eur", "offers": [{"credits": 2, "amount": 100}]}
    offers = read_settings(environment(OFFERS=json.dumps(OFFERS | {"machines": {"flipper": own}}))).offers
    flipper, other = offers.of("flipper"), offers.of("other")
    assert (flipper.name, [offer.key for offer in flipper.offers]) == ("Flipper", ["2-100-eur"])
    assert (other.name, [offer.key for offer in other.offers]) == ("other", ["1-100-usd", "3-250-usd"])


@pytest.mark.parametrize(
    ("text", "seconds"), [(None, 259_200), ("72h", 259_200), ("1h", 3600), ("518400", 518_400)]
)
def test_the_time_after_which_tidy_releases_is_given_in_hours_or_seconds(
    text: str | None, seconds: int
) -> None:
    """Three days unless said otherwise."""
    assert read_settings(environment(RELEASE_AFTER=text)).release_after_s == seconds


def test_a_stand_in_stripe_is_refused_beside_a_live_key() -> None:
    """Real money must not go to a stand-in."""
    with pytest.raises(SettingsError, match="STAND_IN_STRIPE_URL: goes only with a test key"):
        read_settings(environment(STRIPE_API_KEY=LIVE_KEY, STAND_IN_STRIPE_URL="http://127.0.0.1:1234"))


def test_a_key_knows_whether_it_moves_real_money() -> None:
    """Webhooks of the other mode are refused by it."""
    settings = [read_settings(environment(STRIPE_API_KEY=key)) for key in (API_KEY, LIVE_KEY)]
    assert [one.stripe.livemode for one in settings] == [False, True]


def test_secrets_never_show_in_the_settings_repr() -> None:
    """Settings end up in logs and tracebacks."""
    settings = read_settings(environment())
    secrets = (API_KEY, WEBHOOK_SECRET, RELAY_SECRET, OPERATOR_KEY, "relay-password")
    assert [secret for secret in secrets if secret in repr(settings)] == []


def test_secrets_never_show_in_a_complaint() -> None:
    """A wrong secret may be a right one with a space in it."""
    with pytest.raises(SettingsError) as refused:
        read_settings(
            environment(STRIPE_API_KEY="sk-typo", STRIPE_WEBHOOK_SECRET="typo", RELAY_SECRET="tpyo")
        )
    assert [word for word in ("sk-typo", "'typo'", "tpyo") if word in str(refused.value)] == []


def test_the_command_line_prints_the_token_that_the_relay_accepts() -> None:
    """The technician copies it into config.yaml."""
    done = _run(["-m", "cloud_relay", "token", "galaga-01"], {"RELAY_SECRET": RELAY_SECRET})
    assert done.stdout == TokenBook(RELAY_SECRET, {}).issue("galaga-01") + "\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["token", "a/b"], 2, "'a/b' is no machine id"),
        (["refund", "ch_1"], 2, "'ch_1' is no PaymentIntent's id"),
        (["token", "galaga-01"], 78, "RELAY_SECRET: is not set"),
        *[([verb], 78, "STRIPE_API_KEY: is not set") for verb in ("tidy", "open", "machines")],
        (["refund", "pi_1"], 78, "STRIPE_API_KEY: is not set"),
    ],
)
def test_the_command_line_says_what_it_cannot_do(arguments: list[str], status: int, says: str) -> None:
    """On stderr, with a status that is not 0."""
    done = _run(["-m", "cloud_relay", *arguments], {})
    assert (done.returncode, done.stdout, says in done.stderr) == (status, "", True)


def test_a_wsgi_server_ends_with_every_problem_named_and_no_traceback() -> None:
    """The documented command, with nothing set."""
    command = ["-m", "waitress", "--port=0", "--call", "cloud_relay.app:create_app_from_environment"]
    done = _run(command, {"PRICE_ID": "price_1"})
    assert done.returncode == 78
    assert done.stderr.splitlines()[0] == "The relay's environment is not usable:"
    assert "Traceback" not in done.stderr


def _run(arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
