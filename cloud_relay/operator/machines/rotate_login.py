"""EDGE. `python -m cloud_relay rotate broker-password`: the relay's two logins at the broker take turns."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping
from typing import TextIO

from cloud_relay.logins.choice import logins_from
from cloud_relay.logins.interface import Logins
from cloud_relay.operator.machines.told import NotRotated, tell
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.pages.machines import rotate_page as page
from cloud_relay.relay import Relay
from cloud_relay.rules.access import RELAYS
from cloud_relay.rules.setting_up.rotation import other_login

# Of no machine; asking for it shows that the broker lets us in.
_NOBODY = "rotate"


def rotate_broker_password(
    relay: Relay, environment: Mapping[str, str], options: argparse.Namespace, out: TextIO
) -> int:
    """Make the login whose turn is next, say who is there, or take the one away that had its turn.

    Raises:
        NotRotated: what was asked for cannot be, or not yet.
        LoginsFailed: the broker did not do it.
        BrokerUnavailable: the broker does not let the relay's present login in.
        FileTrouble: the file cannot be used.
    """
    logins, ours = logins_from(environment), relay.settings.mqtt.username
    other = other_login(ours)
    if other is None:
        raise NotRotated(page.NEITHER_LOGIN.format(name=ours, known=" and ".join(RELAYS)))
    names = logins.names()
    if options.remove:
        return _remove(relay, logins, ours, options.remove, names, out)
    if names is not None and other in names:
        relay.publisher.retained_status(_NOBODY)
        out.write(page.LOGIN_TWO.format(new=ours, old=other) + "\n")
        out.write(page.LOGIN_HALF.format(new=other) + "\n")
        return 1
    return _begin(logins, ours, other, Kept(environment, options.env), out)


def _begin(logins: Logins, ours: str, other: str, kept: Kept, out: TextIO) -> int:
    password = secrets.token_hex(16)
    values = {"MQTT_USERNAME": other, "MQTT_PASSWORD": password}
    left = logins.add(other, password)
    said = page.LOGIN_BEGUN.format(new=other, where=logins.where, old=ours)
    tell(said, values, [step.format(old=ours) for step in page.LOGIN_NEXT], kept, out, first=left)
    return 0


def _remove(relay: Relay, logins: Logins, ours: str, old: str, names: list[str] | None, out: TextIO) -> int:
    if old == ours or (names is not None and old not in names):
        raise NotRotated((page.LOGIN_OURS if old == ours else page.LOGIN_ONE).format(old=old))
    relay.publisher.retained_status(_NOBODY)
    left = [*logins.remove(old), *logins.disconnect(old)]
    out.write(page.steps_text(page.LOGIN_FINISHED.format(old=old, where=logins.where), left))
    return 0
