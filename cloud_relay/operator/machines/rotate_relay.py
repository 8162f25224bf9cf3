"""EDGE. `python -m cloud_relay rotate relay-secret`: two side by side, until no machine uses the old one."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping
from typing import TextIO

from cloud_relay.logins.choice import logins_from
from cloud_relay.operator.machines.told import NotRotated, tell
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.operator.table import table
from cloud_relay.pages.machines import rotate_page as page
from cloud_relay.relay import Relay
from cloud_relay.rules.setting_up.rotation import MachineToken, as_json, begun, finished, machine_tokens


def rotate_relay_secret(
    relay: Relay, environment: Mapping[str, str], options: argparse.Namespace, out: TextIO
) -> int:
    """Begin, list who still uses the old secret, or finish; 1 while somebody does.

    Raises:
        NotRotated: what was asked for cannot be, or not yet.
        FileTrouble: the file cannot be used.
        BrokerUnavailable: nobody could say which token the machines use.
    """
    if relay.settings.tokens.old_secret is None:
        return _begin(relay, Kept(environment, options.env), options, out)
    rows, is_complete = _listed(relay, environment)
    waited_for = sum(row.is_waited_for for row in rows)
    if options.json:
        out.write(as_json(rows))
    else:
        out.write(table(("machine", "token", "last seen"), [_cells(row) for row in rows]))
    if not is_complete or waited_for:
        why = page.STILL_OLD.format(count=waited_for) if is_complete else page.INCOMPLETE
        if options.finish:
            raise NotRotated(why)
        return _said(why, options, out, 1)
    if not options.finish:
        return _said(page.ALL_NEW, options, out, 0)
    values = finished(relay.settings.tokens.secrets, relay.settings.stripe.ownership.tags)
    tell(page.RELAY_FINISHED, values, (page.RESTART,), Kept(environment, options.env), out)
    return 0


def _begin(relay: Relay, kept: Kept, options: argparse.Namespace, out: TextIO) -> int:
    if options.finish:
        raise NotRotated(page.NOTHING.format(name="RELAY_SECRET"))
    values = {"RELAY_SECRET": begun(relay.settings.tokens.relay_secret, secrets.token_hex(32))}
    tell(page.RELAY_BEGUN, values, page.RELAY_NEXT, kept, out)
    return 0


def _listed(relay: Relay, environment: Mapping[str, str]) -> tuple[list[MachineToken], bool]:
    reports = relay.publisher.machine_reports()
    logins = [name for name in logins_from(environment).names() or () if "." not in name]
    named = [*relay.settings.offers.machines, *logins]
    return machine_tokens(relay.settings.tokens, reports.by_id, named), reports.complete


def _cells(row: MachineToken) -> tuple[str, str, str]:
    return (row.machine_id, row.use, row.last_seen or "not heard of")


def _said(why: str, options: argparse.Namespace, out: TextIO, status: int) -> int:
    if not options.json:
        out.write(f"{why}\n")
    return status
