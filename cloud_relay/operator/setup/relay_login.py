"""EDGE. The relay's own login at the broker, and the file that tells the relay of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from cloud_relay.errors import NoPasswordDatabase, SetupFailed
from cloud_relay.logins.interface import Logins
from cloud_relay.operator.env_file import store, stored
from cloud_relay.rules.access import RELAY


class RelayLogin:
    """Its password is MQTT_PASSWORD, as set or in `env_file`; else one is made, and written there."""

    def __init__(self, environment: Mapping[str, str], env_file: Path, broker: Mapping[str, str]) -> None:
        """The `broker` is what else stands in the file, such as MQTT_BROKER.

        Raises:
            SetupFailed: the relay is not called as the rules call it.
        """
        name = environment.get("MQTT_USERNAME", "").strip() or RELAY
        if name != RELAY:
            raise SetupFailed(f"MQTT_USERNAME is {name!r:.80}: the access rules know the relay as {RELAY}")
        self._password = environment.get("MQTT_PASSWORD", "").strip()
        self._env_file, self._broker = env_file, broker

    @property
    def password_place(self) -> str:
        """Where the password stands, in words."""
        return "of MQTT_PASSWORD" if self._password else f"in {self._env_file}"

    def see_to(self, logins: Logins, out: TextIO, *, dry_run: bool) -> None:
        """Make the login where it is missing; one that is there is left alone.

        Raises:
            FileTrouble: the file cannot be read or written.
            LoginsFailed: the broker did not take it; whoever tries again does so with the same password.
        """
        if _is_there(logins, dry_run=dry_run):
            out.write(f"The login {RELAY} is there and was left alone.\n")
            return
        if dry_run:
            out.write(f"Would make the login {RELAY}, with the password {self.password_place}.\n")
            return
        logins.add(RELAY, self.kept_password())
        out.write(f"Did make the login {RELAY}, with the password {self.password_place}.\n")

    def kept_password(self) -> str:
        """The password; a new one is on disk when this returns.

        Raises:
            FileTrouble: the file cannot be read or written.
        """
        if self._password:
            return self._password
        password = stored(self._env_file).get("MQTT_PASSWORD") or secrets.token_hex(16)
        store(self._env_file, {**self._broker, "MQTT_USERNAME": RELAY, "MQTT_PASSWORD": password})
        return password


def _is_there(logins: Logins, *, dry_run: bool) -> bool:
    try:
        return RELAY in (logins.names() or ())
    except NoPasswordDatabase:
        if not dry_run:
            raise
        return False
