"""The stand-in EMQX's rules and settings.

Sources, in EMQX's repository: apps/emqx_auth/src/emqx_authz/emqx_authz_api_sources.erl (a new source comes
first, one of a kind, `move`), apps/emqx_auth_mnesia/src/emqx_authz_api_mnesia.erl with
emqx_authz_rule_raw.erl (entries, and how they come back: with qos and retain), emqx_authz_api_settings.erl,
apps/emqx_management/src/emqx_mgmt_api_configs.erl (`global_zone`: what is sent of a root is the whole root),
apps/emqx_management/src/emqx_mgmt_api_listeners.erl (the fields of one, and those that EMQX starts with),
apps/emqx_retainer/src/emqx_retainer_api.erl and emqx_retainer_schema.erl. The rules that come with it are
those of apps/emqx_auth/etc/acl.conf, shortened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from fake_emqx import Answer, Call, FakeEmqx, Refused, bad_field, fields

BUILT_IN = "built_in_database"
DATABASE = f"/authorization/sources/{BUILT_IN}/rules"
SOURCE_KINDS = frozenset({BUILT_IN, "file", "http", "mysql", "postgresql", "redis", "mongodb", "ldap"})
STOCK_RULES = '{deny, all, subscribe, ["$SYS/#", {eq, "#"}, {eq, "+/#"}]}.\n{allow, all}.\n'
SIZE = re.compile(r"\d+(KB|MB|GB)?", re.IGNORECASE)
RATE = re.compile(r"infinity|\d+(/\d*(s|m|h))?")

# Kinds of values, by name: what the schema of a root takes.
MQTT = {
    "clientid_override": "text",
    "max_packet_size": "size",
    "max_mqueue_len": "count",
    "max_inflight": "count",
    "max_topic_levels": "count",
    "idle_timeout": "text",
    "retain_available": "switch",
    "session_expiry_interval": "text",
    "use_username_as_clientid": "switch",
}
RETAINER = {
    "enable": "switch",
    "max_payload_size": "size",
    "max_publish_rate": "rate",
    "delivery_rate": "rate",
    "msg_clear_interval": "text",
    "stop_publish_clear_msg": "switch",
    "backend": "struct",
}
MQTT_DEFAULTS: dict[str, Any] = {
    "clientid_override": "disabled",
    "max_packet_size": "1MB",
    "max_mqueue_len": 1000,
    "max_inflight": 32,
    "max_topic_levels": 128,
    "idle_timeout": "15s",
    "retain_available": True,
    "session_expiry_interval": "2h",
    "use_username_as_clientid": False,
}


@dataclass
class Settings:
    """Sources of rules in their order, the database's entries by user ("" is all), and the settings."""

    sources: list[dict[str, Any]] = field(
        default_factory=lambda: [{"type": "file", "enable": True, "rules": STOCK_RULES}]
    )
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    authorization: dict[str, Any] = field(
        default_factory=lambda: {
            "no_match": "allow",
            "deny_action": "ignore",
            "cache": {"enable": True, "max_size": 32, "ttl": "1m", "excludes": []},
        }
    )
    mqtt: dict[str, Any] = field(default_factory=lambda: dict(MQTT_DEFAULTS))
    listeners: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": "tcp:default", "type": "tcp", "name": "default", "enable": True, "bind": "0.0.0.0:1883"},
            {"id": "ssl:default", "type": "ssl", "name": "default", "enable": True, "bind": "0.0.0.0:8883"},
            {"id": "ws:inside", "type": "ws", "name": "inside", "enable": True, "bind": "127.0.0.1:8083"},
            {"id": "tcp:off", "type": "tcp", "name": "off", "enable": False, "bind": "0.0.0.0:1884"},
        ]
    )
    retainer: dict[str, Any] = field(
        default_factory=lambda: {
            "enable": True,
            "max_payload_size": "1MB",
            "max_publish_rate": "1000/s",
            "delivery_rate": "1000/s",
            "backend": {"type": "built_in_database", "storage_type": "ram"},
        }
    )

    def serve_at(self, emqx: FakeEmqx) -> None:
        """Answer for it."""
        source = "/authorization/sources/{kind}"
        emqx.serve(
            ("GET", "/authorization/settings", lambda _: (200, self.authorization)),
            ("PUT", "/authorization/settings", self._set_authorization),
            ("GET", "/authorization/sources", lambda _: (200, {"sources": self.sources})),
            ("POST", "/authorization/sources", self._add_source),
            ("PUT", source, self._change_source),
            ("POST", source + "/move", self._move_source),
            ("GET", DATABASE + "/all", lambda _: self._asked({"rules": self.rules.get("", [])})),
            ("POST", DATABASE + "/all", self._set_all),
            ("GET", DATABASE + "/users/{user}", self._get_user),
            ("PUT", DATABASE + "/users/{user}", self._set_user),
            ("GET", "/configs/global_zone", lambda _: (200, {"mqtt": self.mqtt, "overload_protection": {}})),
            ("PUT", "/configs/global_zone", self._set_zone),
            ("GET", "/listeners", lambda _: (200, self.listeners)),
            ("GET", "/mqtt/retainer", lambda _: (200, self.retainer)),
            ("PUT", "/mqtt/retainer", self._set_retainer),
        )

    def _set_authorization(self, call: Call) -> Answer:
        choice = frozenset({"allow", "deny"})
        actions = frozenset({"ignore", "disconnect"})
        self.authorization = fields(call.body, no_match=choice, deny_action=actions, cache=dict)
        return 200, self.authorization

    def _add_source(self, call: Call) -> Answer:
        told = self._source_in(call)
        if any(each["type"] == told["type"] for each in self.sources):
            raise Refused(400, "BAD_REQUEST", f"{{duplicated_authz_source_type,[{told['type']}]}}")
        self.sources.insert(0, told)
        return 204, None

    def _source_in(self, call: Call) -> dict[str, Any]:
        told = call.body
        if not isinstance(told, dict) or "type" not in told:
            raise bad_field("type", "required_field")
        if told["type"] not in SOURCE_KINDS:
            raise bad_field("type", "unknown_authz_source_type")
        if told["type"] == BUILT_IN:
            fields({"enable": True} | told, type=str, enable=bool)
        return {"enable": True} | told

    def _place(self, kind: str) -> int:
        for place, each in enumerate(self.sources):
            if each["type"] == kind:
                return place
        raise Refused(404, "NOT_FOUND", f"Not found: {kind}")

    def _change_source(self, call: Call, kind: str) -> Answer:
        told = self._source_in(call)
        if told["type"] != kind:
            raise Refused(400, "BAD_REQUEST", "Type mismatch")
        self.sources[self._place(kind)] = told
        return 204, None

    def _move_source(self, call: Call, kind: str) -> Answer:
        place, told = self._place(kind), fields(call.body, position=str)
        if told["position"] != "front":
            raise Refused(400, "BAD_REQUEST", "Invalid parameter. Unknow position")
        self.sources.insert(0, self.sources.pop(place))
        return 204, None

    def _asked(self, body: Any) -> Answer:
        self._place(BUILT_IN)
        return 200, body

    def _set_all(self, call: Call) -> Answer:
        self._place(BUILT_IN)
        self.rules[""] = _entries(fields(call.body, rules=list)["rules"])
        return 204, None

    def _get_user(self, _: Call, user: str) -> Answer:
        self._place(BUILT_IN)
        if user not in self.rules:
            raise Refused(404, "NOT_FOUND", "Not Found")
        return 200, {"username": user, "rules": self.rules[user]}

    def _set_user(self, call: Call, user: str) -> Answer:
        self._place(BUILT_IN)
        told = fields(call.body, username=str, rules=list)
        if told["username"] != user:  # no clause of the handler takes it
            raise Refused(500, "INTERNAL_ERROR", "error, function_clause")
        self.rules[user] = _entries(told["rules"])
        return 204, None

    def _set_zone(self, call: Call) -> Answer:
        told = fields(call.body, mqtt=dict)["mqtt"]
        _check("mqtt", told, MQTT)
        self.mqtt = MQTT_DEFAULTS | told
        return 200, {"mqtt": self.mqtt}

    def _set_retainer(self, call: Call) -> Answer:
        _check("retainer", call.body, RETAINER)
        self.retainer = call.body
        return 200, self.retainer


def _entries(entries: list[Any]) -> list[dict[str, Any]]:
    return [_entry(place, each) for place, each in enumerate(entries)]


def _entry(place: int, entry: Any) -> dict[str, Any]:
    told = {"qos": [0, 1, 2], "retain": "all"} | entry
    fields(
        told,
        f"rules.{place}.",
        topic=str,
        permission=frozenset({"allow", "deny"}),
        action=frozenset({"publish", "subscribe", "all"}),
        qos=list,
        retain=frozenset({"all", True, False}),
    )
    return told


def _check(root: str, told: dict[str, Any], schema: dict[str, str]) -> None:
    fits = {
        "text": lambda value: isinstance(value, str),
        "size": lambda value: isinstance(value, int) or SIZE.fullmatch(str(value)) is not None,
        "count": lambda value: isinstance(value, int),
        "switch": lambda value: isinstance(value, bool),
        "rate": lambda value: RATE.fullmatch(str(value)) is not None,
        "struct": lambda value: isinstance(value, dict),
    }
    for name, value in told.items():
        if name not in schema:
            raise Refused(
                400, "BAD_REQUEST", f'{{"reason":"unknown_fields","unknown":"{name}","path":"{root}"}}'
            )
        if not fits[schema[name]](value):
            raise bad_field(f"{root}.{name}", "expected_type")
