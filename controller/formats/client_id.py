"""CORE. The name under which the broker keeps our session: whoever gives the same name takes it over."""

from __future__ import annotations

import hashlib
import hmac

_DIGITS = 32


def mqtt_client_id(machine_id: str, password: str) -> str:
    """The MQTT client id: the machine's, and 128 bits that only those can know who have its broker password.

    A session belongs to a client id, whatever the login: with the machine id alone, which stands in the QR,
    any other cabinet's password would be enough to take it. Two cabinets with one configuration still meet.
    """
    made = hmac.new(password.encode(), f"mqtt client id of {machine_id}".encode(), hashlib.sha256).hexdigest()
    return f"{machine_id}-{made[:_DIGITS]}"
