"""CORE. What has to be asked of a running EMQX's REST API, so that it is as docs/broker.md wants it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloud_relay.formats.access_rules import emqx_database, emqx_entry
from cloud_relay.formats.emqx_settings import Value, differences
from cloud_relay.rules.access import EVERYBODY, Rule

BUILT_IN = "built_in_database"
AUTHENTICATOR = f"password_based:{BUILT_IN}"
SOURCES = "/authorization/sources"
SETTINGS = "/authorization/settings"
_ANY_QOS, _ANY_RETAIN = [0, 1, 2], "all"
# What EMQX itself would take; the passwords are random, so that a slower hash would only cost time.
_NEW_AUTHENTICATOR = {
    "mechanism": "password_based",
    "backend": BUILT_IN,
    "user_id_type": "username",
    "password_hash_algorithm": {"name": "sha256", "salt_position": "suffix"},
    "enable": True,
}


@dataclass(frozen=True)
class Found:
    """What an EMQX has, as its API tells it; `rules` are the entries of its database by login."""

    authenticators: Sequence[Mapping[str, Any]]
    sources: Sequence[Mapping[str, Any]]
    rules: Mapping[str, Sequence[Mapping[str, Any]]]
    authorization: Mapping[str, Any]
    mqtt: Mapping[str, Any]
    retainer: Mapping[str, Any]
    listeners: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Step:
    """One call that changes something: what it does, and its body of JSON."""

    text: str
    method: str
    path: str
    body: object = None


@dataclass
class Plan:
    """Steps in their order; `others` are somebody else's doings that some of them would undo.

    What is `open` takes passwords without TLS, and is not for us to close: somebody may come that way.
    """

    steps: list[Step] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


def plan(found: Found, wanted: Mapping[str, Mapping[str, Value]], *, replace: bool) -> Plan:
    """Authentication first, for without it no rule binds anybody; then rules, and then settings.

    Other sources of rules are switched off only with `replace`.
    """
    made = Plan(open=[_open_listener(each) for each in found.listeners if _is_open(each)])
    _authenticator(found, made)
    _source(found, made)
    _rules(found, made)
    _other_sources(found, made, replace=replace)
    _authorization(found, wanted["authorization"], made)
    _settings(found, wanted, made)
    return made


def rules_path(who: str) -> str:
    """Where the API keeps the entries of a login, or of all."""
    rest = "all" if who == EVERYBODY else f"users/{_in_a_path(who)}"
    return f"{SOURCES}/{BUILT_IN}/rules/{rest}"


def _authenticator(found: Found, made: Plan) -> None:
    path = f"/authentication/{_in_a_path(AUTHENTICATOR)}"
    there = next((each for each in found.authenticators if each.get("id") == AUTHENTICATOR), None)
    if there is None:
        text = "make a password database: without one EMQX lets everybody in"
        made.steps.append(Step(text, "POST", "/authentication", _NEW_AUTHENTICATOR))
    elif there.get("user_id_type", "username") != "username":
        made.others.append("its password database goes by client ids, and not by usernames")
        body = _without_id(there) | {"user_id_type": "username", "enable": True}
        made.steps.append(Step("have the password database go by usernames", "PUT", path, body))
    elif not there.get("enable", True):
        body = _without_id(there) | {"enable": True}
        made.steps.append(Step("switch the password database on", "PUT", path, body))
    for each in found.authenticators:
        if each.get("id") != AUTHENTICATOR and each.get("enable", True):
            made.notes.append(f"it also asks {each.get('id')} about passwords: whom that knows gets in, too")


def _source(found: Found, made: Plan) -> None:
    path, source = f"{SOURCES}/{BUILT_IN}", {"type": BUILT_IN, "enable": True}
    kinds = [each.get("type") for each in found.sources]
    if BUILT_IN not in kinds:
        # A new one comes before all others.
        made.steps.append(Step("make a database of access rules, before all others", "POST", SOURCES, source))
        return
    there = found.sources[kinds.index(BUILT_IN)]
    if not there.get("enable", True):
        made.steps.append(Step("switch the database of access rules on", "PUT", path, {**there, **source}))
    if kinds[0] != BUILT_IN:
        text = f"put the database of access rules before {kinds[0]}, which might allow more"
        made.steps.append(Step(text, "POST", f"{path}/move", {"position": "front"}))


def _rules(found: Found, made: Plan) -> None:
    for who, rules in emqx_database().items():
        has = [_read_entry(each) for each in found.rules.get(who, ())]
        if has == [_read_entry(emqx_entry(rule)) for rule in rules]:
            continue
        name = "all users" if who == EVERYBODY else f"the user {who}"
        if has:
            verb, number = "have" if who == EVERYBODY else "has", _counted(len(has), "rule")
            made.others.append(f"{name} {verb} {number} of another make")
        made.steps.append(_rules_step(who, name, rules))


def _rules_step(who: str, name: str, rules: Sequence[Rule]) -> Step:
    entries = [emqx_entry(rule) for rule in rules]
    text = f"give {name} {_counted(len(entries), 'rule')}, first to last, ending with deny-all"
    if who == EVERYBODY:
        return Step(text, "POST", rules_path(who), {"rules": entries})
    return Step(text, "PUT", rules_path(who), {"username": who, "rules": entries})


def _other_sources(found: Found, made: Plan, *, replace: bool) -> None:
    for each in found.sources:
        kind = each.get("type")
        if kind == BUILT_IN or not each.get("enable", True):
            continue
        if replace:
            body = {**each, "enable": False}
            made.steps.append(
                Step(f"switch the rules of {kind} off; they are kept", "PUT", f"{SOURCES}/{kind}", body)
            )
        else:
            made.notes.append(
                f'its rules of {kind} come after ours and are left alone; topics with a "$" that ours do not '
                "name are theirs to decide: --replace switches them off"
            )


def _authorization(found: Found, wanted: Mapping[str, Value], made: Plan) -> None:
    has = found.authorization
    texts = [each.text for each in differences("authorization", wanted, has)]
    cache = dict(has.get("cache") or {})
    if not cache.get("enable", True):
        texts.append("authorization.cache.enable = true (it was false)")
    if texts:
        body = {**has, **wanted, "cache": {**cache, "enable": True}}
        made.steps.append(Step(f"set {', '.join(texts)}", "PUT", SETTINGS, body))


def _settings(found: Found, wanted: Mapping[str, Mapping[str, Value]], made: Plan) -> None:
    """Each root as a whole: EMQX gives its defaults to what is left out of one, somebody's changes too."""
    mqtt = {**found.mqtt, **wanted["mqtt"]}
    roots: tuple[tuple[str, Mapping[str, Any], str, object], ...] = (
        ("mqtt", found.mqtt, "/configs/global_zone", {"mqtt": mqtt}),
        ("retainer", found.retainer, "/mqtt/retainer", {**found.retainer, **wanted["retainer"]}),
    )
    for root, has, path, body in roots:
        changes = list(differences(root, wanted[root], has))
        if changes:
            made.steps.append(Step(f"set {', '.join(each.text for each in changes)}", "PUT", path, body))
        if any(each.name == "mqtt.clientid_override" for each in changes):
            made.notes.append(
                "who is connected now keeps its session until it leaves, and finds a new one then"
            )


def _is_open(listener: Mapping[str, Any]) -> bool:
    is_near = str(listener.get("bind", "")).startswith(("127.", "localhost", "[::1]", "::1"))
    return listener.get("type") in ("tcp", "ws") and bool(listener.get("enable", True)) and not is_near


def _open_listener(listener: Mapping[str, Any]) -> str:
    return f"its listener {listener.get('id')} at {listener.get('bind')} takes passwords without TLS"


def _read_entry(entry: Mapping[str, Any]) -> str:
    """An entry in one writing: EMQX gives back what was left out, as its defaults."""
    told = {"qos": _ANY_QOS, "retain": _ANY_RETAIN} | dict(entry)
    return json.dumps(told, sort_keys=True)


def _without_id(authenticator: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in authenticator.items() if name != "id"}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _in_a_path(text: str) -> str:
    return "".join(_letters(text))


def _letters(text: str) -> Iterator[str]:
    for letter in text:
        is_plain = letter.isascii() and (letter.isalnum() or letter in "._-")
        yield letter if is_plain else "".join(f"%{byte:02X}" for byte in letter.encode())
