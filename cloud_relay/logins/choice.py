"""EDGE. Where the logins are kept, by the environment."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cloud_relay.logins.by_hand import LoginsByHand
from cloud_relay.logins.emqx import EmqxLogins
from cloud_relay.logins.emqx_api import EmqxAccess, EmqxApi
from cloud_relay.logins.interface import Logins
from cloud_relay.logins.mosquitto import MosquittoLogins
from cloud_relay.setting_reader import SettingsError

_API = "/api/v5"


def logins_from(environment: Mapping[str, str]) -> Logins:
    """EMQX with EMQX_API_URL, EMQX_API_KEY and EMQX_API_SECRET, Mosquitto with MOSQUITTO_FOLDER; else words.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    folder = environment.get("MOSQUITTO_FOLDER", "").strip()
    access = emqx_access(environment)
    if access is not None and folder:
        raise SettingsError.of(
            [("MOSQUITTO_FOLDER", "is set beside EMQX_API_URL: unset what is not your broker's")]
        )
    if access is not None:
        return EmqxLogins(EmqxApi(access))
    return MosquittoLogins(Path(folder)) if folder else LoginsByHand()


def emqx_access(environment: Mapping[str, str]) -> EmqxAccess | None:
    """How to reach EMQX's API; None where none is named.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    names = ("EMQX_API_URL", "EMQX_API_KEY", "EMQX_API_SECRET", "EMQX_CA_FILE")
    url, key, secret, ca_file = (environment.get(name, "").strip() for name in names)
    if not url and not key and not secret:
        return None
    named = zip(names, (url, key, secret), strict=False)
    problems = [(name, "is not set") for name, value in named if not value]
    problems += [("EMQX_API_URL", problem) for problem in _wrong_url(url)]
    problems += [("EMQX_CA_FILE", problem) for problem in _wrong_file(ca_file)]
    if problems:
        raise SettingsError.of(problems)
    whole = url.rstrip("/")
    whole = whole if urlsplit(whole).path else whole + _API
    return EmqxAccess(whole, key, secret, Path(ca_file) if ca_file else None)


def _wrong_url(url: str) -> list[str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if url and "@" in url:
        return ["holds a name or a password: they go into EMQX_API_KEY and EMQX_API_SECRET"]
    if url and (not host or parts.scheme not in ("http", "https") or parts.query):
        return [f"is {url!r:.80}: write an address such as https://broker.example.com:18084{_API}"]
    if url and parts.scheme == "http" and not _is_near(str(host)):
        return [f"is {url!r:.80}: write https, the key goes there"]
    return []


def _is_near(host: str) -> bool:
    """Whether it is on this machine or in a network of one's own, as beside a container."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host


def _wrong_file(ca_file: str) -> list[str]:
    try:
        ssl.create_default_context(cafile=ca_file or None)
    except OSError as why:  # among them ssl.SSLError
        return [f"is {ca_file!r:.80}, which holds no certificate that can be read ({why})"]
    return []
