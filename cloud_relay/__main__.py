"""The operator's commands: a check of the cloud, tokens, open payments, machines, offers, refunds, tidy."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping

from cloud_relay.quiet_end import leave, quiet_imports

if __name__ == "__main__":
    quiet_imports()

from cloud_relay.command_line import EX_CONFIG, EX_FAILED, EX_USAGE, complain, run_command
from cloud_relay.errors import RelayError
from cloud_relay.operator.check.command import check
from cloud_relay.operator.commands import list_machines, list_open, refund_one, tidy_once
from cloud_relay.operator.machines.commands import add_machine_commands
from cloud_relay.operator.offers import list_offers
from cloud_relay.operator.on_sale import NoSuchTime, list_on_sale
from cloud_relay.operator.setup.commands import add_setup_commands
from cloud_relay.relay import Relay, relay_from
from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.receipts import is_payment_id
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_offer_list, read_settings, read_token_book

FAILURES: Mapping[type[Exception], int] = {SettingsError: EX_CONFIG, RelayError: EX_FAILED}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 1 what failed, 2 a wrong call, 78 wrong settings."""
    return run_command(_parser, arguments, FAILURES)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cloud_relay", description=__doc__)
    commands = parser.add_subparsers(required=True)
    token = commands.add_parser("token", help="print the token to write into a cabinet's config.yaml")
    token.add_argument("machine_id")
    token.set_defaults(run=lambda options: _print_token(options.machine_id))
    tags = commands.add_parser("tags", help="print by what this relay's payments are known at Stripe")
    tags.set_defaults(run=lambda _: _print_tags())
    tidy = commands.add_parser("tidy", help="publish again what may be lost, release what nobody settled")
    tidy.set_defaults(run=lambda _: _with_relay(lambda relay: tidy_once(relay, sys.stdout)))
    opened = commands.add_parser("open", help="list what Stripe holds open, and why")
    machines = commands.add_parser(
        "machines", help="list every machine's state, and what is wrong with its payments"
    )
    checked = commands.add_parser("check", help="look at what a sale takes, and name the remedies")
    for command, run in ((opened, list_open), (machines, list_machines)):
        command.set_defaults(run=_lister(run))
    checked.set_defaults(run=lambda options: check(os.environ, sys.stdout, as_json=options.json))
    for command in (opened, machines, checked):
        command.add_argument("--json", action="store_true", help="for programs")
    add_setup_commands(commands, os.environ, sys.stdout)
    offers = commands.add_parser("offers", help="list what is left of each price after Stripe's fee")
    offers.add_argument("--at", metavar="TIME", help="what is on sale then: 2026-12-24T18:30, or now")
    offers.add_argument("--machine", metavar="ID", help="with --at: this machine alone")
    offers.set_defaults(run=_list_offers)
    refund = commands.add_parser("refund", help="give back all that is left of a payment")
    refund.add_argument("payment", help="its PaymentIntent's id, pi_...")
    refund.set_defaults(run=lambda options: _refund(options.payment))
    add_machine_commands(commands, _with_relay, os.environ, sys.stdout)
    return parser


def _list_offers(options: argparse.Namespace) -> int:
    offers = read_offer_list(os.environ)
    if options.at is None and options.machine is None:
        return list_offers(offers, sys.stdout)
    if options.machine is not None and not is_machine_id(options.machine):
        return complain(f"{options.machine!r:.80} is no machine id: 1 to 64 of A-Z a-z 0-9 _ -", EX_USAGE)
    try:
        return list_on_sale(offers, options.at or "now", options.machine, time.time(), sys.stdout)
    except NoSuchTime as why:
        return complain(str(why), EX_USAGE)


def _lister(run: Callable[..., int]) -> Callable[[argparse.Namespace], int]:
    return lambda options: _with_relay(lambda relay: run(relay, sys.stdout, as_json=options.json))


def _with_relay(act: Callable[[Relay], int], environment: Mapping[str, str] = os.environ) -> int:
    relay = relay_from(read_settings(environment))
    try:
        return act(relay)
    finally:
        relay.publisher.close()


def _refund(payment_id: str) -> int:
    if not is_payment_id(payment_id):
        return complain(f"{payment_id!r:.80} is no PaymentIntent's id: pi_... was expected", EX_USAGE)
    return _with_relay(lambda relay: refund_one(relay, payment_id, sys.stdout))


def _print_token(machine_id: str) -> int:
    if not is_machine_id(machine_id):
        return complain(f"{machine_id!r:.80} is no machine id: 1 to 64 of A-Z a-z 0-9 _ -", EX_USAGE)
    sys.stdout.write(read_token_book(os.environ).issue(machine_id) + "\n")
    return 0


def _print_tags() -> int:
    sys.stdout.write(",".join(read_settings(os.environ).stripe.ownership.tags) + "\n")
    return 0


if __name__ == "__main__":
    leave(main())
