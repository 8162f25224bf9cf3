"""EDGE. Checks what a cabinet finds at the broker, with two logins that are made for it and taken away."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cloud_relay.broker.visit import HungUp, Visit, Visitor
from cloud_relay.errors import BrokerUnavailable, LoginsFailed
from cloud_relay.logins.interface import Logins
from cloud_relay.operator.check.broker_as_relay import RULES, relay_visitor
from cloud_relay.operator.check.visits import MARK, Visits
from cloud_relay.pages.check.findings import Finding, all_well, note, ok, warning, wrong
from cloud_relay.rules.messages import coinpulse_topic, gameover_topic, status_topic
from cloud_relay.settings import MqttSettings

_KNOWN_WITHIN_S, _STEP_S = 5.0, 0.2
_HEARD_WITHIN_S, _WILL_WITHIN_S = 5.0, 5.0
_DAY_S = 24 * 3600
_SHORT_EXPIRY_S, _LONG_EXPIRY_S = 1, 60
_NO_COINPULSE = f"{RULES}; as it is, whoever has a cabinet's password can give away credits."
_OWN_ONLY = f"{RULES}; as it is, one cabinet can listen to another or speak for it."
_HEARS_ITS_OWN = "a cabinet is sent its coinpulse, and no other's"
_NOT_SENT = (
    f"See that relay and cabinets are at one broker, and how busy it is; {RULES[0].lower()}{RULES[1:]}."
)
_STATUSES = "See the broker's retained messages: without them no door sees that a machine is ready."
_WILLS = "Have the broker take a retained last will: without it nobody learns that a cabinet is gone."
_SESSIONS = (
    "Have the broker keep sessions (EMQX: mqtt.session_expiry_interval; Mosquitto: no "
    "persistent_client_expiration under a day): a coin that comes while the Wi-Fi is away is lost."
)
# https://github.com/eclipse-mosquitto/mosquitto/issues/2618
_QUEUE = (
    "Have it keep 1000 messages for each. Mosquitto 2.0.12 and later keeps none with per_listener_settings "
    "(docs/broker.md): a credit that misses a cabinet comes when the relay publishes it again, in 15 s."
)
_EXPIRY = "The broker must honour MQTT 5's message expiry: without it a credit could come after its window."
_BINDING = (
    "Bind client ids to logins (Mosquitto: use_username_as_clientid at the cabinets' listener; EMQX: "
    "mqtt.clientid_override, which python -m cloud_relay setup broker sets): until then only the 32 digits "
    "in a cabinet's id keep others out of its session."
)
_BY_HAND = (
    "a cabinet's rights were not looked at: that takes a login of its own, which only {} can make (see "
    "EMQX_API_URL and MOSQUITTO_FOLDER in cloud_relay/README.md). A cabinet's own look: sudo cabinet check"
)


@dataclass(frozen=True)
class _Guest:
    """A machine that is there for the check alone."""

    machine_id: str
    password: str
    port: int

    @property
    def visitor(self) -> Visitor:
        return Visitor(f"{self.machine_id}-{self.password}", self.machine_id, self.password, self.port)


def look_as_cabinet(mqtt: MqttSettings, logins: Logins, window_s: int) -> list[Finding]:
    """All that a cabinet may, must not, and relies on; what cannot be looked at is said.

    Raises:
        BrokerUnavailable: the broker hung up, or did not answer.
    """
    if not logins.can_act:
        return [note(_BY_HAND.format(logins.where))]
    port = logins.cabinets_port or mqtt.port
    one, other = (_Guest(f"check-{secrets.token_hex(8)}", secrets.token_hex(16), port) for _ in range(2))
    found: list[Finding] = []
    try:
        with _staying(logins, (one, other), found) as words:
            if words:
                found.append(note(f"a cabinet's rights were not looked at: {words[0]}"))
            elif not _is_known(mqtt, other):
                text = f"a login that was made at {logins.where} is not let in at port {port}"
                remedy = "See that this is the broker of MQTT_BROKER, and that it reads these logins."
                found.append(wrong(text, remedy))
            else:
                found += _looked(mqtt, one, other, window_s)
    except LoginsFailed as why:
        found.append(note(f"a cabinet's rights were not looked at: {why}"))
    return found


@contextmanager
def _staying(logins: Logins, guests: tuple[_Guest, ...], found: list[Finding]) -> Iterator[list[str]]:
    """The guests' logins, which are gone afterwards whatever happens."""
    made: list[str] = []
    try:
        words: list[str] = []
        for each in guests:
            words += logins.add(each.machine_id, each.password)
            made.append(each.machine_id)
        yield words
    finally:
        # Also one of which nobody knows whether it was made.
        for machine_id in (each.machine_id for each in guests):
            try:
                logins.remove(machine_id)
                logins.disconnect(machine_id)
            except LoginsFailed as why:
                if machine_id in made:
                    remedy = f"Delete the login {machine_id} by hand."
                    found.append(warning(f"the check's own login is still there: {why}", remedy))


def _is_known(mqtt: MqttSettings, guest: _Guest) -> bool:
    """Whether the broker lets it in; it may take a moment to read its files again."""
    deadline_s = time.monotonic() + _KNOWN_WITHIN_S
    while time.monotonic() < deadline_s:
        with Visit(mqtt, guest.visitor) as visit:
            if not visit.connect().reason.is_failure:
                return True
        time.sleep(_STEP_S)
    return False


def _looked(mqtt: MqttSettings, one: _Guest, other: _Guest, window_s: int) -> list[Finding]:
    found = [*_rights(mqtt, one, other), *_kept_status(mqtt, one)]
    if all_well(found):
        found += _session(mqtt, one, window_s)
    return [*found, _binding(mqtt, one, other)]


def _rights(mqtt: MqttSettings, one: _Guest, other: _Guest) -> list[Finding]:
    own, theirs = one.machine_id, other.machine_id
    with Visits(mqtt, one.visitor) as visits:
        musts = {
            "hear its coinpulse": visits.may_subscribe(coinpulse_topic(own)),
            "publish its gameover": visits.may_publish(gameover_topic(own)),
            "publish its status": visits.may_publish(status_topic(own)),
        }
        sells = [whose for whose in (own, theirs) if visits.may_publish(coinpulse_topic(whose))]
        poses = visits.may_publish(status_topic(theirs)) or visits.may_publish(gameover_topic(theirs))
    found = [
        ok(f"a cabinet may {what}")
        if allowed
        else wrong(f"a cabinet may not {what}", f"{RULES}; they allow it.")
        for what, allowed in musts.items()
    ]
    if sells:
        found.append(wrong("a cabinet may publish coinpulse, and must not", _NO_COINPULSE))
    else:
        found.append(ok("a cabinet may not publish coinpulse"))
    if poses:
        found.append(wrong("a cabinet may speak for another, and must not", _OWN_ONLY))
    else:
        found.append(ok("a cabinet may not speak for another"))
    return [*found, _overheard(mqtt, one, other)]


def _overheard(mqtt: MqttSettings, one: _Guest, other: _Guest) -> Finding:
    """Mosquitto grants every subscription, and keeps back what may not be read: what comes is what counts.

    Who is sent both is sent them in order: when its own has come, the other's would have.
    """
    own, theirs, everybody_s = (coinpulse_topic(each) for each in (one.machine_id, other.machine_id, "+"))
    with Visit(mqtt, one.visitor) as visit, Visit(mqtt, relay_visitor(mqtt)) as relay:
        visit.connect()
        relay.connect()
        try:
            granted = [visit.subscribe(topic) for topic in (own, theirs, everybody_s)]
        except HungUp:
            return ok(_HEARS_ITS_OWN)
        for topic in (theirs, own):
            relay.publish(topic, MARK)
        if visit.hears(own, MARK, _HEARD_WITHIN_S) is None and not visit.has_ended:
            return wrong(f"a cabinet is not sent its coinpulse within {_HEARD_WITHIN_S:g} s", _NOT_SENT)
        if any(granted[1:]) and visit.hears(theirs, MARK, 0) is not None:
            return wrong("a cabinet may hear what another is sent, and must not", _OWN_ONLY)
    return ok(_HEARS_ITS_OWN)


def _kept_status(mqtt: MqttSettings, guest: _Guest) -> list[Finding]:
    """A status is kept for who comes later, and a last will takes its place when the cabinet is lost."""
    topic, here, gone = status_topic(guest.machine_id), MARK + b" ", MARK + b"  "
    with Visit(mqtt, relay_visitor(mqtt)) as relay:
        relay.connect()
        try:
            with Visit(mqtt, guest.visitor, will=(topic, gone)) as cabinet:
                reason = cabinet.connect().reason
                if reason.is_failure:
                    return [wrong(f"it does not let in a cabinet that leaves a last will: {reason}", _WILLS)]
                if cabinet.publish(topic, here, retain=True).is_failure:
                    return [wrong("a cabinet's status is not kept", _STATUSES)]
                relay.subscribe(topic)
                kept = relay.hears(topic, here, _HEARD_WITHIN_S)
                cabinet.break_off()
                went = relay.hears(topic, gone, _WILL_WITHIN_S)
        except HungUp as why:
            return [wrong(f"it does not let in a cabinet that leaves a last will: {why}", _WILLS)]
    _clear(mqtt, guest)
    if kept is None:
        return [wrong("a cabinet's status does not reach the relay", _STATUSES)]
    if not kept.retained:
        return [wrong("a cabinet's status is not kept for who comes later", _STATUSES)]
    if went is None:
        return [wrong("a cabinet that is lost leaves no word: its last will did not come", _WILLS)]
    return [ok("a cabinet's status is kept, and its last will comes")]


def _clear(mqtt: MqttSettings, guest: _Guest) -> None:
    with Visits(mqtt, guest.visitor) as visits:
        visits.may_publish(status_topic(guest.machine_id), retain=True, payload=b"")


def _session(mqtt: MqttSettings, guest: _Guest, window_s: int) -> list[Finding]:
    """A coin that comes while the cabinet is away waits for it, with less time left, or not at all."""
    topic, late, timely = coinpulse_topic(guest.machine_id), MARK + b" ", MARK + b"  "
    with Visit(mqtt, guest.visitor, session_s=_DAY_S) as cabinet:
        keeps_s = cabinet.connect().session_expiry_s
        cabinet.subscribe(topic)
    if keeps_s is not None and keeps_s < window_s:
        text = f"it keeps a session for {keeps_s} s only, less than the credit window of {window_s} s"
        return [wrong(text, _SESSIONS)]
    with Visit(mqtt, relay_visitor(mqtt)) as relay:
        relay.connect()
        relay.publish(topic, late, expiry_s=_SHORT_EXPIRY_S)
        relay.publish(topic, timely, expiry_s=_LONG_EXPIRY_S)
    time.sleep(2 * _SHORT_EXPIRY_S)
    with Visit(mqtt, guest.visitor, clean_start=False) as cabinet:
        is_there = cabinet.connect().session_present
        came = cabinet.hears(topic, timely, _HEARD_WITHIN_S)
        came_late = cabinet.hears(topic, late, 0)
    if not is_there:
        return [wrong("it forgets what a cabinet missed while it was away", _SESSIONS)]
    if came is None:
        return [warning("it keeps a cabinet's session, but not what was sent while it was away", _QUEUE)]
    if came_late is not None:
        return [wrong(f"it hands over a message {_SHORT_EXPIRY_S} s and more after its expiry", _EXPIRY)]
    if came.expires_in_s is None or came.expires_in_s >= _LONG_EXPIRY_S:
        return [warning("a message that waited does not say what is left of its time", _EXPIRY)]
    return [ok("a message waits for a cabinet that is away, and is dropped after its expiry")]


def _binding(mqtt: MqttSettings, one: _Guest, other: _Guest) -> Finding:
    """Another login that names the same client id."""
    thief = Visitor(one.visitor.client_id, other.machine_id, other.password, other.port)
    with Visit(mqtt, one.visitor) as owner, Visit(mqtt, thief) as visit:
        owner.connect()
        if visit.connect().reason.is_failure:
            return ok("no other login can take a cabinet's session")
        try:
            owner.subscribe(coinpulse_topic(one.machine_id))  # who was thrown out hears of it first
        except BrokerUnavailable:
            return warning("whoever has any login can take a cabinet's session, if it knows its id", _BINDING)
    return ok("no other login can take a cabinet's session")
