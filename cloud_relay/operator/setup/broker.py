"""EDGE. `python -m cloud_relay setup broker`: at an EMQX, in a Mosquitto's folder, or as words to type."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from cloud_relay.errors import SetupFailed
from cloud_relay.formats.console_steps import console_steps
from cloud_relay.formats.mosquitto_folder import SHIPPED_PORTS, is_host
from cloud_relay.logins.by_hand import LoginsByHand
from cloud_relay.logins.choice import emqx_access, logins_from
from cloud_relay.logins.emqx import EmqxLogins
from cloud_relay.logins.emqx_api import EmqxAccess, EmqxApi
from cloud_relay.logins.mosquitto import MosquittoLogins
from cloud_relay.operator.setup.emqx import set_up_emqx
from cloud_relay.operator.setup.mosquitto import MosquittoOrder, next_words, set_up_folder
from cloud_relay.operator.setup.service_login import ServiceLogin
from cloud_relay.rules.access import FLEETS

_ENV_FILE = "relay-broker.env"
_TLS_PORT = "8883"
_NO_FOLDER = (
    "--own-authority, --certificate, --key and --seen-as are for a Mosquitto: name its folder, "
    "--mosquitto FOLDER"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `setup broker` takes."""
    parser.add_argument("--mosquitto", metavar="FOLDER", type=Path, help="write a Mosquitto's files there")
    parser.add_argument("--host", help="the broker's name, as cabinets write it")
    parser.add_argument("--certificate", metavar="FILE", type=Path, help="its certificate, with the chain")
    parser.add_argument("--key", metavar="FILE", type=Path, help="the key of its certificate")
    parser.add_argument("--own-authority", action="store_true", help="make an authority and a certificate")
    parser.add_argument("--seen-as", metavar="PATH", help="the folder as Mosquitto sees it, in a container")
    for name, port in zip(("--port", "--services-port"), SHIPPED_PORTS, strict=True):
        parser.add_argument(name, type=int, default=port, help=f"instead of {port}")
    parser.add_argument(
        "--env", metavar="FILE", type=Path, help=f"the relay's variables, mode 0600; default: {_ENV_FILE}"
    )
    parser.add_argument(
        "--fleet-env",
        metavar="FILE",
        type=Path,
        help="make the fleet's login, too, and keep its variables there",
    )
    parser.add_argument("--replace", action="store_true", help="put ours in the place of other rules")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def set_up_broker(options: argparse.Namespace, environment: Mapping[str, str], out: TextIO) -> int:
    """Set it up, make the relay's login, and the fleet's where it has a file; 1 if it is somebody's already.

    Raises:
        SettingsError: the variables that lead to the broker are wrong.
        SetupFailed: what was asked for cannot be.
        LoginsFailed: the broker did not answer, or refused.
    """
    access = emqx_access(environment)
    if options.mosquitto is not None or environment.get("MOSQUITTO_FOLDER", "").strip():
        if options.mosquitto is None:
            logins_from(environment)  # refuses where an EMQX is named, too
            options.mosquitto = Path(environment["MOSQUITTO_FOLDER"].strip())
        return _mosquitto(options, environment, out)
    if options.own_authority or options.certificate or options.key or options.seen_as:
        raise SetupFailed(_NO_FOLDER)
    return _console(options, environment, out) if access is None else _emqx(access, options, environment, out)


def _emqx(
    access: EmqxAccess, options: argparse.Namespace, environment: Mapping[str, str], out: TextIO
) -> int:
    api = EmqxApi(access)
    host = options.host or str(urlsplit(access.url).hostname)
    broker = {"MQTT_BROKER": host, "MQTT_PORT": _TLS_PORT}
    logins = _service_logins(options, environment, Path(_ENV_FILE), broker)
    if not set_up_emqx(api, out, replace=options.replace, dry_run=options.dry_run):
        return 1
    for login in logins:
        login.see_to(EmqxLogins(api), out, dry_run=options.dry_run)
    return 0


def _mosquitto(options: argparse.Namespace, environment: Mapping[str, str], out: TextIO) -> int:
    order = _order(options)
    broker = {"MQTT_BROKER": order.host, "MQTT_PORT": str(order.ports[1])}
    if order.own_authority or (order.folder / "ca.crt").exists():
        broker["MQTT_CA_FILE"] = str(order.folder / "ca.crt")
    logins = _service_logins(options, environment, order.folder / _ENV_FILE, broker)
    if not set_up_folder(order, out, replace=options.replace, dry_run=options.dry_run):
        return 1
    is_there = not options.dry_run or (order.folder / "services.passwords").exists()
    files = MosquittoLogins(order.folder) if is_there else LoginsByHand()
    for login in logins:
        login.see_to(files, out, dry_run=options.dry_run)
    out.write(next_words(order))
    return 0


def _order(options: argparse.Namespace) -> MosquittoOrder:
    if not options.host or not is_host(options.host):
        raise SetupFailed(f"--host is {options.host!r:.80}: write the broker's name, as cabinets write it")
    if (options.certificate is None) != (options.key is None) or (options.key and options.own_authority):
        raise SetupFailed("--certificate and --key go together, and without --own-authority")
    ports = (options.port, options.services_port)
    if not all(1 <= port <= 65535 for port in ports) or ports[0] == ports[1]:
        raise SetupFailed(f"--port and --services-port are {ports[0]} and {ports[1]}: two of 1 to 65535")
    folder = options.mosquitto.resolve()
    return MosquittoOrder(
        folder,
        options.host,
        (options.seen_as or str(folder)).rstrip("/"),
        ports,
        options.certificate,
        options.key,
        options.own_authority,
    )


def _console(options: argparse.Namespace, environment: Mapping[str, str], out: TextIO) -> int:
    host = options.host or environment.get("MQTT_BROKER", "")
    broker = {"MQTT_PORT": _TLS_PORT} | ({"MQTT_BROKER": host} if host else {})
    logins = _service_logins(options, environment, Path(_ENV_FILE), broker)
    users = [(login.name, login.password_place) for login in logins]
    if not options.dry_run:
        for login in logins:
            login.kept_password(out)
    out.write(console_steps(users))
    return 0


def _service_logins(
    options: argparse.Namespace, environment: Mapping[str, str], env_file: Path, broker: Mapping[str, str]
) -> list[ServiceLogin]:
    """The relay's, and the fleet's: the environment is the relay's, and says nothing of that one."""
    relay_s: Path = options.env or env_file
    fleet_s: Path | None = options.fleet_env
    if fleet_s is not None and fleet_s.resolve() == relay_s.resolve():
        raise SetupFailed(f"{fleet_s} is the relay's: give the fleet's login another file by --fleet-env")
    relay = ServiceLogin(environment, relay_s, broker)
    return [relay] if fleet_s is None else [relay, ServiceLogin({}, fleet_s, broker, FLEETS)]
