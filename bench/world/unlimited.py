"""The relay with its limits switched off, for the benchmark's "before" alone: no setting does this."""

from __future__ import annotations

import os

from flask import Flask

from cloud_relay.app import app_for
from cloud_relay.relay import relay_from
from cloud_relay.rules.phones.limits import PhoneLimits
from cloud_relay.rules.phones.rates import Rate
from cloud_relay.settings import read_settings

_ANY = Rate(10**6, 10**9)
_UNLIMITED = PhoneLimits(*[_ANY] * len(PhoneLimits.__dataclass_fields__))


def create_app() -> Flask:
    """For a WSGI server."""
    return app_for(relay_from(read_settings(os.environ)), figures=_UNLIMITED)
