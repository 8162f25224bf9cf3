"""CORE. The settings of broker/shipped/mosquitto.conf for a folder of one's own, and what openssl is told."""

from __future__ import annotations

import re
from ipaddress import ip_address

SHIPPED_FOLDER = "/etc/mosquitto/arcade"
SHIPPED_PORTS = (8883, 8884)
# Where Debian's Mosquitto keeps its state; a folder elsewhere has all of it inside.
_SYSTEM = "/etc/mosquitto"
_STATE = {"/var/lib/mosquitto/": "store/", "/var/log/mosquitto/": "", "/run/mosquitto/": ""}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")

_AUTHORITY = """\
[req]
prompt = no
distinguished_name = name
x509_extensions = authority
[name]
CN = Authority of the arcade's broker
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_SERVER = """\
[req]
prompt = no
distinguished_name = name
[name]
CN = {common}
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {kind}:{host}
"""
_LONGEST_COMMON_NAME = 64


def is_system_folder(folder: str) -> bool:
    """Whether Debian's Mosquitto reads it, with its state in the system's places."""
    return folder == _SYSTEM or folder.startswith(f"{_SYSTEM}/")


def settings_in(shipped: str, folder: str, ports: tuple[int, int]) -> str:
    """The shipped settings for this folder, as Mosquitto sees it, and the ports of cabinets and services."""
    text = shipped
    for shipped_port, port in zip(SHIPPED_PORTS, ports, strict=True):
        text = text.replace(f"\nlistener {shipped_port}\n", f"\nlistener {port}\n")
    text = text.replace(f"{SHIPPED_FOLDER}/", f"{folder}/")
    if not is_system_folder(folder):
        for place, inside in _STATE.items():
            text = text.replace(place, f"{folder}/{inside}")
    return text


def cabinets_port(settings: str) -> int | None:
    """The port of the listener that reads the cabinets' passwords; None where there is none."""
    listeners = re.split(r"^listener ", settings, flags=re.MULTILINE)[1:]
    for each in listeners:
        port = re.match(r"\d+", each)
        if port and re.search(r"^password_file .*/cabinets\.passwords$", each, re.MULTILINE):
            return int(port[0])
    return None


def authority_request() -> str:
    """What openssl reads to make an authority; Python asks for its key usage since 3.13."""
    return _AUTHORITY


def server_request(host: str) -> str:
    """What openssl reads to make and sign a certificate for a name or an address.

    Raises:
        ValueError: it is neither.
    """
    if not is_host(host):
        raise ValueError(f"{host!r:.80} is no name of a machine")
    common = host if len(host) <= _LONGEST_COMMON_NAME else "broker"
    return _SERVER.format(common=common, kind="IP" if is_address(host) else "DNS", host=host)


def is_host(text: str) -> bool:
    """Whether it can be the name or the address of a machine."""
    return is_address(text) or _HOST.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether it is an address, and not a name."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
