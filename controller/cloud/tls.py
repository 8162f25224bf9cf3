"""EDGE. Whom we trust over TLS: what is configured, whatever the environment of the process says."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any


def empty_context() -> ssl.SSLContext:
    """A context that trusts nobody yet, and checks chain, dates and host name alike under each Python.

    Since 3.13 Python's own default also asks of a certificate that it has the form of RFC 5280
    (VERIFY_X509_STRICT), which those of an authority made with openssl's plain commands do not have, in
    `ca_file` or among the system's. Who may sign for whom does not depend on it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """A context that trusts the authorities in `ca_file`, as it is now, or the system's own.

    Python's own default would take these from SSL_CERT_FILE and SSL_CERT_DIR, and write its keys to
    SSLKEYLOGFILE.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
    """
    context = empty_context()
    if ca_file:
        context.load_verify_locations(ca_file)
        return context
    built_in = ssl.get_default_verify_paths()
    one_file = built_in.openssl_cafile if Path(built_in.openssl_cafile).is_file() else None
    context.load_verify_locations(one_file, built_in.openssl_capath)
    return context


def shared_context(ca_file: Path) -> ssl.SSLContext:
    """One context for all threads that trust the authorities in this file, as it is now.

    The public ones are 120: they take 2 MB, and 19 ms to read.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
    """
    found = ca_file.stat()
    return _context_of(ca_file, (found.st_ino, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=1)
def _context_of(ca_file: Path, _as_it_is: tuple[int, int, int]) -> ssl.SSLContext:
    return client_context(ca_file)


class FreshContext:
    """In the place of a context, for a client that asks for one connection after the other.

    A context keeps the authorities that it read. So each connection gets one of its own: what the technician
    writes into `broker.ca_file` holds from the next connection on.
    """

    check_hostname = True

    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file

    def wrap_socket(self, *arguments: Any, **settings: Any) -> ssl.SSLSocket:
        """Shake hands as the file now wants it.

        Raises:
            OSError: the file cannot be used, and which one that is; or the handshake failed.
        """
        try:
            context = client_context(self._ca_file)
        except OSError as error:
            why = getattr(error, "reason", None) or error.strerror or str(error)
            raise OSError(f"broker.ca_file {self._ca_file} cannot be used: {why}") from error
        return context.wrap_socket(*arguments, **settings)
