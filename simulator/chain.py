"""The whole chain on this machine: broker, stand-in Stripe, relay, board, controller, attract screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from controller.clock import since_boot_s
from simulator.arcade_board import ArcadeBoard
from simulator.board_profiles import JAMMA
from simulator.board_wire import BoardServer
from simulator.broker import Broker
from simulator.cabinet import (
    COIN_PIN,
    GAME_OVER_PIN,
    MACHINE_ID,
    READY_PIN,
    Secrets,
    relay_environment,
    write_config,
)
from simulator.observer import RULES, Observer
from simulator.part import Part
from simulator.ports import free_port
from simulator.stripe.server import StandInStripe, stand_in_stripe


@dataclass(frozen=True)
class Place:
    """Where the chain's pages can be reached: `bind` is what its servers listen on, `host` what a phone asks.

    Port 0 takes a free one. `checkout_url` is where payment pages are, if not on a server of their own.
    """

    bind: str = "127.0.0.1"
    host: str = "127.0.0.1"
    relay_port: int = 0
    checkout_url: str | None = None


@dataclass(frozen=True)
class Chain:
    """Everything that runs, and the handles to watch it and to break it."""

    folder: Path
    relay_url: str
    broker: Broker
    stripe: StandInStripe
    relay: Part
    board: BoardServer
    controller: Part
    observer: Observer
    secrets: Secrets
    config_file: Path

    @property
    def door(self) -> str:
        """The address that the QR shows."""
        return f"{self.relay_url}/p/{MACHINE_ID}"

    @property
    def feed_file(self) -> Path:
        """What the attract screen reads."""
        return self.folder / "screen.json"


@contextmanager
def running_chain(folder: Path, place: Place | None = None, **config: object) -> Iterator[Chain]:
    """Start the chain in order, and stop it in reverse. `config` replaces top-level keys of config.yaml.

    Raises:
        PartFailedError: a part ended or did not come up; the message has its last lines.
        OSError: a port is taken.
    """
    place = place or Place()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    secrets = Secrets()
    relay_port = place.relay_port or free_port()
    relay_url = f"http://{place.host}:{relay_port}"
    with ExitStack() as parts:
        broker = parts.enter_context(Broker(folder / "broker", secrets.passwords, extra_rules=RULES))
        stripe = parts.enter_context(_stripe(secrets, relay_port, place))
        environment = relay_environment(
            secrets,
            broker,
            relay_url=relay_url,
            stripe_url=stripe.api_url,
            price_id=stripe.create_price(100, "usd"),
            page_url=place.checkout_url or stripe.checkout_url,
        )
        relay = Part("relay", _relay_command(place.bind, relay_port), folder / "relay.log", environment)
        board = parts.enter_context(_board(folder / "board.sock"))
        config_file = folder / "config.yaml"
        # The cabinet refuses plain http to any other machine; the relay is on this one.
        loopback_url = f"http://127.0.0.1:{relay_port}"
        write_config(config_file, secrets, broker, loopback_url, folder / "board.sock", **config)
        controller = Part("controller", _controller_command(config_file), folder / "controller.log")
        observer = parts.enter_context(Observer(broker))
        for part in (relay, controller):
            part.start()
            parts.callback(part.stop)
        _wait_for_relay(relay, relay_port)
        yield Chain(
            folder, relay_url, broker, stripe, relay, board, controller, observer, secrets, config_file
        )


def _stripe(secrets: Secrets, relay_port: int, place: Place) -> AbstractContextManager[StandInStripe]:
    return stand_in_stripe(
        api_key=secrets.stripe_key,
        webhook_url=f"http://127.0.0.1:{relay_port}/addCredit",
        webhook_secret=secrets.webhook_secret,
        public_checkout_url=place.checkout_url,
    )


def _board(socket_path: Path) -> BoardServer:
    return BoardServer(
        socket_path,
        ArcadeBoard(JAMMA, powered_at_s=since_boot_s()),
        coin_pin=COIN_PIN,
        game_over_pin=GAME_OVER_PIN,
        ready_pin=READY_PIN,
    )


def _relay_command(bind: str, port: int) -> list[str]:
    server = [sys.executable, "-m", "waitress", f"--listen={bind}:{port}"]
    return [
        *server,
        "--max-request-body-size=262144",
        "--call",
        "cloud_relay.app:create_app_from_environment",
    ]


def _controller_command(config_file: Path) -> list[str]:
    return [sys.executable, "-m", "controller", "run", "--config", str(config_file)]


def _wait_for_relay(relay: Part, port: int, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while relay.exit_status is None and time.monotonic() < deadline:
        try:
            if requests.get(f"http://127.0.0.1:{port}/status", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.02)
    raise relay.failure(f"did not come up on port {port}")
