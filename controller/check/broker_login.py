"""EDGE. Checks the login at the broker: that ours is right, that no other is, and what the broker keeps."""

from __future__ import annotations

import secrets
from contextlib import suppress

from paho.mqtt.reasoncodes import ReasonCode

from controller import __version__
from controller.check.broker_probe import BrokerProbe, Login, ProbeFailedError, Welcome
from controller.config.keys import BrokerConfig
from controller.formats import wire
from controller.pages.findings import Finding, wrong
from controller.system.clock import wall_time

_WRONG_PASSWORD, _NOT_AUTHORIZED, _BAD_CLIENT_ID, _NO_RETAINED = 134, 135, 133, 154
_AUTHENTICATION = (
    "Switch the broker's authentication on (Mosquitto: allow_anonymous false and a password_file; EMQX: "
    "Access Control, Authentication): as it is, anybody can be this cabinet."
)
_RETAINED = (
    "Switch them on (Mosquitto: retain_available true; EMQX: mqtt.retain_available): without them no door "
    "ever sees a machine's status, and nothing is sold."
)
_WILLS = "Have the broker take a retained last will: without it nobody learns that a cabinet is gone."


def log_in(config: BrokerConfig, login: Login) -> tuple[Welcome, list[Finding]]:
    """Log in as a cabinet does, with a last will, and look at what the broker keeps; it finds what is wrong.

    Raises:
        ProbeFailedError: the broker hung up on us, or did not answer.
    """
    assert login.name is not None  # noqa: S101
    # What the cabinet itself would leave; it says the truth, if we should be killed meanwhile.
    will = (
        wire.status_topic(login.name),
        wire.offline_status(login.name, __version__, "check").payload(wall_time()),
    )
    with_will: Welcome | ProbeFailedError
    try:
        with_will = _welcome(config, login, will)
    except ProbeFailedError as error:
        with_will = error
    if isinstance(with_will, Welcome) and not with_will.reason.is_failure:
        return with_will, _kept(with_will, None)
    without = _welcome(config, login)
    if without.reason.is_failure:
        return without, [_refused(login.name, without.reason)]
    return without, _kept(without, with_will)


def strangers(config: BrokerConfig, login: Login, *, under_our_name: bool) -> list[Finding]:
    """Whether the broker lets in whom it does not know; nothing is found if it does not.

    A stranger that comes `under_our_name` could end the connection of the cabinet itself.
    """
    made_up = secrets.token_hex(16)
    logins = {
        "a made-up name": Login(f"check-{made_up}", f"check-{made_up}", made_up),
        "no name at all": Login(f"check-{made_up}", None, None),
    }
    if under_our_name:
        logins[f"a made-up password of {login.name}"] = Login(login.client_id, login.name, made_up)
    let_in = [how for how, stranger in logins.items() if _lets_in(config, stranger)]
    return [wrong(f"it lets in whoever comes with {', or '.join(let_in)}", _AUTHENTICATION)] if let_in else []


def _lets_in(config: BrokerConfig, login: Login) -> bool:
    with suppress(ProbeFailedError):
        return not _welcome(config, login).reason.is_failure
    return False


def _welcome(config: BrokerConfig, login: Login, will: tuple[str, bytes] | None = None) -> Welcome:
    with BrokerProbe(config, login, will=will) as probe:
        return probe.connect()


def _kept(welcome: Welcome, refused_will: Welcome | ProbeFailedError | None) -> list[Finding]:
    """What a broker that lets us in does not keep; `refused_will` is its answer to a last will."""
    why = refused_will.reason if isinstance(refused_will, Welcome) else refused_will
    no_retained = isinstance(why, ReasonCode) and why.value == _NO_RETAINED
    found = []
    if no_retained or not welcome.keeps_retained:
        found.append(wrong("it keeps no retained messages", _RETAINED))
    if why is not None and not no_retained:
        found.append(wrong(f"it does not let in who leaves a last will: {why}", _WILLS))
    return found


def _refused(name: str, reason: ReasonCode) -> Finding:
    text = f"it does not let {name} in: {reason}"
    if reason.value == _BAD_CLIENT_ID:
        remedy = f"Let {name} choose its client id, with the settings of cloud_relay/broker/shipped."
        return wrong(f"{text}: its rules want another client id", remedy)
    if reason.value == _WRONG_PASSWORD:
        return wrong(text, f"Write the password of the broker's user {name} into broker.password.")
    if reason.value == _NOT_AUTHORIZED:  # to EMQX the name is unknown, to Mosquitto either is wrong
        remedy = f"See that the broker has a user {name}, and write its password into broker.password."
        return wrong(f"{text}: it does not know this name, or not with this password", remedy)
    return wrong(text, "See the broker's log for this name; it must speak MQTT 5.")
