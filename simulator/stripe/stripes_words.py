"""EDGE. The words that Stripe takes in a parameter, as its own library lists them."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, Literal

from stripe.params import WebhookEndpointCreateParams


def words_of(param: str) -> list[str]:
    """Those of a parameter of a webhook endpoint: its `enabled_events`, its `api_version`."""
    return list(_words(WebhookEndpointCreateParams.__annotations__[param]))


def _words(declared: Any) -> Iterator[str]:
    if typing.get_origin(declared) is Literal:
        yield from typing.get_args(declared)
    for each in typing.get_args(declared):
        yield from _words(each)
