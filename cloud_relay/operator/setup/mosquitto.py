"""EDGE. Sets a Mosquitto up: a folder with its settings, rules, passwords and certificate."""

from __future__ import annotations

import os
import pwd
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cloud_relay.errors import SetupFailed
from cloud_relay.formats.broker_files import written_files
from cloud_relay.formats.mosquitto_folder import SHIPPED_PORTS, is_system_folder, settings_in
from cloud_relay.formats.own_file import is_as_written, with_hash
from cloud_relay.logins.mosquitto import CABINETS, SERVICES
from cloud_relay.operator.setup.certificates import AUTHORITY_FOLDER, check_pair, make_certificate
from cloud_relay.private_file import write_private

_SHIPPED = Path(__file__).parents[2] / "broker" / "shipped" / "mosquitto.conf"
CONF = "mosquitto.conf"


@dataclass(frozen=True)
class MosquittoOrder:
    """What was asked for; `seen_as` is the folder's path for Mosquitto, as in a container."""

    folder: Path
    host: str
    seen_as: str
    ports: tuple[int, int] = SHIPPED_PORTS
    certificate: Path | None = None
    key: Path | None = None
    own_authority: bool = False


def set_up_folder(order: MosquittoOrder, out: TextIO, *, replace: bool, dry_run: bool) -> bool:
    """Say and write what differs; False where that would undo what somebody else wrote, and nothing is done.

    Raises:
        SetupFailed: what was asked for cannot be; the message says why.
    """
    folder, texts = order.folder, _texts(order)
    changed = [name for name, text in texts.items() if _is_somebody_s(_read(folder / name), text)]
    if changed and not replace:
        out.write(f"{folder} is somebody's already, and nothing was changed:\n")
        out.writelines(f"  - {name} is not as it would be written\n" for name in changed)
        out.write("To put ours in their place, which keeps theirs as *.before, add `--replace`.\n")
        return False
    has_certificate = (folder / "server.crt").exists() and (folder / "server.key").exists()
    _see_to_certificate(order, has_certificate=has_certificate)
    said = [
        *(f"{'replace' if name in changed else 'write'} {name}" for name in _missing(folder, texts)),
        *(f"write {name}" for name in (CABINETS, SERVICES) if not (folder / name).exists()),
        *_certificate_words(order, has_certificate=has_certificate),
    ]
    if said and not dry_run:
        try:
            _write_all(order, texts, has_certificate=has_certificate)
        except OSError as why:
            raise SetupFailed(
                f"{why.filename or folder} cannot be written: {why.strerror}: run it as who may write there"
            ) from None
    for each in said:
        out.write(f"{'Would' if dry_run else 'Did'} {each}.\n")
    if not said:
        out.write(f"{folder} is set up: nothing to change.\n")
    return True


def next_words(order: MosquittoOrder) -> str:
    """How Mosquitto comes to read it."""
    folder = order.folder
    if is_system_folder(order.seen_as):
        start = f"Then, as root: cp {folder}/{CONF} /etc/mosquitto/{CONF} && systemctl restart mosquitto\n"
    else:
        start = f"Then start it: mosquitto -c {order.seen_as}/{CONF}\n"
    if not order.own_authority:
        return start
    return start + (
        f"Each cabinet's broker.ca_file and the relay's MQTT_CA_FILE is {folder}/ca.crt; move "
        f"{folder}/{AUTHORITY_FOLDER} to a safe place: whoever has it can be this broker.\n"
    )


def _texts(order: MosquittoOrder) -> dict[str, str]:
    rules = written_files()
    return {
        CONF: settings_in(_SHIPPED.read_text(), order.seen_as, order.ports),
        "cabinets.acl": with_hash(rules["cabinets.acl"]),
        "services.acl": with_hash(rules["services.acl"]),
    }


def _is_somebody_s(there: str | None, text: str) -> bool:
    """Rules of an earlier release are nobody's but ours; settings have ports, which somebody chose."""
    return there not in (None, text) and not is_as_written(there or "")


def _missing(folder: Path, texts: dict[str, str]) -> list[str]:
    return [name for name, text in texts.items() if _read(folder / name) != text]


def _read(path: Path) -> str | None:
    with suppress(FileNotFoundError, NotADirectoryError):
        return path.read_text(errors="replace")
    return None


def _see_to_certificate(order: MosquittoOrder, *, has_certificate: bool) -> None:
    if order.certificate and order.key:
        check_pair(order.certificate, order.key, order.host)
    elif not has_certificate and not order.own_authority:
        raise SetupFailed(
            f"a broker needs a certificate for {order.host}: give --certificate FULLCHAIN.pem and --key "
            "PRIVKEY.pem (a public authority's, such as Let's Encrypt's), or --own-authority to make one"
        )


def _certificate_words(order: MosquittoOrder, *, has_certificate: bool) -> list[str]:
    if order.certificate and order.key:
        pairs = ((order.certificate, "server.crt"), (order.key, "server.key"))
        same = all(_read(order.folder / name) == _read(source) for source, name in pairs)
        return (
            [] if same else [f"copy {order.certificate} and {order.key}; run this again after each renewal"]
        )
    if has_certificate:
        return []
    return [f"make a certificate for {order.host}, signed by an authority of your own (ca.crt)"]


def _write_all(order: MosquittoOrder, texts: dict[str, str], *, has_certificate: bool) -> None:
    folder = order.folder
    # Everybody may reach the authority's certificate, and nothing else of it.
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    if not is_system_folder(order.seen_as):
        (folder / "store").mkdir(exist_ok=True, mode=0o700)
    for name in _missing(folder, texts):
        if (folder / name).exists():
            (folder / name).replace(folder / f"{name}.before")
        write_private(folder / name, texts[name])
    for name in (CABINETS, SERVICES):
        if not (folder / name).exists():
            write_private(folder / name, "")
    if order.certificate and order.key:
        write_private(folder / "server.crt", order.certificate.read_text())
        write_private(folder / "server.key", order.key.read_text())
    elif not has_certificate:
        make_certificate(folder, order.host)
    _hand_over(folder)


def _hand_over(folder: Path) -> None:
    """Give it to the user as whom Mosquitto reads it, but for the authority's key."""
    if os.geteuid() != 0:
        return
    try:
        user = pwd.getpwnam("mosquitto")
    except KeyError:
        return
    for path in (folder, *folder.iterdir()):
        if path.name != AUTHORITY_FOLDER:
            shutil.chown(path, user.pw_uid, user.pw_gid)
