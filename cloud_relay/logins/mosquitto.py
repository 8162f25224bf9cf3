"""EDGE. Logins in Mosquitto's password files, as docs/broker.md lays them out."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cloud_relay.errors import LoginsFailed
from cloud_relay.formats.mosquitto_folder import cabinets_port
from cloud_relay.formats.mosquitto_passwords import SALT_BYTES, password_line, usernames, with_line
from cloud_relay.logins.interface import checked_name, checked_password
from cloud_relay.private_file import put_in_place, write_fresh

CABINETS, SERVICES = "cabinets.passwords", "services.passwords"
_SYSTEM_FOLDER, _SYSTEM_PID_FILE = Path("/etc/mosquitto"), Path("/run/mosquitto/mosquitto.pid")
_RELOAD = (
    "Have Mosquitto read its passwords again: sudo systemctl reload mosquitto (in a container: send it "
    "SIGHUP)"
)
_ENDS_NOBODY = (
    "Mosquitto ends the connections of {} only when the login is gone or has another password; "
    "for one that stays: sudo systemctl restart mosquitto, which ends everybody's for some seconds"
)


class MosquittoLogins:
    """The two files of a folder: one for cabinets, and one for services, which have a dot in their names.

    Mosquitto reads them again at SIGHUP, and ends the connections of who is not in them any more, or
    has another password there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def where(self) -> str:
        """Which broker, in words that follow "at"."""
        return f"Mosquitto, {self._folder}"

    can_act = True

    @property
    def cabinets_port(self) -> int | None:
        """The port of the listener that reads the cabinets' passwords, by Mosquitto's own settings."""
        for file in (self._folder / "mosquitto.conf", _SYSTEM_FOLDER / "mosquitto.conf"):
            with suppress(OSError):
                if port := cabinets_port(file.read_text(errors="replace")):
                    return port
        return None

    def add(self, username: str, password: str) -> list[str]:
        """Write a login's line; Mosquitto then ends a connection that came with another password.

        Raises:
            LoginsFailed: the files cannot be used.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        line = password_line(checked_name(username), checked_password(password), salt)
        return self._write(username, line)

    def remove(self, username: str) -> list[str]:
        """Delete a login's line; Mosquitto then ends its connections.

        Raises:
            LoginsFailed: the files cannot be used.
        """
        return self._write(checked_name(username), None)

    def disconnect(self, username: str) -> list[str]:
        """Say what ends the connections: with a login that is gone it is the reading of the files.

        Raises:
            LoginsFailed: the files cannot be used.
        """
        if checked_name(username) in self.names():
            return [_ENDS_NOBODY.format(username)]
        return self._reload()

    def names(self) -> list[str]:
        """All logins, sorted.

        Raises:
            LoginsFailed: the files cannot be used.
        """
        with self._alone():
            return sorted(name for kind in (CABINETS, SERVICES) for name in usernames(self._text(kind)))

    def _write(self, username: str, line: str | None) -> list[str]:
        kind = SERVICES if "." in username else CABINETS
        with self._alone():
            before = self._text(kind)
            after = with_line(before, username, line)
            if after != before:
                self._replace(kind, after)
        return self._reload()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other commands out: two at once would each write what the other has not read."""
        try:
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as why:
            raise self._failed(why) from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        except OSError as why:
            raise self._failed(why) from None
        finally:
            os.close(folder)

    def _failed(self, why: OSError) -> LoginsFailed:
        return LoginsFailed(
            f"{why.filename or self._folder} cannot be used: {why.strerror}: MOSQUITTO_FOLDER names the "
            f"folder of {CABINETS} and {SERVICES}, which `python -m cloud_relay setup broker` makes; run "
            "this as who may write there (sudo)"
        )

    def _text(self, kind: str) -> str:
        return (self._folder / kind).read_text(errors="surrogateescape")

    def _replace(self, kind: str, text: str) -> None:
        """Whole or not at all, and for the eyes of the same people as before."""
        path, new = self._folder / kind, self._folder / f"{kind}.new"
        write_fresh(new, text.encode(errors="surrogateescape"), like=path.stat())
        put_in_place(new, path)

    def _reload(self) -> list[str]:
        pid = self._pid()
        if pid is None:
            return [_RELOAD]
        try:
            os.kill(pid, signal.SIGHUP)
        except OSError:
            return [_RELOAD]
        return []

    def _pid(self) -> int | None:
        """Mosquitto's, unless its file was left behind by one that ended, or SIGHUP would end it.

        It listens for a moment before it catches that signal.
        """
        is_system = self._folder.resolve().is_relative_to(_SYSTEM_FOLDER)
        with suppress(OSError, ValueError):
            pid = int((_SYSTEM_PID_FILE if is_system else self._folder / "mosquitto.pid").read_text())
            told = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            catches_hangup = int(told["SigCgt"], 16) & 1 << signal.SIGHUP - 1
            if told["Name"].strip() == "mosquitto" and catches_hangup:
                return pid
        return None
