"""EDGE. The commands that set the cloud up, as they are typed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from cloud_relay.operator.setup.aws import add_arguments as add_aws_arguments
from cloud_relay.operator.setup.aws import set_up_aws
from cloud_relay.operator.setup.broker import add_arguments as add_broker_arguments
from cloud_relay.operator.setup.broker import set_up_broker
from cloud_relay.operator.setup.stripe import setup_stripe


def add_setup_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    environment: Mapping[str, str],
    out: TextIO,
) -> None:
    """`setup broker`, `setup stripe` and `setup aws`."""
    setup = commands.add_parser("setup", help="make or mend a part of the cloud by its own API")
    parts = setup.add_subparsers(required=True)
    broker = parts.add_parser("broker", help="rules, settings and the relay's login at the broker")
    add_broker_arguments(broker)
    broker.set_defaults(run=lambda options: set_up_broker(options, environment, out))
    stripe = parts.add_parser("stripe", help="the webhook endpoint, and the price of older links")
    _add_stripe_arguments(stripe)
    stripe.set_defaults(
        run=lambda options: setup_stripe(
            environment, out, env_file=options.env, dry_run=options.dry_run, new_secret=options.new_secret
        )
    )
    aws = parts.add_parser("aws", help="the settings in Parameter Store, and the template deployed")
    add_aws_arguments(aws)
    aws.set_defaults(run=lambda options: set_up_aws(options, environment, out))


def _add_stripe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", type=Path, metavar="FILE", help="the relay's variables, kept with mode 0600")
    parser.add_argument("--dry-run", action="store_true", help="say what would be changed")
    parser.add_argument("--new-secret", action="store_true", help="another endpoint, where a secret is lost")
