"""EDGE. A WSGI application served by threads of this process, and stopped in order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

THREADS = 16  # a held connection keeps one; the rest must still answer


@contextmanager
def serving(app: Flask, bound: socket.socket) -> Iterator[None]:
    """Serve an application on a socket that is already bound, until the context ends.

    Requests under way are finished first; then all connections, kept-alive ones too, are closed.
    """
    channels: dict[int, object] = {}
    server = create_server(app, map=channels, sockets=[bound], threads=THREADS)
    ending = threading.Event()

    def run() -> None:
        while not ending.is_set():
            wasyncore.loop(use_poll=True, map=channels, count=1)

    thread = threading.Thread(target=run, name=f"serve-{app.import_name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.task_dispatcher.shutdown()
        ending.set()
        # Nothing is closed before the loop has ended, for others may wake it, and so be quicker than we.
        server.pull_trigger()
        thread.join()
        wasyncore.close_all(channels)
