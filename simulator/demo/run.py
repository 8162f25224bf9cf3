"""The demo: the whole chain, an attract screen, and a page to watch and to play it. `make demo`."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from attract_screen.model.wording import USUAL_LANGUAGE
from simulator.chain.broker import BrokerFailed
from simulator.chain.cabinet import COIN_METER
from simulator.chain.chain import Chain, Place, Wiring, running_chain
from simulator.chain.folder import DemoError, fresh_folder
from simulator.chain.part import PartFailedError
from simulator.demo.breaks import Breaks
from simulator.demo.operator import Operator, operator_of
from simulator.demo.ports import EVERYWHERE, LOOPBACK, lan_address, page_socket
from simulator.demo.screen import attract_screen
from simulator.demo.server import demo_app
from simulator.demo.signals import Ending, ending_signal
from simulator.demo.state import DemoState, wait_for_offer
from simulator.demo.traffic import Traffic
from simulator.demo.wifi import Wifi
from simulator.stripe.pace import Pace, quick_retries
from simulator.stripe.serving import serving

SALE_WITHIN_S = 4.0
LOOK_EVERY_S = 0.1
# Whoever breaks the broker by a button wants to see Stripe's repeat, and not minutes later.
DEMO_PACE = Pace(quick_retries())

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Running:
    """What runs: the chain, the list of what passes between its parts, and the ways to break it."""

    chain: Chain
    traffic: Traffic
    breaks: Breaks
    operator: Operator | None


def demo(folder: Path, port: int, languages: tuple[str, ...] = (USUAL_LANGUAGE,), *, lan: bool) -> int:
    """Run the demo until it is asked to end; the process's exit status."""
    with ending_signal() as ending:
        try:
            _run(folder, port, languages, ending, lan=lan)
        except (DemoError, BrokerFailed, PartFailedError, OSError) as why:
            if not ending.is_set():
                print(f"The demo did not start: {why}", file=sys.stderr)
                return 1
            log.warning("asked to end while something failed: %s", why)
    return 0


def _run(folder: Path, port: int, languages: tuple[str, ...], ending: Ending, *, lan: bool) -> None:
    place = _place(port, lan=lan)
    page_url = str(place.checkout_url)
    with fresh_folder(folder, page_url) as ours, page_socket(place.bind, port) as bound:
        logging.basicConfig(
            filename=ours / "demo.log", level=logging.INFO, format="%(asctime)s %(name)s: %(message)s"
        )
        with _everything(ours, place, languages, None if lan else port + 2) as running:
            state = DemoState(
                running.chain,
                running.breaks,
                running.traffic,
                _picture(ours),
                lan=lan,
                has_operator=running.operator is not None,
            )
            app = demo_app(
                state,
                running.chain.board,
                running.breaks,
                running.chain.stripe.keeper,
                page_url=page_url,
                relay_url=running.chain.relay_url,
                operator=running.operator,
            )
            with serving(app, bound):
                wait_for_offer(running.chain, SALE_WITHIN_S)
                _say(page_url, lan=lan)
                _look_after(running.breaks, ending)


def _place(port: int, *, lan: bool) -> Place:
    host = lan_address() if lan else LOOPBACK
    return Place(
        bind=EVERYWHERE if lan else LOOPBACK,
        host=host,
        relay_port=port + 1,
        checkout_url=f"http://{host}:{port}",
    )


@contextmanager
def _everything(
    folder: Path, place: Place, languages: tuple[str, ...], fleet_port: int | None
) -> Iterator[Running]:
    """All that runs; without a port, no fleet: its pages are for browsers on this machine."""
    screen_config = {"languages": ", ".join(languages)}
    with (
        Wifi() as wifi,
        running_chain(
            folder,
            place,
            Wiring(via=wifi.via, pace=DEMO_PACE),
            coin_meter=COIN_METER,
            screen=screen_config,
        ) as chain,
        attract_screen(chain.feed_file, _picture(folder), folder / "screen.log") as screen,
        operator_of(chain, folder / "fleet", fleet_port) if fleet_port else nullcontext() as operator,
    ):
        traffic = Traffic(lambda: chain.observer.messages, lambda: chain.stripe.webhooks.log)

        def log_line(line: str) -> None:
            log.warning("%s", line)
            traffic.note(line)

        yield Running(chain, traffic, Breaks(chain, wifi, screen, _picture(folder), log_line), operator)


def _picture(folder: Path) -> Path:
    return folder / "screen.png"


def _say(page_url: str, *, lan: bool) -> None:
    phone = "a phone in this network, or the one on the page," if lan else "the phone on the page"
    print(f"Open {page_url}/ in a browser.")
    print(f"Scan the code with {phone} and press Pay: the money is simulated.")
    if not lan:
        print(f"What its operator sees: {page_url}/operator")
    print("Press Ctrl-C here to end it.", flush=True)


def _look_after(breaks: Breaks, ending: Ending) -> None:
    """Start again what ended, by itself or by a button, until somebody asks for the end."""
    while not ending.is_set():
        breaks.look(time.monotonic())
        time.sleep(LOOK_EVERY_S)
