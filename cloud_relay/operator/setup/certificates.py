"""EDGE. The broker's certificate: one that is there, or one of an authority of one's own, by openssl."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from cloud_relay.errors import SetupFailed
from cloud_relay.formats.mosquitto_folder import authority_request, is_address, server_request

AUTHORITY_FOLDER = "authority"
_AUTHORITY_DAYS, _SERVER_DAYS = 3650, 825
_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def check_pair(certificate: Path, key: Path, host: str) -> None:
    """See that a certificate and a key can be read, belong together, and are good for a host today.

    Raises:
        SetupFailed: they cannot, or do not.
    """
    for file in (certificate, key):
        if not file.is_file():
            raise SetupFailed(f"{file} is no file: --certificate and --key name PEM files")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as why:  # among them ssl.SSLError
        reason = getattr(why, "reason", None) or why
        raise SetupFailed(
            f"{certificate} and {key} do not go together ({reason}): name the certificate with its chain "
            "(fullchain.pem) and its own key, without a passphrase (privkey.pem)"
        ) from None
    what = "-checkip" if is_address(host) else "-checkhost"
    if "does match" not in _openssl("x509", "-noout", "-in", certificate, what, host):
        raise SetupFailed(
            f"{certificate} is not for {host}: name the certificate of that name, or another --host"
        )
    try:
        _openssl("x509", "-noout", "-in", certificate, "-checkend", "0")
    except SetupFailed:
        raise SetupFailed(f"{certificate} has expired: have it renewed, and run this again") from None


def make_certificate(folder: Path, host: str) -> None:
    """Make server.key and server.crt for a host, signed by the folder's own authority, made where missing.

    Raises:
        SetupFailed: openssl is missing, or failed.
    """
    authority = folder / AUTHORITY_FOLDER
    authority.mkdir(mode=0o700, exist_ok=True)
    ca_key, ca_crt = authority / "ca.key", folder / "ca.crt"
    if not (ca_key.exists() and ca_crt.exists()):
        (authority / "ca.cnf").write_text(authority_request())
        asked = ("-config", authority / "ca.cnf", "-days", str(_AUTHORITY_DAYS))
        _openssl("req", "-x509", *_EC, *asked, "-keyout", ca_key, "-out", ca_crt)
        ca_crt.chmod(0o644)
    wanted, request = authority / "server.cnf", authority / "server.csr"
    wanted.write_text(server_request(host))
    _openssl("req", *_EC, "-config", wanted, "-keyout", folder / "server.key", "-out", request)
    by_whom = ("-CA", ca_crt, "-CAkey", ca_key, "-CAserial", authority / "ca.srl", "-CAcreateserial")
    as_what = ("-extfile", wanted, "-extensions", "server", "-days", str(_SERVER_DAYS))
    _openssl("x509", "-req", "-in", request, *by_whom, *as_what, "-out", folder / "server.crt")


def _openssl(*arguments: str | Path) -> str:
    """What it prints."""
    try:
        done = subprocess.run(
            ["openssl", *arguments], capture_output=True, text=True, check=False, umask=0o077
        )
    except OSError:
        raise SetupFailed("openssl is not installed: sudo apt install openssl") from None
    if done.returncode:
        raise SetupFailed(f"openssl {arguments[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout
