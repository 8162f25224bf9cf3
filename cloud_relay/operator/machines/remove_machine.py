"""EDGE. `python -m cloud_relay remove-machine`: nothing is sold for it any more, and nothing opens for it.

First it is cut off, which closes its door; then its sales at Stripe end. Its token and its login go last: as
long as there is a login, a run that was broken off can be done again from the start.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from cloud_relay.broker.clearing import clear_status
from cloud_relay.errors import BrokerUnavailable, PublishRefused, StripeUnavailable
from cloud_relay.logins.choice import logins_from
from cloud_relay.logins.interface import Logins
from cloud_relay.operator.machines.arguments import address, typed
from cloud_relay.operator.machines.broker_side import BrokerSide, look
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.pages.machines import remove_machine_page as page
from cloud_relay.relay import Relay
from cloud_relay.rules.open_list import OpenRow, open_row
from cloud_relay.rules.setting_up.new_machine import CABINETS_PORT, id_problem, with_number
from cloud_relay.rules.tidy_rules import Rules

# A broker may still be busy with the last will of the connection that it ended.
_CLEARED_TIMES = 3


def add_remove_machine(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("machine_id", type=typed(id_problem))
    parser.add_argument("--env", type=Path, metavar="FILE", help="the relay's environment file")
    parser.add_argument("--now", action="store_true", help="revoke its token while payments for it are open")
    parser.add_argument("--broker", type=address, metavar="HOST[:PORT]", help="how cabinets reach the broker")


def remove_machine(
    relay: Relay, environment: Mapping[str, str], options: argparse.Namespace, out: TextIO
) -> int:
    """Remove the machine as far as can be; 1 where something is left to be done before the rest.

    Raises:
        LoginsFailed: the broker did not do it.
        StripeUnavailable: Stripe did not say what is open.
        FileTrouble: the file cannot be used.
    """
    logins, machine_id = logins_from(environment), str(options.machine_id)
    seen = look(relay, logins, machine_id)
    is_cut_off = _cut_off(relay, logins, seen, options, out)
    is_closed = _end_sales(relay, machine_id, out)
    rows = _open_rows(relay, machine_id)
    out.write(page.open_text(machine_id, rows) if rows else page.NO_OPEN)
    if rows and not options.now:
        out.write(page.NOT_YET)
        return 1
    _revoke(relay, seen, options, out)
    out.write(page.offers_text(machine_id, relay.settings.offers.machines))
    if not is_cut_off:
        return 1
    if seen.has_login is not None:  # else what to do by hand was said above
        out.writelines(f"{step}\n" for step in (*logins.remove(machine_id), *logins.disconnect(machine_id)))
    out.write(page.REMOVED.format(machine_id=machine_id))
    return int(not is_closed)


def _cut_off(
    relay: Relay, logins: Logins, seen: BrokerSide, options: argparse.Namespace, out: TextIO
) -> bool:
    """Have nobody come in as the machine, and its status gone; whether that is so."""
    machine_id = str(options.machine_id)
    if seen.has_login is None:
        steps = [*logins.remove(machine_id), *logins.disconnect(machine_id)]
        out.write(page.by_hand(machine_id, steps))
        return seen.status is None and not seen.unasked
    if not seen.has_login and seen.status is None and not seen.unasked:
        out.write(page.GONE_ALREADY.format(machine_id=machine_id))
        return True
    password = secrets.token_hex(16)
    if steps := logins.add(machine_id, password):
        out.write(page.by_hand(machine_id, [*steps, "Run this again."]))
        return False
    logins.disconnect(machine_id)  # its words are about a login whose password stays
    try:
        _clear(relay, machine_id, password, options)
        out.write(page.CUT_OFF.format(machine_id=machine_id))
    except (BrokerUnavailable, PublishRefused) as why:
        out.write(page.STILL_SAID.format(machine_id=machine_id, why=why))
    return True


def _end_sales(relay: Relay, machine_id: str, out: TextIO) -> bool:
    """Whether nothing of it is for sale at Stripe any more; a restricted key may not see payment links."""
    ended, why = relay.stripe().end_pages(machine_id), ""
    try:
        ended += relay.stripe().retire_links(machine_id)
    except StripeUnavailable as refused:
        why = str(refused)
    out.write(page.ENDED.format(ids=", ".join(ended)) if ended else "" if why else page.NO_SALES)
    out.write(page.LINKS_STAY.format(why=why) if why else "")
    return not why


def _clear(relay: Relay, machine_id: str, password: str, options: argparse.Namespace) -> None:
    host, port = options.broker or (relay.settings.mqtt.host, CABINETS_PORT)
    cabinets = replace(relay.settings.mqtt, host=host, port=port)
    for _ in range(_CLEARED_TIMES):
        clear_status(cabinets, machine_id, password)
        if relay.publisher.retained_status(machine_id) is None:
            return
    raise BrokerUnavailable("it came back each time: is a cabinet still connected?")


def _open_rows(relay: Relay, machine_id: str) -> list[OpenRow]:
    rules = Rules(relay.settings.credit_window_s, relay.settings.release_after_s)
    now_s = relay.clock()
    found = [payment for one in relay.book.all_pages() for payment in one]
    return [open_row(payment, rules, now_s) for payment in found if payment.machine_id == machine_id]


def _revoke(relay: Relay, seen: BrokerSide, options: argparse.Namespace, out: TextIO) -> None:
    tokens, machine_id = relay.settings.tokens, str(options.machine_id)
    smallest = tokens.smallest(machine_id)
    # With a login there, no earlier run came to this step.
    is_done = seen.has_login is False and machine_id in tokens.smallest_numbers
    numbers = None if is_done else with_number(tokens.smallest_numbers, machine_id, smallest + 1)
    if numbers and options.env:
        Kept({}, options.env).keep({"MIN_TOKEN_NUMBERS": numbers}, out)
    out.write(page.token_text(machine_id, numbers, smallest, str(options.env) if options.env else None))
