"""EDGE. Checks the broker: the way to it, the password, and that its rules allow the right things only."""

from __future__ import annotations

import json

from controller.check.broker_login import log_in, strangers
from controller.check.broker_probe import Login, ProbeFailedError
from controller.check.broker_visits import BrokerVisits
from controller.check.reach import Server, check_reach
from controller.cloud.tls import client_context
from controller.config.keys import Config
from controller.formats import wire
from controller.formats.client_id import mqtt_client_id
from controller.pages.findings import Finding, all_well, note, ok, wrong

_RULES = "Give the broker the access rules of cloud_relay/broker/shipped"
_NOT_TRIED = (
    "its rules were not tried: at some brokers a second login ends the first. To try them, when nobody "
    "plays: sudo systemctl stop arcade-controller; sudo cabinet check; sudo systemctl start arcade-controller"
)
_NO_COINPULSE = f"{_RULES}: as it is, whoever has a cabinet's password can give away credits."
_OWN_ONLY = f"{_RULES}: as it is, one cabinet can listen to another."


def check_broker(config: Config, *, daemon_connected: bool, alone: bool) -> list[Finding]:
    """All of it, if we are `alone`: a second login might end the connection of a running controller."""
    broker = config.broker
    authority = "Set broker.ca_file to the certificate of the authority that signed the broker's."
    server = Server(broker.host, broker.port, "broker.host", authority)
    found = check_reach(server, client_context(broker.ca_file))
    if not all_well(found):
        return found
    if daemon_connected:
        found.append(ok(f"the running controller is logged in as {config.machine_id}"))
    if not alone:
        return [*found, *strangers(broker, _login(config), under_our_name=False), note(_NOT_TRIED)]
    try:
        return found + _visited(config)
    except ProbeFailedError as error:
        return [*found, wrong(str(error), "See the broker's log; it must speak MQTT 5.")]


def _visited(config: Config) -> list[Finding]:
    machine_id, login = config.machine_id, _login(config)
    welcome, found = log_in(config.broker, login)
    if welcome.reason.is_failure:
        return found
    open_door = strangers(config.broker, login, under_our_name=True)
    known = open_door or [ok(f"logged in as {machine_id}: the password is right")]
    with BrokerVisits(config.broker, login, keep_session=welcome.session_present) as visits:
        return [
            *known,
            *found,
            *_allowed(visits, machine_id),
            *_no_coinpulse(visits, machine_id),
            *_no_other_machine(visits, machine_id),
        ]


def _login(config: Config) -> Login:
    password = config.broker.password
    return Login(f"{mqtt_client_id(config.machine_id, password)}-check", config.machine_id, password)


def _allowed(visits: BrokerVisits, machine_id: str) -> list[Finding]:
    listening = wire.coinpulse_topic(machine_id)
    found = [_must("subscribe to", listening, allowed=visits.may_subscribe(listening, stay=True), how="")]
    # Its status stays the retained one: a message that is not retained does not replace it.
    how = ": tried with a message marked as a check, which is not retained"
    for topic in (wire.gameover_topic(machine_id), wire.status_topic(machine_id)):
        found.append(_must("publish", topic, allowed=visits.may_publish(topic, _mark(machine_id)), how=how))
    return found


def _must(verb: str, topic: str, *, allowed: bool, how: str) -> Finding:
    if allowed:
        return ok(f"may {verb} {_short(topic)}{how}")
    return wrong(f"may not {verb} {_short(topic)}", f"{_RULES}, which allow it.")


def _no_coinpulse(visits: BrokerVisits, machine_id: str) -> list[Finding]:
    """The daemon refuses the mark, for it has no credits."""
    mark = _mark(machine_id)
    topics = (wire.coinpulse_topic(machine_id), wire.coinpulse_topic(_other(machine_id)))
    open_to_us = [topic for topic in topics if visits.may_publish(topic, mark)]
    if open_to_us:
        return [wrong(f"may publish {', '.join(map(_short, open_to_us))}, and must not", _NO_COINPULSE)]
    return [ok("may not publish coinpulse")]


def _no_other_machine(visits: BrokerVisits, machine_id: str) -> list[Finding]:
    others = [wire.coinpulse_topic(_other(machine_id)), wire.coinpulse_topic("+")]
    if not any(visits.may_subscribe(topic) for topic in others):
        return [ok("may not subscribe to another machine's coinpulse")]
    # Mosquitto grants every subscription, and keeps back what may not be read: its own game over, say.
    if visits.may_hear(wire.gameover_topic(machine_id), _mark(machine_id)):
        return [wrong("may read what other machines are sent, and must not", _OWN_ONLY)]
    return [ok("may subscribe to another machine's coinpulse, and is sent nothing of what it may not read")]


def _mark(machine_id: str) -> bytes:
    """What no reader takes for a game over, a status or a coin pulse."""
    return json.dumps({"machineId": machine_id, "status": "check"}).encode()


def _other(machine_id: str) -> str:
    return f"not-{machine_id}"[:64]


def _short(topic: str) -> str:
    return topic.removeprefix("arcade/machine/")
