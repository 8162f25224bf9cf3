"""EDGE. A service's own login at the broker, and the file that tells the service of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from cloud_relay.errors import NoPasswordDatabase, SetupFailed
from cloud_relay.logins.interface import Logins
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.rules.access import FLEETS, RELAYS


class ServiceLogin:
    """Its password is MQTT_PASSWORD; where that is unset one is made, and kept in `env_file`.

    What stands in the file counts before the environment.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        env_file: Path,
        broker: Mapping[str, str],
        names: Sequence[str] = RELAYS,
    ) -> None:
        """The `broker` is what a new file tells besides, such as MQTT_BROKER; `names` are those it may have.

        Raises:
            SetupFailed: the service is not called as the rules call it.
            FileTrouble: the file cannot be read.
        """
        self._kept, self._env_file, self._broker = Kept(environment, env_file), env_file, broker
        self.name = self._variable("MQTT_USERNAME") or names[0]
        if self.name not in names:
            who = "fleet" if names == FLEETS else "relay"
            raise SetupFailed(
                f"MQTT_USERNAME is {self.name!r:.80}: the access rules know the {who} as {names[0]}"
            )

    def _variable(self, name: str) -> str:
        return self._kept.variables.get(name, "").strip()

    @property
    def password_place(self) -> str:
        """Where the password stands, in words."""
        return "of MQTT_PASSWORD" if self._variable("MQTT_PASSWORD") else f"in {self._env_file}"

    def see_to(self, logins: Logins, out: TextIO, *, dry_run: bool) -> None:
        """Make the login where it is missing; one that is there is left alone.

        Raises:
            FileTrouble: the file cannot be written.
            LoginsFailed: the broker did not take it.
        """
        if self._is_there(logins, dry_run=dry_run):
            out.write(f"The login {self.name} is there and was left alone{self._unless_known()}.\n")
            return
        place = self.password_place
        if not dry_run:
            logins.add(self.name, self.kept_password(out))
        out.write(f"{'Would' if dry_run else 'Did'} make the login {self.name}, with the password {place}.\n")

    def kept_password(self, out: TextIO) -> str:
        """The password; a new one is on disk when this returns, so that whoever tries again has the same.

        Raises:
            FileTrouble: the file cannot be written.
        """
        if known := self._variable("MQTT_PASSWORD"):
            return known
        password = secrets.token_hex(16)
        told = {name: value for name, value in self._broker.items() if not self._variable(name)}
        self._kept.keep({**told, "MQTT_USERNAME": self.name, "MQTT_PASSWORD": password}, out)
        return password

    def _unless_known(self) -> str:
        if self._variable("MQTT_PASSWORD"):
            return ""
        return (
            "; its password is not known here: for a new one take it away at the broker, and run this again"
        )

    def _is_there(self, logins: Logins, *, dry_run: bool) -> bool:
        try:
            return self.name in (logins.names() or ())
        except NoPasswordDatabase:
            if not dry_run:
                raise
            return False
