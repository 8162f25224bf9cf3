"""EDGE. Checks what the broker lets the relay do, and whether it lets strangers in."""

from __future__ import annotations

import secrets
from contextlib import suppress

from paho.mqtt.reasoncodes import ReasonCode

from cloud_relay.broker.connection import NO_MATCHING_SUBSCRIBERS
from cloud_relay.broker.visit import Visit, Visitor, Welcome
from cloud_relay.errors import BrokerUnavailable
from cloud_relay.operator.check.visits import Visits
from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong
from cloud_relay.rules.messages import MAX_PACKET_BYTES, coinpulse_topic, gameover_topic, status_topic
from cloud_relay.settings import MqttSettings

_WRONG_PASSWORD, _NOT_AUTHORIZED, _BAD_CLIENT_ID = 134, 135, 133
# The longest message of a cabinet's journal, with its topic and properties.
LEAST_PACKET_BYTES = 9 * 1024
RULES = "Give the broker the access rules: python -m cloud_relay setup broker"
_ANYBODY = (
    "Switch the broker's authentication on (python -m cloud_relay setup broker; Mosquitto: allow_anonymous "
    "false and a password_file): as it is, anybody can sell credits."
)
_RETAINED = (
    "Switch them on (Mosquitto: retain_available true; EMQX: mqtt.retain_available): without them no door "
    "ever sees a machine's status, and nothing is sold."
)
_ONE_ID = (
    "Let the relay's processes have client ids of their own: no use_username_as_clientid for the relay's "
    "login (EMQX: mqtt.clientid_override as in broker/shipped/emqx.conf)."
)
_SILENT = (
    "it does not say when nobody hears a message (reason 16): a sale to a machine that is gone ends later"
)
_PACKETS = "Set the broker's max_packet_size to 16 KiB, as in broker/shipped."


def look_as_relay(mqtt: MqttSettings) -> tuple[Welcome | None, list[Finding]]:
    """With the relay's own login, as it is used beside the relay; None if that is refused.

    Raises:
        BrokerUnavailable: the broker hung up, or did not answer.
    """
    with Visit(mqtt, relay_visitor(mqtt)) as visit:
        welcome = visit.connect()
        if welcome.reason.is_failure:
            return None, [_refused(mqtt.username, welcome.reason)]
        found = [
            *(strangers(mqtt) or [ok(f"logged in as {mqtt.username}: the password is right")]),
            *_kept(welcome),
            _packets(welcome),
            _beside_itself(mqtt, visit),
        ]
    return welcome, found + _rights(mqtt)


def relay_visitor(mqtt: MqttSettings) -> Visitor:
    """The relay, under an id of its own as each of its processes has one."""
    return Visitor(f"cloud-relay-check-{secrets.token_hex(8)}", mqtt.username, mqtt.password, mqtt.port)


def strangers(mqtt: MqttSettings) -> list[Finding]:
    """Whether the broker lets in whom it does not know; nothing is found if it does not."""
    made_up = secrets.token_hex(16)
    logins = {
        "a made-up name": Visitor(f"check-{made_up}", f"check-{made_up}", made_up, mqtt.port),
        "no name at all": Visitor(f"check-{made_up}", None, None, mqtt.port),
        f"a made-up password of {mqtt.username}": Visitor(
            f"check-{made_up}", mqtt.username, made_up, mqtt.port
        ),
    }
    let_in = [how for how, stranger in logins.items() if _lets_in(mqtt, stranger)]
    return [wrong(f"it lets in whoever comes with {', or '.join(let_in)}", _ANYBODY)] if let_in else []


def _lets_in(mqtt: MqttSettings, stranger: Visitor) -> bool:
    with suppress(BrokerUnavailable), Visit(mqtt, stranger) as visit:
        return not visit.connect().reason.is_failure
    return False


def _refused(name: str, reason: ReasonCode) -> Finding:
    text = f"it does not let {name} in: {reason}"
    if reason.value == _WRONG_PASSWORD:
        return wrong(text, f"Write the password of the broker's user {name} into MQTT_PASSWORD.")
    if reason.value == _NOT_AUTHORIZED:  # to EMQX the name is unknown, to Mosquitto either is wrong
        remedy = (
            f"See that the broker has a user {name} (at the shipped Mosquitto's port 8884), and write its "
            "password into MQTT_PASSWORD; python -m cloud_relay setup broker makes it."
        )
        return wrong(f"{text}: it does not know this name, or not with this password", remedy)
    if reason.value == _BAD_CLIENT_ID:
        return wrong(text, _ONE_ID)
    return wrong(text, "See the broker's log for this name; it must speak MQTT 5.")


def _kept(welcome: Welcome) -> list[Finding]:
    if welcome.keeps_retained:
        return []
    return [wrong("it keeps no retained messages", _RETAINED)]


def _packets(welcome: Welcome) -> Finding:
    most = welcome.most_packet_bytes
    if most is None:
        return warning("it takes messages of any length", _PACKETS)
    if most < LEAST_PACKET_BYTES:
        return wrong(f"it takes no message longer than {most} bytes: a cabinet's may have 8 KiB", _PACKETS)
    if most > MAX_PACKET_BYTES:
        return warning(f"it takes messages of up to {most} bytes; ours have 8 KiB at most", _PACKETS)
    return ok(f"it takes messages of up to {most} bytes")


def _beside_itself(mqtt: MqttSettings, first: Visit) -> Finding:
    """The relay's processes share a login: where the id follows it they throw each other out for ever."""
    with Visit(mqtt, relay_visitor(mqtt)) as second:
        if second.connect().reason.is_failure:
            return wrong("it does not let the relay in twice", _ONE_ID)
        with suppress(BrokerUnavailable):  # who was thrown out hears of it before an answer
            first.subscribe(status_topic("check"))
        if first.has_ended:
            return wrong("a second connection of the relay's login ends the first", _ONE_ID)
    return ok("two of the relay's processes can be connected at once")


def _rights(mqtt: MqttSettings) -> list[Finding]:
    """Tried with the topics of a machine that there is not, and a message that means nothing."""
    nobody = f"check-{secrets.token_hex(8)}"
    found = []
    with Visits(mqtt, relay_visitor(mqtt)) as visits:
        for topic, name in ((gameover_topic(nobody), "gameover"), (coinpulse_topic(nobody), "coinpulse")):
            allowed = visits.may_publish(topic)
            found.append(_must(f"publish a machine's {name}", allowed=allowed))
        if allowed and visits.reason != NO_MATCHING_SUBSCRIBERS:
            found.append(note(_SILENT))
        for whose, words in ((nobody, "a machine's status"), ("+", "all machines' statuses")):
            found.append(_must(f"subscribe to {words}", allowed=visits.may_subscribe(status_topic(whose))))
        if visits.may_publish(status_topic(nobody)):
            text = "the relay may publish a machine's status, and must not: the rules allow too much"
            found.append(wrong(text, f"{RULES}; whoever has any login may do anything."))
        else:
            found.append(ok("the relay may not publish a machine's status"))
    return found


def _must(what: str, *, allowed: bool) -> Finding:
    if allowed:
        return ok(f"the relay may {what}")
    return wrong(f"the relay may not {what}", f"{RULES}; they allow it.")
