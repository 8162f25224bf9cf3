"""An attacker: `python -m bench.world.siege_attack KIND PORT AT_ONCE SECONDS [CA_FILE]`."""

from __future__ import annotations

import http.client
import secrets
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress

MACHINE, OFFER = "siege-01", "1-100-usd"
ONE, MANY, GUESSES, HALF_SENT = "one", "many", "guesses", "half-sent"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_PATIENCE_S = 20
_HALF = b"POST /p/siege-01 HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf"


def main() -> None:
    """Attack until the time is over, with so many at once."""
    kind, port, at_once, seconds, *ca_file = sys.argv[1:]
    until_s = time.monotonic() + float(seconds)
    attack = _half_sent if kind == HALF_SENT else _requests
    context = ssl.create_default_context(cafile=ca_file[0]) if ca_file else None
    threads = [
        threading.Thread(target=attack, args=(kind, int(port), number, until_s, context), daemon=True)
        for number in range(int(at_once))
    ]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, until_s - time.monotonic()))


def _requests(kind: str, port: int, number: int, until_s: float, _: ssl.SSLContext | None) -> None:
    """One request after the other, each on a new connection, and the next once there is an answer."""
    address = f"127.1.{number // 250}.{number % 250 + 1}" if kind == MANY else "127.0.9.9"
    while time.monotonic() < until_s:
        with suppress(OSError, http.client.HTTPException):
            call = http.client.HTTPConnection("127.0.0.1", port, _PATIENCE_S, source_address=(address, 0))
            if kind == GUESSES:
                call.request("GET", f"/thanks/state?s=cs_test_{secrets.token_hex(24)}")
            else:
                call.request("POST", f"/p/{MACHINE}", f"offer={OFFER}", _FORM)
            call.getresponse().read()
            call.close()


def _half_sent(_: str, port: int, __: int, until_s: float, context: ssl.SSLContext | None) -> None:
    """A body that never ends, again and again where somebody hangs up."""
    while time.monotonic() < until_s:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as bare:
            connection = context.wrap_socket(bare, server_hostname="127.0.0.1") if context else bare
            connection.sendall(_HALF)
            connection.recv(1)


if __name__ == "__main__":
    main()
