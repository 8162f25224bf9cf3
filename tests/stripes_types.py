"""Holds JSON against the types that Stripe's own library declares for it."""

from __future__ import annotations

import importlib
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar, Literal, TypeAlias

import stripe
from stripe._object_classes import get_object_class

Path: TypeAlias = str

_PLAIN: dict[type, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    bool: (bool,),
    Decimal: (str,),  # decimals travel as text
}


def faults_of(told: dict[str, Any], declared: type[stripe.StripeObject] | None = None) -> list[str]:
    """What is wrong with an object of the API, each fault by its path; nothing, where all is right.

    A field that the library does not know, one that it requires and that is missing, a value of another
    type, and a word that is none of those listed.
    """
    kind = declared or class_of(told)
    if kind is stripe.StripeObject:
        return [f"{told['object']}: no object of Stripe's"]
    return list(_object_faults(told, kind, told.get("object", kind.__name__)))


def class_of(told: dict[str, Any]) -> type[stripe.StripeObject]:
    """The library's class for an object, by its `object` field."""
    return get_object_class("V2" if told["object"].startswith("v2.") else "V1", told["object"])


def _object_faults(told: dict[str, Any], kind: type, path: Path) -> Iterator[str]:
    fields = _fields(kind)
    for name in told.keys() - fields.keys():
        yield f"{path}.{name}: unknown to {kind.__qualname__}"
    for name, declared in fields.items():
        if name in told:
            yield from _value_faults(told[name], declared, kind, f"{path}.{name}")
        elif not _may_be_none(declared):
            yield f"{path}.{name}: missing"


def _fields(kind: type) -> dict[str, Any]:
    """A class's fields with their types; what it names only for itself is left out."""
    declared: dict[str, Any] = {}
    for parent in reversed(kind.__mro__):
        if issubclass(parent, stripe.StripeObject) and parent.__module__ != "stripe._stripe_object":
            declared |= vars(parent).get("__annotations__", {})
    return {
        name: each
        for name, each in declared.items()
        if not name.startswith("_") and typing.get_origin(each) is not ClassVar
    }


def _may_be_none(declared: Any) -> bool:
    return type(None) in typing.get_args(declared)


def _value_faults(value: Any, declared: Any, kind: type, path: Path) -> Iterator[str]:
    options = _options(declared)
    if any(typing.get_origin(each) is Literal for each in options):
        # Beside its words the library also allows any text, for those that Stripe may add one day.
        options = [each for each in options if each is not str]
    faults = [list(_faults_as(value, option, kind, path)) for option in options]
    if all(faults):
        nearest = max(faults, key=lambda each: each[0].count("."))
        yield from nearest if isinstance(value, dict | list) else [f"{path}: {value!r} is none of {declared}"]


def _options(declared: Any) -> list[Any]:
    union = typing.get_origin(declared) in (typing.Union, types.UnionType)
    return list(typing.get_args(declared)) if union else [declared]


def _faults_as(value: Any, option: Any, kind: type, path: Path) -> Iterator[str]:
    origin, arguments = typing.get_origin(option), typing.get_args(option)
    option = _resolved(option, kind)
    if origin is Literal:
        right = value in arguments and type(value) in {type(each) for each in arguments}
        yield from () if right else [f"{path}: {value!r}"]
    elif origin is list:
        yield from _list_faults(value, arguments[0], kind, path)
    elif origin is not None and issubclass(origin, stripe.StripeObject):
        yield from _generic_faults(value, origin, arguments[0], kind, path)
    elif option is Any:
        return
    elif option in _PLAIN:
        yield from () if type(value) in _PLAIN[option] else [f"{path}: {value!r}"]
    elif option is type(None):
        yield from () if value is None else [f"{path}: {value!r}"]
    elif not isinstance(value, dict):
        yield f"{path}: {value!r} is no {option.__qualname__}"
    else:
        yield from _object_faults(value, option, path)


def _list_faults(value: Any, each: Any, kind: type, path: Path) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for number, item in enumerate(value):
        yield from _value_faults(item, each, kind, f"{path}[{number}]")


def _generic_faults(value: Any, origin: type, each: Any, kind: type, path: Path) -> Iterator[str]:
    """A list of the API, with its items in `data`; or a hash with free names."""
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
    elif origin is stripe.ListObject:
        yield from _page_faults(value, each, kind, path)
    else:
        for name, item in value.items():
            yield from _value_faults(item, each, kind, f"{path}.{name}")


def _page_faults(value: dict[str, Any], each: Any, kind: type, path: Path) -> Iterator[str]:
    if {name: type(item) for name, item in value.items()} != _PAGE or value["object"] != "list":
        yield f"{path}: {value.keys()} is no page"
    yield from _list_faults(value.get("data"), each, kind, f"{path}.data")


_PAGE = {"object": str, "url": str, "has_more": bool, "data": list}


def _resolved(option: Any, kind: type) -> Any:
    """The class behind a name that the library imports only for type checkers."""
    if not isinstance(option, typing.ForwardRef):
        return option
    # A few are imported under a name of their own, such as CardResource for Card.
    name = option.__forward_arg__.removesuffix("Resource")
    found = getattr(importlib.import_module(kind.__module__), name, None)
    return found or _in_library(name) or _in_library(name.removeprefix("Issuing"), stripe.issuing)


def _in_library(name: str, module: types.ModuleType = stripe) -> Any:
    try:
        return getattr(module, name)
    except AttributeError:
        return None
