"""Sells once on a server that was installed from docs/server.md: through nginx, relay, Mosquitto and fleet.

The rest of the world is made here: a stand-in Stripe, a phone, and a cabinet with a virtual board. It prints
what came of it as one JSON object.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import requests

from cloud_relay.operator.setup.kept import Kept
from simulator.chain.new_cabinet import new_cabinet
from simulator.stripe.server import StandInStripe, stand_in_stripe

MACHINE_ID, CREDITS = "galaga-01", 3
KEY, UNUSED_SECRET = "sk_test_" + "5" * 24, "whsec_" + "6" * 24
ENV_FILE = Path("/etc/arcade-relay/relay.env")
FLEET_ENV_FILE = Path("/etc/arcade-fleet/fleet.env")
BOOK = Path("/var/lib/arcade-fleet/book.sqlite")
MOSQUITTO = Path("/etc/mosquitto")
WITHIN_S = 90.0
# As tools/test-server.sh made it.
TEST_AUTHORITY = Path("/usr/local/share/ca-certificates/test.crt")


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
        wait(lambda: answers(f"https://fleet.{name}/login"), "the fleet behind nginx")
        ca_file = MOSQUITTO / "arcade" / "ca.crt"
        with new_cabinet(new_machine(Path(folder)), ca_file, Path(folder), TEST_AUTHORITY) as cabinet:
            cabinet.sell(f"{url}/p/{MACHINE_ID}", stripe, CREDITS)
            wait(sales, "the sale in the fleet's book")
            checked = run("arcade-relay", "check")
            print(
                json.dumps(
                    {
                        "before": before.returncode,
                        "coins": cabinet.board.view().coins,
                        "money": stripe.money(),
                        "check": checked.stdout + checked.stderr,
                        "check_status": checked.returncode,
                        "sales": sales(),
                        "machines": run("arcade-relay", "machines").stdout,
                    }
                )
            )
    return 0


def set_up(name: str, stripe: StandInStripe) -> None:
    """What docs/server.md says, in its order."""
    broker = ["--mosquitto", f"{MOSQUITTO}/arcade", "--host", name, "--own-authority", "--env", str(ENV_FILE)]
    must("arcade-relay", "setup", "broker", *broker, "--fleet-env", str(FLEET_ENV_FILE))
    shutil.copy(MOSQUITTO / "arcade" / "mosquitto.conf", MOSQUITTO / "mosquitto.conf")
    must("systemctl", "restart", "mosquitto")
    Kept({}, ENV_FILE).keep({"STRIPE_API_KEY": KEY, "STAND_IN_STRIPE_URL": stripe.api_url}, sys.stderr)
    must("arcade-relay", "setup", "stripe", "--env", str(ENV_FILE))
    must("systemctl", "start", "arcade-relay")
    must("systemctl", "enable", "--now", "arcade-fleet")


def new_machine(folder: Path) -> Path:
    """Its config.yaml as `new-machine` wrote it."""
    config = folder / "galaga-01.yaml"
    must("arcade-relay", "new-machine", MACHINE_ID, "--name", "Galaga", "--to", str(config))
    return config


def sales() -> list[tuple[object, ...]]:
    """What the fleet's book has of them."""
    with closing(sqlite3.connect(f"file:{BOOK}?mode=ro", uri=True)) as book:
        return book.execute("SELECT machine_id, credits, amount FROM sales").fetchall()


def answers(url: str) -> bool:
    """Whether it is served there; else why not, on stderr."""
    try:
        answer = requests.get(url, timeout=5)
    except requests.RequestException as why:
        sys.stderr.write(f"{url}: {why}\n")
        return False
    if not answer.ok:
        sys.stderr.write(f"{url}: {answer.status_code} {answer.text:.200}\n")
    return answer.ok


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
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
