"""EDGE. `python -m cloud_relay rotate webhook-secret`: Stripe rolls it, and signs with both for a day."""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from collections.abc import Mapping
from typing import TextIO

from cloud_relay.operator.machines.told import NotRotated, tell
from cloud_relay.pages import rotate_page as page
from cloud_relay.relay import Relay
from cloud_relay.rules.rotation import begun

NAME = "STRIPE_WEBHOOK_SECRET"


def rotate_webhook_secret(
    relay: Relay, _environment: Mapping[str, str], options: argparse.Namespace, out: TextIO
) -> int:
    """Say how to begin, take the new secret, or finish.

    Raises:
        NotRotated: what was asked for cannot be, or not yet.
        FileTrouble: the file cannot be used.
    """
    secrets = relay.settings.stripe.webhook_secrets
    if options.new:
        values = {NAME: begun(secrets[0], _typed(secrets))}
        tell(page.WEBHOOK_BEGUN, values, page.WEBHOOK_NEXT, options.env, out)
    elif len(secrets) == 1:
        if options.finish:
            raise NotRotated(page.NOTHING.format(name=NAME))
        steps = [step.format(url=relay.settings.webhook_url) for step in page.WEBHOOK_BEGIN]
        out.write(page.steps_text(page.WEBHOOK_ONE, steps))
    elif options.finish:
        tell(page.WEBHOOK_FINISHED, {NAME: secrets[0]}, (page.RESTART,), options.env, out)
    else:
        out.write(f"{page.WEBHOOK_TWO}\n")
    return 0


def _typed(secrets: tuple[str, ...]) -> str:
    """The new secret, from a terminal without showing it, or from a pipe; never from the command line."""
    asked = getpass.getpass("The new signing secret: ") if sys.stdin.isatty() else sys.stdin.readline()
    secret = asked.strip()
    if not re.fullmatch(r"whsec_[^\s,]+", secret):
        raise NotRotated("that is no signing secret, which begins with whsec_: nothing was changed")
    if secret in secrets:
        raise NotRotated(f"that is the secret in {NAME} already: nothing was changed")
    return secret
