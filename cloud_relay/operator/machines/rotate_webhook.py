"""EDGE. `python -m cloud_relay rotate webhook-secret`: a second endpoint, and then the first goes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TextIO

from cloud_relay.operator.machines.told import NotRotated, tell
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.operator.setup.stripe import SECRETS, setup_stripe
from cloud_relay.pages.machines import rotate_page as page
from cloud_relay.relay import Relay
from cloud_relay.stripe.account import StripeAccount


def rotate_webhook_secret(
    relay: Relay, environment: Mapping[str, str], options: argparse.Namespace, out: TextIO
) -> int:
    """Make an endpoint with a new secret, disable the old one once the relay takes the new, or finish.

    Raises:
        NotRotated: what was asked for cannot be, or not yet.
        RelayError: as `setup stripe` does.
    """
    secrets = relay.settings.stripe.webhook_secrets
    if not options.finish:
        return setup_stripe(environment, out, env_file=options.env, new_secret=len(secrets) == 1)
    if len(secrets) == 1:
        raise NotRotated(page.NOTHING.format(name=SECRETS))
    url = relay.settings.webhook_url
    endpoints = StripeAccount(relay.settings.stripe, relay.fitness).endpoints()
    count = sum(endpoint.is_enabled and endpoint.url == url for endpoint in endpoints)
    if count > 1:
        raise NotRotated(page.WEBHOOK_OTHERS.format(count=count, url=url))
    kept = Kept(environment, options.env)
    tell(page.WEBHOOK_FINISHED, {SECRETS: secrets[0]}, (page.RESTART,), kept, out)
    return 0
