"""EDGE. Checks the way to a server: its name, its port, and its certificate."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass

from controller.pages.findings import Finding, ok, warning, wrong

WITHIN_S = 5.0
SOON_S = 14 * 86400
# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _OTHER_NAMES = 9, 10, (62, 64)


@dataclass(frozen=True)
class Server:
    """A server, the key of config.yaml that names it, and what to do if nobody known vouches for it."""

    host: str
    port: int
    key: str
    unknown_authority: str


def check_reach(server: Server, tls: ssl.SSLContext | None) -> list[Finding]:
    """Look its name up, connect, and shake hands if it speaks TLS; the last is wrong where it got stuck."""
    try:
        address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0][4][0]
    except OSError as error:
        remedy = f"Mend {server.key} if it is misspelt; else see to the network: ip address, resolvectl."
        return [wrong(f"{server.host} is not found: {error.strerror}", remedy)]
    known_as = server.host if address == server.host else f"{server.host} ({address})"
    try:
        connection = socket.create_connection((server.host, server.port), WITHIN_S)
    except OSError as error:
        remedy = f"Check {server.key} and its port, that it runs, and that no firewall is in between."
        text = error.strerror or str(error)
        return [wrong(f"{known_as} does not answer at port {server.port}: {text}", remedy)]
    reached = ok(f"{known_as} answers at port {server.port}")
    with connection:
        return [reached, *(_shake_hands(connection, server, tls) if tls else ())]


def _shake_hands(connection: socket.socket, server: Server, tls: ssl.SSLContext) -> list[Finding]:
    try:
        with tls.wrap_socket(connection, server_hostname=server.host) as wrapped:
            certificate = wrapped.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return [wrong(f"its certificate is refused: {error.verify_message}", _remedy(error, server))]
    except OSError as error:  # a plain port hangs up, says something else, or waits
        remedy = f"Give {server.key} the port that speaks TLS."
        text = getattr(error, "reason", None) or error.strerror or str(error)
        return [wrong(f"port {server.port} does not speak TLS: {text}", remedy)]
    return [_good_for(certificate.get("notAfter"), server)]


def _remedy(error: ssl.SSLCertVerificationError, server: Server) -> str:
    if error.verify_code in _OTHER_NAMES:
        return f"Write into {server.key} the very name that the certificate was issued for."
    if error.verify_code == _NOT_YET_VALID:
        return "Set this Pi's clock, which is behind: see under clock."
    if error.verify_code == _EXPIRED:
        return "Have the certificate renewed, or set this Pi's clock if it is ahead: see under clock."
    return server.unknown_authority


def _good_for(until: object, server: Server) -> Finding:
    text = f"its certificate is good for {server.host}"
    if not isinstance(until, str):
        return ok(text)
    until_s = ssl.cert_time_to_seconds(until)
    text = f"{text} until {time.strftime('%Y-%m-%d', time.gmtime(until_s))}"
    if until_s > time.time() + SOON_S:
        return ok(text)
    return warning(text, "Have it renewed: without it nothing is sold.")
