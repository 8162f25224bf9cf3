"""EDGE. One HTTP request as Stripe makes it: no redirect is followed, and no proxy is taken from around."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from certifi import where

from cloud_relay.rules.setting_up.from_outside import Answer, Obstacle, Unreached

_WITHIN_S = 10.0  # a cold start of a function, and some
_MOST_BYTES = 256 * 1024
_PLAIN = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
_EXPIRED = 10  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED
_OTHER_NAMES = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


def phones_trust() -> ssl.SSLContext:
    """The authorities that browsers know, whatever this machine's own are."""
    return ssl.create_default_context(cafile=where())


def ask(
    url: str,
    trust: ssl.SSLContext,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer | Unreached:
    """The answer of that address itself, or why there is none."""
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, trust)
    try:
        connection.connect()
        ends_s = _certificate_ends_s(connection.sock)
        connection.request(method, parts.path or "/", body, dict(headers or {}))
        answered = connection.getresponse()
        named = {name.lower(): value for name, value in answered.getheaders()}
        return Answer(answered.status, named, answered.read(_MOST_BYTES), ends_s)
    except (OSError, HTTPException, UnicodeError) as why:
        return Unreached(_obstacle(why), str(why))
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None, trust: ssl.SSLContext) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(host, port, timeout=_WITHIN_S, context=trust)
    return HTTPConnection(host, port, timeout=_WITHIN_S)


def _certificate_ends_s(sock: socket.socket) -> float | None:
    if not isinstance(sock, ssl.SSLSocket):
        return None
    certificate = sock.getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def _obstacle(why: Exception) -> Obstacle:
    match why:
        case ssl.SSLCertVerificationError():
            if why.verify_code == _EXPIRED:
                return Obstacle.EXPIRED
            return Obstacle.OTHER_NAME if why.verify_code in _OTHER_NAMES else Obstacle.UNTRUSTED
        case ssl.SSLError():
            return Obstacle.PLAIN_HTTP if why.reason in _PLAIN else Obstacle.CUT_OFF
        case socket.gaierror() | UnicodeError():
            return Obstacle.NO_SUCH_NAME
        case TimeoutError():
            return Obstacle.NO_ANSWER
        case ConnectionRefusedError():
            return Obstacle.NOBODY_LISTENS
    return Obstacle.CUT_OFF
