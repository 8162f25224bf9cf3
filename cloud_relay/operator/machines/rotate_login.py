"""EDGE. `python -m cloud_relay rotate`: the two logins that a service has at the broker take turns."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TextIO

from cloud_relay.broker.connection import BrokerConnection
from cloud_relay.logins.choice import logins_from
from cloud_relay.logins.interface import Logins
from cloud_relay.operator.machines.told import NotRotated, tell
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.pages.machines import rotate_page as page
from cloud_relay.relay import Relay
from cloud_relay.rules.access import FLEET, FLEETS, RELAYS
from cloud_relay.rules.setting_up.rotation import other_login

# Of no machine; asking for it shows that the broker lets us in.
_NOBODY = "rotate"


@dataclass(frozen=True)
class Service:
    """Whose logins take turns: `ours` is the one that it has now, and `is_let_in` raises if it is not."""

    who: str
    turns: tuple[str, ...]
    ours: str
    kept: Kept
    restart: str
    is_let_in: Callable[[], object]


def rotate_broker_password(
    relay: Relay, environment: Mapping[str, str], options: argparse.Namespace, out: TextIO
) -> int:
    """Make the relay's login whose turn is next, say who is there, or take the one away that had its turn.

    Raises:
        NotRotated: what was asked for cannot be, or not yet.
        LoginsFailed: the broker did not do it.
        BrokerUnavailable: the broker does not let the relay's present login in.
        FileTrouble: the file cannot be used.
    """
    service = Service(
        "relay",
        RELAYS,
        relay.settings.mqtt.username,
        Kept(environment, options.env),
        page.RESTART,
        lambda: relay.publisher.retained_status(_NOBODY),
    )
    return _rotate(service, logins_from(environment), options.remove, out)


def rotate_fleet_password(
    relay: Relay, environment: Mapping[str, str], options: argparse.Namespace, out: TextIO
) -> int:
    """Do so with the logins of the fleet, by its own environment file; it raises the same."""
    kept = Kept({}, options.fleet_env)
    ours = kept.variables.get("MQTT_USERNAME", "").strip() or FLEET
    mqtt = replace(
        relay.settings.mqtt, username=ours, password=kept.variables.get("MQTT_PASSWORD", "").strip()
    )
    service = Service("fleet", FLEETS, ours, kept, page.RESTART_FLEET, lambda: BrokerConnection(mqtt).close())
    logins = logins_from(environment)
    names = logins.names()
    if names is not None and not set(FLEETS) & set(names):
        raise NotRotated(page.LOGIN_NONE.format(name=FLEET))
    return _rotate(service, logins, options.remove, out)


def _rotate(service: Service, logins: Logins, removed: str | None, out: TextIO) -> int:
    ours, other = service.ours, other_login(service.ours, service.turns)
    if other is None:
        known = " and ".join(service.turns)
        raise NotRotated(page.NEITHER_LOGIN.format(name=ours, who=service.who, known=known))
    names = logins.names()
    if removed:
        return _remove(service, logins, removed, names, out)
    if names is not None and other in names:
        service.is_let_in()
        out.write(page.LOGIN_TWO.format(new=ours, old=other, who=service.who) + "\n")
        out.write(page.LOGIN_HALF.format(new=other, who=service.who) + "\n")
        return 1
    return _begin(service, logins, other, out)


def _begin(service: Service, logins: Logins, other: str, out: TextIO) -> int:
    password = secrets.token_hex(16)
    values = {"MQTT_USERNAME": other, "MQTT_PASSWORD": password}
    service.kept.check()
    left = logins.add(other, password)
    words = {"new": other, "old": service.ours, "who": service.who, "where": logins.where}
    steps = [step.format(**words) for step in (service.restart, page.LOGIN_NEXT)]
    tell(page.LOGIN_BEGUN.format(**words), values, steps, service.kept, out, first=left)
    return 0


def _remove(service: Service, logins: Logins, old: str, names: list[str] | None, out: TextIO) -> int:
    words = {"old": old, "who": service.who, "known": " and ".join(service.turns)}
    if old not in service.turns:
        raise NotRotated(page.LOGIN_FOREIGN.format(**words))
    if old == service.ours or (names is not None and old not in names):
        raise NotRotated((page.LOGIN_OURS if old == service.ours else page.LOGIN_ONE).format(**words))
    service.is_let_in()
    left = [*logins.remove(old), *logins.disconnect(old)]
    out.write(page.steps_text(page.LOGIN_FINISHED.format(old=old, where=logins.where), left))
    return 0
