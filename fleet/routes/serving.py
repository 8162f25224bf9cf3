"""EDGE. The pages, served by waitress as a part of the fleet."""

from __future__ import annotations

import threading

from sqlalchemy import Engine
from waitress import wasyncore
from waitress.server import create_server

from fleet.routes.app import create_app
from fleet.routes.world import World
from fleet.settings import Settings

# A page takes a tenth of a second of one core; an overview that is kept open asks each second.
THREADS = 8
_LARGEST_BODY_BYTES = 64 * 1024


class Pages:
    """Serves until stopped.

    Raises:
        OSError: the port is taken; it names the setting.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._channels: dict[int, object] = {}
        try:
            self._server = create_server(
                create_app(World(settings, engine)),
                map=self._channels,
                host=settings.web.host,
                port=settings.web.port,
                threads=THREADS,
                max_request_body_size=_LARGEST_BODY_BYTES,
                clear_untrusted_proxy_headers=not settings.web.trusted_proxies,
                ident=None,
            )
        except OSError as why:
            raise OSError(why.errno, why.strerror or str(why), "FLEET_LISTEN") from why
        self._over = threading.Event()

    def run(self) -> None:
        """Serve until stopped; requests under way are finished first."""
        while not self._over.is_set():
            wasyncore.loop(use_poll=True, map=self._channels, count=1)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._channels)

    def stop(self) -> None:
        """Have `run` end soon; from any thread."""
        self._over.set()
        self._server.pull_trigger()
