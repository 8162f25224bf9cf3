"""EDGE. Checks the way to a server that speaks TLS: its name, its port, and its certificate."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass

from cloud_relay.pages.check.findings import Finding, ok, warning, wrong

WITHIN_S = 5.0
SOON_DAYS = 14
_DAY_S = 86400
# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _OTHER_NAMES = 9, 10, (62, 64)


@dataclass(frozen=True)
class Server:
    """A server, the variables that name it, and what to do if nobody known vouches for it."""

    host: str
    port: int
    host_variable: str
    port_remedy: str
    unknown_authority: str


def check_reach(server: Server, tls: ssl.SSLContext) -> list[Finding]:
    """Look its name up, connect, and shake hands; the last finding is wrong where it got stuck."""
    try:
        address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0][4][0]
    except OSError as why:
        remedy = f"Mend {server.host_variable} if it is misspelt; else see to the network."
        return [wrong(f"{server.host} is not found: {why.strerror}", remedy)]
    known_as = server.host if address == server.host else f"{server.host} ({address})"
    try:
        connection = socket.create_connection((server.host, server.port), WITHIN_S)
    except OSError as why:
        text = f"{known_as} does not answer at port {server.port}: {why.strerror or why}"
        remedy = f"See that it runs, and that no firewall is in between; or {server.port_remedy}"
        return [wrong(text, remedy)]
    with connection:
        return [ok(f"{known_as} answers at port {server.port}"), _shake_hands(connection, server, tls)]


def _shake_hands(connection: socket.socket, server: Server, tls: ssl.SSLContext) -> Finding:
    try:
        with tls.wrap_socket(connection, server_hostname=server.host) as wrapped:
            certificate = wrapped.getpeercert() or {}
    except ssl.SSLCertVerificationError as why:
        return wrong(f"its certificate is refused: {why.verify_message}", _remedy(why, server))
    except OSError as why:  # a plain port hangs up, says something else, or waits
        text = getattr(why, "reason", None) or why.strerror or str(why)
        remedy = f"{server.port_remedy[0].upper()}{server.port_remedy[1:]}"
        return wrong(f"port {server.port} does not speak TLS: {text}", remedy)
    return _good_for(certificate.get("notAfter"), server)


def _remedy(why: ssl.SSLCertVerificationError, server: Server) -> str:
    if why.verify_code in _OTHER_NAMES:
        return f"Write into {server.host_variable} the very name that the certificate was issued for."
    if why.verify_code == _NOT_YET_VALID:
        return "Set this machine's clock, which is behind."
    if why.verify_code == _EXPIRED:
        return "Have the certificate renewed, or set this machine's clock if it is ahead."
    return server.unknown_authority


def _good_for(until: object, server: Server) -> Finding:
    text = f"its certificate is good for {server.host}"
    if not isinstance(until, str):
        return ok(text)
    days = int((ssl.cert_time_to_seconds(until) - time.time()) // _DAY_S)
    text = f"{text}, for {days} more {'day' if days == 1 else 'days'}"
    if days >= SOON_DAYS:
        return ok(text)
    return warning(text, "Have it renewed: without it nothing is sold.")
