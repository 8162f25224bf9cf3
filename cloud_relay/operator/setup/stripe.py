"""EDGE. `python -m cloud_relay setup stripe`: the webhook endpoint, and the price of older links."""

from __future__ import annotations

import ipaddress
import shutil
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from cloud_relay.errors import SetupRefused
from cloud_relay.operator.public.ask import ask, phones_trust
from cloud_relay.operator.public.signed_event import SignedEvent
from cloud_relay.operator.quiet import quiet
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.operator.setup.price import PriceFound, find_price
from cloud_relay.pages.setup.setup_page import setup_text
from cloud_relay.rules.fitness import KeyFound
from cloud_relay.rules.setting_up.endpoint_setup import EndpointPlan, Make, Wanted, endpoint_plan
from cloud_relay.rules.setting_up.from_outside import Answer
from cloud_relay.rules.setting_up.neighbours import secret_print
from cloud_relay.setting_reader import SettingsError
from cloud_relay.setting_texts import LOOPBACK
from cloud_relay.settings import SetupSettings, read_setup_settings
from cloud_relay.stripe.account import API_VERSION
from cloud_relay.stripe.events import WANTED_EVENTS
from cloud_relay.stripe.fitness import Fitness
from cloud_relay.stripe.setup import StripeSetup

SECRETS, PRICE = "STRIPE_WEBHOOK_SECRET", "PRICE_ID"
WIDEST = 100
_MOST_SECRETS = 2


def setup_stripe(
    environment: Mapping[str, str],
    out: TextIO,
    *,
    env_file: Path | None = None,
    dry_run: bool = False,
    new_secret: bool = False,
    trust: ssl.SSLContext | None = None,
) -> int:
    """Make or mend what is missing at Stripe, saying first what; a second run changes nothing.

    What the relay has to be told is printed, or written into `env_file` and not printed; what stands in that
    file counts before the environment. `trust` is what the relay's certificate is held against, if not what
    phones trust.

    Raises:
        SettingsError: what it takes is missing or wrong.
        RelayError: Stripe refuses, or does not answer, or the file cannot be written.
    """
    kept = Kept(environment, env_file)
    settings = _settings(kept.variables)
    setup = StripeSetup(settings.stripe, Fitness(lambda _: KeyFound(is_known=False), time.time))
    with quiet():
        _require_rows(setup)
        endpoint = _endpoint(settings, setup, trust or phones_trust(), new_secret=new_secret)
        price = find_price(settings, setup)
        changes = _changes(settings, endpoint, price, kept)
        width = min(WIDEST, shutil.get_terminal_size().columns)
        where = "with a live key" if settings.stripe.livemode else "with a test key"
        remarks = (*endpoint.remarks, *price.remarks)
        out.write(setup_text(changes, remarks, where, dry_run=dry_run, width=width))
        out.flush()
        if changes and not dry_run:
            kept.check()
        if not dry_run:
            _carry_out(settings, setup, endpoint, price, kept, out)
            out.write("Done.\n" if changes else "")
    return 0


def _settings(variables: Mapping[str, str]) -> SetupSettings:
    settings = read_setup_settings(variables)
    if settings.stripe.stand_in_url is None and _is_private(urlsplit(settings.url).hostname or ""):
        problem = f"is {settings.url}, which Stripe does not reach: write the relay's public address"
        raise SettingsError.of([("RELAY_URL", problem)])
    return settings


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host in LOOPBACK


def _require_rows(setup: StripeSetup) -> None:
    """Raises SetupRefused where the key could not do it: before anything is changed."""
    if missing := setup.missing_rows():
        place = "in Stripe's Dashboard, Developers, API keys, Edit key"
        raise SetupRefused(f"The key lacks {' and '.join(missing)}: give it {place}. Nothing was changed.")


def _endpoint(
    settings: SetupSettings, setup: StripeSetup, trust: ssl.SSLContext, *, new_secret: bool
) -> EndpointPlan:
    wanted = Wanted(f"{settings.url}/addCredit", WANTED_EVENTS, API_VERSION)
    endpoints = [*setup.account.endpoints(), *setup.account.thin_endpoints()]
    has_several = sum(each.url == wanted.url and each.is_enabled for each in endpoints) > 1
    held = frozenset(map(secret_print, settings.stripe.webhook_secrets))
    taken = _taken(settings, trust) if has_several else frozenset[str]()
    return endpoint_plan(endpoints, wanted, held, taken, new_secret=new_secret)


def _taken(settings: SetupSettings, trust: ssl.SSLContext) -> frozenset[str]:
    """The prints of the secrets that the running relay takes; none where it is not reached."""
    status = ask(f"{settings.url}/status", trust)
    if not isinstance(status, Answer):
        return frozenset()
    event = SignedEvent(status, time.time(), livemode=settings.stripe.livemode)
    answers = {each: event.post(settings.url, each, trust) for each in settings.stripe.webhook_secrets}
    return frozenset(
        secret_print(secret)
        for secret, answer in answers.items()
        if isinstance(answer, Answer) and answer.status == 200 and "ignored" in answer.fields
    )


def _changes(settings: SetupSettings, endpoint: EndpointPlan, price: PriceFound, kept: Kept) -> list[str]:
    changes = [step.text for step in endpoint.steps]
    if price.price_id is None:
        changes.append(price.wanted.text)
    values = {PRICE: price.price_id or "made anew"}
    if any(isinstance(step, Make) for step in endpoint.steps):
        values[SECRETS] = "told when it is made"
    elif settings.stripe.webhook_secrets:
        values[SECRETS] = ",".join(settings.stripe.webhook_secrets)
    return [*changes, *kept.changes(values)]


def _carry_out(
    settings: SetupSettings,
    setup: StripeSetup,
    endpoint: EndpointPlan,
    price: PriceFound,
    kept: Kept,
    out: TextIO,
) -> None:
    secrets = settings.stripe.webhook_secrets
    for step in endpoint.steps:
        if isinstance(step, Make):
            made, secret = setup.make_endpoint(step)
            # Before anything else: Stripe never tells it again.
            secrets = (secret, *secrets)[:_MOST_SECRETS]
            kept.keep({SECRETS: ",".join(secrets)}, out)
            setup.note_secret(made, secret)
        else:
            setup.change_endpoint(step)
    values = {SECRETS: ",".join(secrets)} if secrets else {}
    kept.keep({**values, PRICE: price.price_id or setup.make_price(price.wanted)}, out)
