"""The whole chain on this machine: broker, stand-in Stripe, relay, board, controller, attract screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests

from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA, BoardProfile
from simulator.chain.broker import Broker
from simulator.chain.cabinet import (
    COIN_METER_PIN,
    COIN_PIN,
    GAME_OVER_PIN,
    MACHINE_ID,
    READY_PIN,
    Secrets,
    relay_environment,
    write_config,
)
from simulator.chain.observer import RULES, Observer
from simulator.chain.part import Part
from simulator.chain.ports import free_port
from simulator.stripe.pace import STRIPES_PACE, Pace
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


def _straight(_link: str, port: int) -> int:
    return port


@dataclass(frozen=True)
class Wiring:
    """What lies between the parts, and what differs from the demo's cabinet.

    `via` is asked for each link, "controller-broker", "relay-broker" and "controller-relay", with the port at
    its far end, and gives the port to use instead: that of something which carries it on. `relay_settings`
    are added to the relay's environment. `controller_inside` is a command that the controller's own is given
    to, and that becomes it: what makes its surroundings; `relay_inside` is that of the relay.
    `controller_python` are options of the controller's Python. `pace` is Stripe's own unless it is said
    otherwise.
    """

    via: Callable[[str, int], int] = _straight
    relay_settings: Mapping[str, str] = field(default_factory=dict)
    board: BoardProfile = JAMMA
    controller_inside: Sequence[str] = ()
    relay_inside: Sequence[str] = ()
    controller_python: Sequence[str] = ()
    pace: Pace = STRIPES_PACE


@dataclass(frozen=True)
class Chain:
    """Everything that runs, and the handles to watch it and to break it."""

    folder: Path
    relay_url: str
    broker: Broker
    stripe: StandInStripe
    relay: Part
    relay_environment: Mapping[str, str] = field(repr=False)
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

    @property
    def control_socket(self) -> Path:
        """Where the controller's tools reach it."""
        return self.folder / "control"


@contextmanager
def running_chain(
    folder: Path, place: Place | None = None, wiring: Wiring | None = None, **config: object
) -> Iterator[Chain]:
    """Start the chain in order, and stop it in reverse. `config` replaces top-level keys of config.yaml.

    Raises:
        PartFailedError: a part ended or did not come up; the message has its last lines.
        OSError: a port is taken.
    """
    place, wiring = place or Place(), wiring or Wiring()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    secrets = Secrets()
    relay_port = place.relay_port or free_port()
    relay_url = f"http://{place.host}:{relay_port}"
    with ExitStack() as parts:
        broker = parts.enter_context(Broker(folder / "broker", secrets.passwords, extra_rules=RULES))
        stripe = parts.enter_context(_stripe(secrets, relay_port, place, wiring.pace))
        environment = relay_environment(
            secrets,
            replace(broker, services_port=wiring.via("relay-broker", broker.services_port)),
            relay_url=relay_url,
            stripe_url=stripe.api_url,
            price_id=stripe.create_price(100, "usd"),
            page_url=place.checkout_url or stripe.checkout_url,
        )
        environment.update(wiring.relay_settings)
        relay_command = [*wiring.relay_inside, *server_of_relay(place.bind, relay_port)]
        relay = Part("relay", relay_command, folder / "relay.log", environment)
        board = parts.enter_context(_board(folder / "board.sock", wiring.board))
        config_file = folder / "config.yaml"
        # The cabinet refuses plain http to any other machine; the relay is on this one.
        loopback_url = f"http://127.0.0.1:{wiring.via('controller-relay', relay_port)}"
        seen_broker = replace(broker, port=wiring.via("controller-broker", broker.port))
        write_config(config_file, secrets, seen_broker, loopback_url, folder / "board.sock", **config)
        python = [*wiring.controller_inside, sys.executable, *wiring.controller_python]
        command = [*python, "-m", "controller", "run", "--config", str(config_file)]
        controller = Part("controller", command, folder / "controller.log")
        observer = parts.enter_context(Observer(broker))
        relay.start()
        parts.callback(relay.stop)
        wait_for_relay(relay, relay_port)
        controller.start()
        parts.callback(controller.stop)
        yield Chain(
            folder,
            relay_url,
            broker,
            stripe,
            relay,
            environment,
            board,
            controller,
            observer,
            secrets,
            config_file,
        )


def _stripe(
    secrets: Secrets, relay_port: int, place: Place, pace: Pace
) -> AbstractContextManager[StandInStripe]:
    return stand_in_stripe(
        api_key=secrets.stripe_key,
        webhook_url=f"http://127.0.0.1:{relay_port}/addCredit",
        webhook_secret=secrets.webhook_secret,
        public_checkout_url=place.checkout_url,
        pace=pace,
    )


def _board(socket_path: Path, profile: BoardProfile) -> BoardServer:
    return BoardServer(
        socket_path,
        ArcadeBoard(profile, powered_at_s=since_boot_s()),
        coin_pin=COIN_PIN,
        game_over_pin=GAME_OVER_PIN,
        ready_pin=READY_PIN,
        coin_meter_pin=COIN_METER_PIN,
    )


def server_of_relay(bind: str, port: int) -> list[str]:
    """The command that serves a relay, as its README has it."""
    server = [sys.executable, "-m", "waitress", f"--listen={bind}:{port}"]
    return [
        *server,
        "--threads=48",
        "--max-request-body-size=262144",
        "--call",
        "cloud_relay.app:create_app_from_environment",
    ]


def wait_for_relay(relay: Part, port: int, within_s: float = 120.0) -> None:
    """Return once it answers; PartFailedError if it ends, or does not in time."""
    deadline = time.monotonic() + within_s
    while relay.exit_status is None and time.monotonic() < deadline:
        try:
            if requests.get(f"http://127.0.0.1:{port}/status", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.02)
    raise relay.failure(f"did not come up on port {port}")
