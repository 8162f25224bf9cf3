"""Sells once on a server that was installed from docs/server.md: through its nginx, relay and Mosquitto.

The rest of the world is made here: a stand-in Stripe, a phone, and a cabinet with a virtual board. It prints
what came of it as one JSON object.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from cloud_relay.operator.env_file import store
from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA
from simulator.chain.part import Part
from simulator.stripe.server import StandInStripe, stand_in_stripe

MACHINE_ID, COIN_PIN, CREDITS = "galaga-01", 17, 3
KEY, UNUSED_SECRET = "sk_test_" + "5" * 24, "whsec_" + "6" * 24
ENV_FILE = Path("/etc/arcade-relay/relay.env")
MOSQUITTO = Path("/etc/mosquitto")
WITHIN_S = 90.0


def main() -> int:
    """Set the server up, sell, and print what came of it."""
    name = sys.argv[1]
    url = f"https://{name}"
    with (
        tempfile.TemporaryDirectory() as folder,
        stand_in_stripe(api_key=KEY, webhook_url=None, webhook_secret=UNUSED_SECRET) as stripe,
    ):
        before = run("arcade-relay", "check")
        set_up(name, stripe)
        wait(lambda: answers(f"{url}/status"), "the relay behind nginx")
        config = new_machine(Path(folder))
        with BoardServer(
            Path(folder) / "board", ArcadeBoard(JAMMA, powered_at_s=since_boot_s()), coin_pin=COIN_PIN
        ) as board:
            controller = Part(
                "controller",
                [sys.executable, "-m", "controller", "run", "--config", str(config)],
                Path(folder) / "controller.log",
            )
            controller.start()
            try:
                payment = buy(f"{url}/p/{MACHINE_ID}", stripe)
                controller.wait_for_line(f"{payment}: receipt answered")
            finally:
                controller.stop()
            checked = run("arcade-relay", "check")
            print(
                json.dumps(
                    {
                        "before": before.returncode,
                        "coins": board.view().coins,
                        "money": stripe.money(),
                        "check": checked.stdout + checked.stderr,
                        "check_status": checked.returncode,
                        "machines": run("arcade-relay", "machines").stdout,
                    }
                )
            )
    return 0


def set_up(name: str, stripe: StandInStripe) -> None:
    """What docs/server.md says, in its order."""
    broker = ["--mosquitto", f"{MOSQUITTO}/arcade", "--host", name, "--own-authority", "--env", str(ENV_FILE)]
    must("arcade-relay", "setup", "broker", *broker)
    shutil.copy(MOSQUITTO / "arcade" / "mosquitto.conf", MOSQUITTO / "mosquitto.conf")
    must("systemctl", "restart", "mosquitto")
    store(ENV_FILE, {"STRIPE_API_KEY": KEY, "STAND_IN_STRIPE_URL": stripe.api_url})
    must("arcade-relay", "setup", "stripe", "--env", str(ENV_FILE))
    must("systemctl", "start", "arcade-relay")


def new_machine(folder: Path) -> Path:
    """Its config.yaml as `new-machine` wrote it, wired to the board here."""
    config = folder / "config.yaml"
    must("arcade-relay", "new-machine", MACHINE_ID, "--name", "Galaga", "--to", str(config))
    shutil.copy(MOSQUITTO / "arcade" / "ca.crt", folder / "ca.crt")
    more = {
        "board_boot_s": 0,
        "state_dir": str(folder / "state"),
        "screen_feed": str(folder / "screen.json"),
        "mock_pins_for_demo_only": str(folder / "board"),
    }
    with config.open("a") as file:
        file.writelines(f"{key}: {json.dumps(value)}\n" for key, value in more.items())
    return config


def buy(door: str, stripe: StandInStripe) -> str:
    """What a player does; gives the payment's id."""
    wait(lambda: f'value="{CREDITS}-' in requests.get(door, timeout=10).text, "the door to sell")
    button = re.search(rf'value="({CREDITS}-[^"]+)"', requests.get(door, timeout=10).text)
    if button is None:
        raise SystemExit(f"the door has no button for {CREDITS} credits")
    sold = requests.post(door, {"offer": button[1]}, allow_redirects=False, timeout=10)
    sold.raise_for_status()
    return stripe.pay(sold.headers["Location"])


def answers(url: str) -> bool:
    """Whether it is served there."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the page."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def must(*command: str) -> None:
    """Run a command of the page that must work."""
    done = run(*command)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def wait(condition: Callable[[], bool], what: str) -> None:
    """Return once it holds."""
    deadline_s = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise SystemExit(f"waited {WITHIN_S:g} s for {what}")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
