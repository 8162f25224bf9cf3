"""EDGE. Checks the broker: the way to it, the relay's login and its rights, and what a cabinet would find."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloud_relay.broker.direct_client import client_context
from cloud_relay.errors import BrokerUnavailable, LoginsFailed
from cloud_relay.formats.emqx_plan import Plan
from cloud_relay.logins.choice import emqx_access, logins_from
from cloud_relay.logins.emqx_api import EmqxApi
from cloud_relay.logins.interface import Logins
from cloud_relay.operator.check.broker_as_cabinet import look_as_cabinet
from cloud_relay.operator.check.broker_as_relay import look_as_relay
from cloud_relay.operator.check.reach import Server, check_reach
from cloud_relay.operator.setup.emqx import CLOSE_IT, plan_for
from cloud_relay.pages.check.findings import Finding, all_well, note, ok, warning, wrong
from cloud_relay.relay import Relay
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import MqttSettings
from cloud_relay.stripe.account import StripeAccount

MQTT = frozenset({"MQTT_BROKER", "MQTT_PORT", "MQTT_USERNAME", "MQTT_PASSWORD", "MQTT_CA_FILE"})
_VARIABLES = "Mend it; or unset EMQX_API_URL, EMQX_API_KEY, EMQX_API_SECRET and MOSQUITTO_FOLDER."
_PORT = "write the port that speaks TLS into MQTT_PORT: 8883 at EMQX, 8884 with the shipped mosquitto.conf"
_AUTHORITY = "Set MQTT_CA_FILE to the certificate of the authority that signed the broker's."
_LOG = "See the broker's log; it must speak MQTT 5."


def broker_look(environment: Mapping[str, str]) -> Callable[[Relay, StripeAccount], list[Finding]]:
    """What looks at it, with logins that are made for it where the environment says how."""

    def look(relay: Relay, _: StripeAccount) -> list[Finding]:
        try:
            logins = logins_from(environment)
        except SettingsError as why:
            return [wrong(f"{name} {problem}", _VARIABLES) for name, problem in why.problems]
        found = look_at_broker(relay.settings.mqtt, logins, relay.settings.credit_window_s)
        access = emqx_access(environment)
        return found if access is None else [*found, *look_at_settings(EmqxApi(access))]

    return look


def look_at_settings(api: EmqxApi) -> list[Finding]:
    """What cannot be seen over MQTT: an EMQX whose settings are not those of `setup broker`."""
    try:
        made = plan_for(api, replace=False)
    except LoginsFailed as why:
        return [note(f"EMQX's settings were not looked at: {why}")]
    remedy = f"{CLOSE_IT[0].upper()}{CLOSE_IT[1:]}."
    return [_differing(made), *(warning(each, remedy) for each in made.open)]


def _differing(made: Plan) -> Finding:
    if not made.steps:
        return ok("EMQX's settings and rules are those of setup broker")
    more = f", and {len(made.steps) - 1} more" if len(made.steps) > 1 else ""
    text = f"EMQX is not as setup broker would have it: it would {made.steps[0].text}{more}"
    return warning(text, "Look at all of it: python -m cloud_relay setup broker --dry-run")


def look_at_broker(mqtt: MqttSettings, logins: Logins, window_s: int) -> list[Finding]:
    """First as the relay, and then as a cabinet that is there for a moment."""
    server = Server(mqtt.host, mqtt.port, "MQTT_BROKER", _PORT, _AUTHORITY)
    try:
        found = check_reach(server, client_context(mqtt.ca_file))
    except OSError as why:
        return [wrong(f"MQTT_CA_FILE {mqtt.ca_file} cannot be used: {why}", _AUTHORITY)]
    if not all_well(found):
        return found
    try:
        welcome, seen = look_as_relay(mqtt)
        found += seen
        if welcome is not None:
            found += look_as_cabinet(mqtt, logins, window_s)
    except BrokerUnavailable as why:
        found.append(wrong(str(why), _LOG))
    return found
