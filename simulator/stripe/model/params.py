"""CORE. Stripe's form encoding (`a[b][0][c]=`), and strict checks of what it carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from simulator.stripe.model.errors import Json, Refusal

Raw: TypeAlias = "str | dict[str, Raw]"
Kind: TypeAlias = Callable[[Raw, str], Any]
"""Checks one raw value, with its parameter's name for the error, and gives what it means."""

METADATA_KEYS = 50  # these three are Stripe's documented limits
METADATA_KEY_CHARS = 40
METADATA_VALUE_CHARS = 500
LIST_LIMIT = 100

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Raw]:
    """The tree that form pairs describe; list items are keyed by their number.

    Raises Refusal when a name is malformed, or is both a value and a hash.
    """
    tree: dict[str, Raw] = {}
    for name, value in pairs:
        _plant(tree, _steps(name), value, name)
    return tree


def _steps(name: str) -> list[str]:
    match = _KEY.fullmatch(name)
    if match is None:
        raise Refusal(f"Received a malformed parameter name: {name}", "parameter_unknown", name)
    return [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]


def _plant(tree: dict[str, Raw], steps: list[str], value: str, name: str) -> None:
    for step in steps[:-1]:
        below = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(below, dict):
            raise Refusal(f"Invalid hash: {name}", "parameter_invalid_hash", name)
        tree = below
    tree[steps[-1] or str(len(tree))] = value


def text(most: int = 5000) -> Kind:
    """A string that is not empty, of at most so many characters."""

    def check(raw: Raw, name: str) -> str:
        if not isinstance(raw, str):
            raise Refusal(f"Invalid string: {name}", "parameter_invalid_string", name)
        if raw == "":
            message = f"You passed an empty string for '{name}', which cannot be unset."
            raise Refusal(message, "parameter_invalid_empty", name)
        if len(raw) > most:
            message = f"Invalid string: {raw[:20]}...; must be at most {most} characters"
            raise Refusal(message, "parameter_invalid_string", name)
        return raw

    return check


def whole_number(least: int = 0, most: int = 2**53) -> Kind:
    """An integer within bounds, both included."""

    def check(raw: Raw, name: str) -> int:
        if not isinstance(raw, str) or not re.fullmatch(r"-?[0-9]{1,18}", raw):
            raise Refusal(f"Invalid integer: {raw}", "parameter_invalid_integer", name)
        value = int(raw)
        if not least <= value <= most:
            bound = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
            message = f"This value must be {bound}."
            raise Refusal(message, "parameter_invalid_integer", name)
        return value

    return check


def flag(raw: Raw, name: str) -> bool:
    """`true` or `false`."""
    if raw not in ("true", "false"):
        raise Refusal(f"Invalid boolean: {raw}", None, name)
    return raw == "true"


def one_of(*allowed: str) -> Kind:
    """One of a few words."""

    def check(raw: Raw, name: str) -> str:
        if raw not in allowed:
            message = f"Invalid {name}: must be one of {', '.join(allowed)}"
            raise Refusal(message, None, name)
        return str(raw)

    return check


def list_of(kind: Kind, least: int = 0) -> Kind:
    """Items of one kind, in the order of their numbers."""

    def check(raw: Raw, name: str) -> list[Any]:
        if not isinstance(raw, dict) or not all(key.isdecimal() for key in raw):
            raise Refusal(f"Invalid array: {name}", "parameter_invalid_array", name)
        items = [kind(raw[key], f"{name}[{key}]") for key in sorted(raw, key=int)]
        if len(items) < least:
            raise Refusal(f"Missing required param: {name}.", "parameter_missing", name)
        return items

    return check


def hash_of(required: Iterable[str] = (), /, **kinds: Kind) -> Kind:
    """Named parameters; those not `required` may be absent, and others are refused."""

    def check(raw: Raw, name: str) -> Json:
        if not isinstance(raw, dict):
            raise Refusal(f"Invalid hash: {name}", "parameter_invalid_hash", name)
        return _fields(raw, name, kinds, required)

    return check


def _fields(raw: dict[str, Raw], name: str, kinds: dict[str, Kind], required: Iterable[str]) -> Json:
    paths = {key: f"{name}[{key}]" if name else key for key in [*raw, *required]}
    for key in raw:
        if key not in kinds:
            message = f"Received unknown parameter: {paths[key]}"
            raise Refusal(message, "parameter_unknown", paths[key])
    for key in required:
        if key not in raw:
            message = f"Missing required param: {paths[key]}."
            raise Refusal(message, "parameter_missing", paths[key])
    return {key: kinds[key](value, paths[key]) for key, value in raw.items()}


def metadata(raw: Raw, name: str) -> dict[str, str]:
    """Keys and values within Stripe's limits; an empty value is kept: it unsets its key.

    An empty string instead of a hash unsets every key, and is given as {"": ""}.
    """
    if raw == "":
        return {"": ""}
    if not isinstance(raw, dict):
        raise Refusal(f"Invalid hash: {name}", "parameter_invalid_hash", name)
    if len(raw) > METADATA_KEYS:
        raise Refusal(f"You can only have up to {METADATA_KEYS} metadata keys.", None, name)
    return {key: _metadata_value(key, value, f"{name}[{key}]") for key, value in raw.items()}


def _metadata_value(key: str, value: Raw, name: str) -> str:
    if not isinstance(value, str):
        raise Refusal("Metadata values must be strings.", None, name)
    if len(key) > METADATA_KEY_CHARS:
        raise Refusal(f"Metadata keys can have up to {METADATA_KEY_CHARS} characters.", None, name)
    if len(value) > METADATA_VALUE_CHARS:
        message = f"Metadata values can have up to {METADATA_VALUE_CHARS} characters."
        raise Refusal(f"{message} You passed {len(value)}.", None, name)
    return value


def merge_metadata(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """What remains after an update: given keys replace, an empty value deletes its key."""
    if new == {"": ""}:
        return {}
    return {key: value for key, value in {**old, **new}.items() if value != ""}


def hash_by(keys: Kind, values: Kind) -> Kind:
    """A hash whose names are free, each checked as the value that it is: amounts by currency."""

    def check(raw: Raw, name: str) -> Json:
        if not isinstance(raw, dict):
            raise Refusal(f"Invalid hash: {name}", "parameter_invalid_hash", name)
        return {keys(key, name): values(value, f"{name}[{key}]") for key, value in raw.items()}

    return check


def created_filter(raw: Raw, name: str) -> dict[str, int]:
    """Bounds on a Unix time: a plain number, or any of `gt`, `gte`, `lt`, `lte`."""
    number = whole_number()
    if isinstance(raw, str):
        exactly: int = number(raw, name)
        return {"gte": exactly, "lte": exactly}
    bounds: dict[str, int] = hash_of(gt=number, gte=number, lt=number, lte=number)(raw, name)
    return bounds


def page_of(**kinds: Kind) -> Kind:
    """The parameters of a list call: paging, `expand`, and the filters given."""
    cursor = text()
    return hash_of(
        (),
        limit=whole_number(1, LIST_LIMIT),
        starting_after=cursor,
        ending_before=cursor,
        expand=list_of(text()),
        **kinds,
    )
