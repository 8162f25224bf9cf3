"""EDGE. `python -m cloud_relay rotate`: the secrets that can be changed, and what may be typed for each."""

from __future__ import annotations

import argparse
from pathlib import Path

from cloud_relay.operator.machines.rotate_login import rotate_broker_password, rotate_fleet_password
from cloud_relay.operator.machines.rotate_relay import rotate_relay_secret
from cloud_relay.operator.machines.rotate_webhook import rotate_webhook_secret


def _add_env(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", type=Path, metavar="FILE", help="the relay's environment file")


def _add_relay_secret(parser: argparse.ArgumentParser) -> None:
    _add_env(parser)
    parser.add_argument("--finish", action="store_true", help="take the old secret out, if nobody uses it")
    parser.add_argument("--json", action="store_true", help="the list for programs")


def _add_webhook_secret(parser: argparse.ArgumentParser) -> None:
    _add_env(parser)
    parser.add_argument("--finish", action="store_true", help="take the old secret out")


def _add_broker_password(parser: argparse.ArgumentParser) -> None:
    _add_env(parser)
    parser.add_argument("--remove", metavar="LOGIN", help="take the old login away")


def _add_fleet_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fleet-env", type=Path, metavar="FILE", required=True, help="the fleet's environment file"
    )
    parser.add_argument("--env", type=Path, metavar="FILE", help="the relay's environment file, to read")
    parser.add_argument("--remove", metavar="LOGIN", help="take the old login away")


ROTATED = (
    ("relay-secret", "RELAY_SECRET, of which tokens are made", _add_relay_secret, rotate_relay_secret),
    ("webhook-secret", "STRIPE_WEBHOOK_SECRET", _add_webhook_secret, rotate_webhook_secret),
    ("broker-password", "the relay's login at the broker", _add_broker_password, rotate_broker_password),
    ("fleet-password", "the fleet's login at the broker", _add_fleet_password, rotate_fleet_password),
)
