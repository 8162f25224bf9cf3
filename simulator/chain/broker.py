"""A real Mosquitto of our own, with the shipped settings and access rules, on loopback ports."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from cloud_relay.rules.access import FLEET, RELAY
from simulator.chain.mosquitto_conf import SHIPPED, mosquitto_conf
from simulator.chain.ports import free_port, listens

RELAY_USERNAME, FLEET_USERNAME = RELAY, FLEET
START_WITHIN_S = 60.0
# A free port may be taken by the time that Mosquitto listens.
TRIES = 3


class BrokerFailed(RuntimeError):
    """Mosquitto is missing, or did not start; the message says why and what to do."""


@dataclass
class Broker:
    """One Mosquitto in `folder`, which also keeps its certificates, passwords, rules, log and session store.

    `passwords` maps each user name to its password: cabinets, and services with a dot in their names, have a
    listener each. `extra_rules` are lines added after the shipped rules of both (for an observer, say), and
    `without` are lines of the shipped settings to leave out. With `persistence`, sessions and retained
    messages live through a restart.
    """

    folder: Path
    passwords: dict[str, str]
    extra_rules: str = ""
    persistence: bool = True
    port: int = 0
    services_port: int = 0
    without: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signed the broker's."""
        return self.folder / "ca.crt"

    def port_for(self, username: str | None) -> int:
        """The port of the listener that knows this user."""
        return self.services_port if username in self._services else self.port

    @property
    def log_file(self) -> Path:
        """Mosquitto's own log."""
        return self.folder / "mosquitto.log"

    def start(self) -> None:
        """Start Mosquitto and return once it accepts connections.

        Raises:
            BrokerFailed: mosquitto is not installed, or ended instead of listening.
        """
        given = (self.port, self.services_port)
        for _ in range(TRIES):
            self.kill()
            self.port, self.services_port = (port or free_port() for port in given)
            if self._comes_up():
                return
            if all(given):
                break
        raise BrokerFailed(self._why_it_failed())

    def _comes_up(self) -> bool:
        self._write_files()
        command = [_mosquitto(), "-c", str(self.folder / "mosquitto.conf")]
        # A session of its own: Ctrl-C at the terminal is for the one who started it.
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        deadline = time.monotonic() + START_WITHIN_S
        while not (listens(self.port) and listens(self.services_port)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self) -> None:
        """Stop Mosquitto in good order, so that it writes its session store."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        """Kill Mosquitto as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def restart(self) -> None:
        """Stop and start again, on the same port."""
        self.stop()
        self.start()

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _write_files(self) -> None:
        (self.folder / "store").mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if not self.ca_file.exists():
            _write_certificates(self.folder)
        for who, names in (("cabinets", self._cabinets), ("services", self._services)):
            _write_passwords(self.folder / f"{who}.passwords", {name: self.passwords[name] for name in names})
            rules = (SHIPPED / f"{who}.acl").read_text() + "\n" + self.extra_rules
            _write_private(self.folder / f"{who}.acl", rules)
        ports = (self.port, self.services_port)
        settings = mosquitto_conf(self.folder, ports, persistence=self.persistence, without=self.without)
        _write_private(self.folder / "mosquitto.conf", settings)

    @property
    def _cabinets(self) -> list[str]:
        return [name for name in self.passwords if "." not in name]

    @property
    def _services(self) -> list[str]:
        return [name for name in self.passwords if "." in name]

    def _why_it_failed(self) -> str:
        assert self._process is not None  # noqa: S101
        self._process.kill()
        _, errors = self._process.communicate()
        words = errors.decode().strip()
        log = self.log_file.read_text().strip() if self.log_file.exists() else ""
        ports = f"{self.port} and {self.services_port}"
        return f"mosquitto did not start on ports {ports}: {words or log or 'it said nothing'}"


def _mosquitto() -> str:
    # Debian puts it in /usr/sbin, which an ordinary user's PATH leaves out.
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise BrokerFailed("mosquitto is not installed: sudo apt install mosquitto")
    return found


def _write_certificates(folder: Path) -> None:
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    server.private_key_pem.write_to_path(str(folder / "server.key"))
    (folder / "server.key").chmod(0o600)
    _write_private(folder / "server.crt", b"".join(p.bytes() for p in server.cert_chain_pems).decode())


def _write_passwords(path: Path, passwords: dict[str, str]) -> None:
    _write_private(path, "".join(f"{user}:{word}\n" for user, word in passwords.items()))
    if passwords:
        subprocess.run(["mosquitto_passwd", "-U", str(path)], check=True, capture_output=True)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
