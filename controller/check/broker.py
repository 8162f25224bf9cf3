"""EDGE. Checks the broker: the way to it, the password, and that its rules allow the right things only."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial

from controller.check.broker_probe import BrokerProbe, HungUpError, ProbeFailedError
from controller.check.reach import Server, check_reach
from controller.cloud.tls import client_context
from controller.config.keys import Config
from controller.formats import wire
from controller.formats.client_id import mqtt_client_id
from controller.pages.findings import Finding, all_well, note, ok, wrong

ECHO_WITHIN_S = 0.5
_WRONG_PASSWORD, _NOT_AUTHORIZED, _BAD_CLIENT_ID = 134, 135, 133
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
        return [*found, note(_NOT_TRIED)]
    # Each of these may cost the connection, so that each has its own.
    steps: tuple[Callable[[BrokerProbe, str], list[Finding]], ...] = (
        _allowed,
        _no_coinpulse,
        _no_other_machine,
    )
    for step in steps:
        with _probe(config) as probe:
            try:
                if refused := _refused(probe, config):
                    return [*found, refused]
                if step is _allowed:
                    found.append(ok(f"logged in as {config.machine_id}: the password is right"))
                found += step(probe, config.machine_id)
            except ProbeFailedError as error:
                found.append(wrong(str(error), "See the broker's log; it must speak MQTT 5."))
                return found
    return found


def _probe(config: Config) -> BrokerProbe:
    return BrokerProbe(config.broker, config.machine_id, _client_id(config))


def _client_id(config: Config) -> str:
    return f"{mqtt_client_id(config.machine_id, config.broker.password)}-check"


def _refused(probe: BrokerProbe, config: Config) -> Finding | None:
    reason = probe.connect()
    if not reason.is_failure:
        return None
    name = config.machine_id
    text = f"it does not let {name} in: {reason}"
    if reason.value == _BAD_CLIENT_ID:
        remedy = f"Let {name} choose its client id, with the settings of cloud_relay/broker/shipped."
        return wrong(f"{text}: its rules want another client id", remedy)
    if reason.value in (_WRONG_PASSWORD, _NOT_AUTHORIZED):
        return wrong(text, f"Write the password of the broker's user {name} into broker.password.")
    return wrong(text, "See the broker's log for this name; it must speak MQTT 5.")


def _allowed(probe: BrokerProbe, machine_id: str) -> list[Finding]:
    listening = wire.coinpulse_topic(machine_id)
    found = [_must("subscribe to", listening, allowed=probe.subscribe(listening), how="")]
    # Its status stays the retained one: a message that is not retained does not replace it.
    how = ": tried with a message marked as a check, which is not retained"
    for topic in (wire.gameover_topic(machine_id), wire.status_topic(machine_id)):
        found.append(_must("publish", topic, allowed=probe.publish(topic, _mark(machine_id)), how=how))
    return found


def _must(verb: str, topic: str, *, allowed: bool, how: str) -> Finding:
    if allowed:
        return ok(f"may {verb} {_short(topic)}{how}")
    return wrong(f"may not {verb} {_short(topic)}", f"{_RULES}, which allow it.")


def _no_coinpulse(probe: BrokerProbe, machine_id: str) -> list[Finding]:
    """The daemon refuses the mark, for it has no credits."""
    mark = _mark(machine_id)
    topics = (wire.coinpulse_topic(machine_id), wire.coinpulse_topic(_other(machine_id)))
    open_to_us = [topic for topic in topics if _unless_hung_up(partial(probe.publish, topic, mark))]
    if open_to_us:
        return [wrong(f"may publish {', '.join(map(_short, open_to_us))}, and must not", _NO_COINPULSE)]
    return [ok("may not publish coinpulse")]


def _no_other_machine(probe: BrokerProbe, machine_id: str) -> list[Finding]:
    others = [wire.coinpulse_topic(_other(machine_id)), wire.coinpulse_topic("+")]
    if not any(_unless_hung_up(partial(_may_subscribe, probe, topic)) for topic in others):
        return [ok("may not subscribe to another machine's coinpulse")]
    # Mosquitto grants every subscription, and keeps back what may not be read: its own game over, say.
    unreadable = wire.gameover_topic(machine_id)
    probe.subscribe(unreadable)
    probe.publish(unreadable, _mark(machine_id))
    deadline_s = time.monotonic() + ECHO_WITHIN_S
    while unreadable not in probe.topics and time.monotonic() < deadline_s:
        time.sleep(0.02)
    probe.unsubscribe(unreadable)
    if unreadable in probe.topics:
        return [wrong("may read what other machines are sent, and must not", _OWN_ONLY)]
    return [ok("may subscribe to another machine's coinpulse, and is sent nothing of what it may not read")]


def _may_subscribe(probe: BrokerProbe, topic: str) -> bool:
    granted = probe.subscribe(topic)
    if granted:
        probe.unsubscribe(topic)
    return granted


def _unless_hung_up(attempt: Callable[[], bool]) -> bool:
    try:
        return attempt()
    except HungUpError:
        return False  # some brokers hang up on what they forbid


def _mark(machine_id: str) -> bytes:
    """What no reader takes for a game over, a status or a coin pulse."""
    return json.dumps({"machineId": machine_id, "status": "check"}).encode()


def _other(machine_id: str) -> str:
    return f"not-{machine_id}"[:64]


def _short(topic: str) -> str:
    return topic.removeprefix("arcade/machine/")
