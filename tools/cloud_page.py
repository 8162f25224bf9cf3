"""Runs the commands of docs/cloud.md on stand-ins, and writes what they print into it: `make docs`.

The page's commands are those after `$ ` in its blocks of the kind `console`, in their order, in one shell. A
name of the world there is one of this machine here, and the other way round in what they print.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from cloud_costs import sums, table
from stable_words import VERSION, letters
from wrap_prose import wrapped

from cloud_relay import __version__
from simulator.chain.new_cabinet import new_cabinet
from simulator.chain.ports import free_port, listens
from simulator.stripe.server import StandInStripe, stand_in_stripe

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "cloud.md"
BLOCK = re.compile(r"```console\n(.*?)```|<!-- sell -->", re.DOTALL)
COMMAND = re.compile(r"^\$ ((?:.*<<'(\w+)'\n(?:.*\n)*?\2|.*))$", re.MULTILINE)
SOLD_CREDITS = 3
WITHIN_S = 90.0
KEY = f"sk_test_{letters('key', 24)}"
SUMS_FOR = 500
OF_STAND_INS = re.compile(
    "STAND_IN_STRIPE_URL:|STRIPE_PROXY, STAND_IN|it speaks plain HTTP: only on this machine"
    "|^  -  hears of every payment too"
)


def main() -> None:
    """Run the page, and write it anew."""
    PAGE.write_text(with_costs(ran(PAGE.read_text())))
    print(f"Wrote what {PAGE.name}'s commands print.")


def with_costs(page: str) -> str:
    """The page with the costs as they are reckoned now."""
    for name, text in (("costs", table()), ("sums", wrapped(sums(SUMS_FOR)).rstrip("\n"))):
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page = place.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)
    return page


def ran(page: str) -> str:
    """The page with what its commands print now."""
    with (
        tempfile.TemporaryDirectory() as folder,
        stand_in() as stripe,
        Shell(Path(folder)) as shell,
        ExitStack() as running,
    ):
        here = World(Path(folder), stripe, shell, running)
        return BLOCK.sub(lambda block: here.block(block[1]) if block[1] else here.sell(block[0]), page)


def stand_in() -> AbstractContextManager[StandInStripe]:
    """Stripe, as a new account finds it: without a webhook."""
    return stand_in_stripe(api_key=KEY, webhook_url=None, webhook_secret=f"whsec_{letters('none', 32)}")


class Shell:
    """One shell in a folder; what is started behind it ends with it."""

    def __init__(self, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
        self._environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        self._folder = folder

    def __enter__(self) -> Shell:
        self._process = subprocess.Popen(
            ["bash"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.run("kill $(jobs -p); wait")
        self._process.communicate("exit\n", timeout=WITHIN_S)

    def run(self, command: str) -> str:
        """What it prints. What goes on behind the shell writes into a file of its own."""
        if command.endswith("&"):
            command = f"{command.removesuffix('&')} >>behind.log 2>&1 &"
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(f"{command}\necho; echo =END=\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line == "=END=\n":
                return "".join(lines).removesuffix("\n")
            lines.append(line)
        raise RuntimeError(f"the shell ended at {command}: {''.join(lines)}")


class World:
    """What the page calls by the names of the world, and by what it goes here."""

    def __init__(self, folder: Path, stripe: StandInStripe, shell: Shell, running: ExitStack) -> None:
        self._folder, self._stripe, self._shell, self._running = folder, stripe, shell, running
        folder.chmod(0o711)  # Mosquitto gives up root's rights, and has to reach its folder in this one
        self._relay, self._cabinets, self._services = free_port(), free_port(), free_port()
        ports = f"--port {self._cabinets} --services-port {self._services}"
        self._here = {
            "https://pay.example.com": f"http://127.0.0.1:{self._relay}",
            "--host pay.example.com": f"--host localhost {ports}",
            "127.0.0.1:8080": f"127.0.0.1:{self._relay}",
            "--name Galaga": f"--name Galaga --broker localhost:{self._cabinets}",
            "sk_test_...": KEY,
        }
        shell.run(f"export STAND_IN_STRIPE_URL={stripe.api_url}")

    def block(self, text: str) -> str:
        """A block with its commands, and below each what it prints."""
        said = [f"$ {found[1]}\n{self._run(found[1])}" for found in COMMAND.finditer(text)]
        return f"```console\n{''.join(said)}```"

    def sell(self, mark: str) -> str:
        """Have the new machine's cabinet run from here on, and sell."""
        written, ca_file = self._folder / "galaga-01.yaml", self._folder / "broker" / "ca.crt"
        cabinet = self._running.enter_context(new_cabinet(written, ca_file, self._folder))
        cabinet.sell(f"http://127.0.0.1:{self._relay}/p/galaga-01", self._stripe, SOLD_CREDITS)
        return mark

    def _run(self, command: str) -> str:
        for there, here in self._here.items():
            command = command.replace(there, here)
        said = self._shell.run(command)
        if "waitress-serve" in command or "mosquitto -c" in command:
            port = self._relay if "waitress-serve" in command else self._services
            wait_for(port)
        return self._as_there(said)

    def _as_there(self, said: str) -> str:
        words = {
            f"http://127.0.0.1:{self._relay}": "https://pay.example.com",
            f"localhost:{self._cabinets}": "pay.example.com:8883",
            f"localhost:{self._services}": "pay.example.com:8884",
            f"{self._folder}": "/srv/relay",
            str(self._cabinets): "8883",
            str(self._services): "8884",
            "localhost": "pay.example.com",
        }
        for here, there in words.items():
            said = said.replace(here, there)
        return same_each_time(said)


def same_each_time(said: str) -> str:
    """Without what differs from run to run, and what is only said of the stand-ins."""
    said = "".join(line for line in said.splitlines(keepends=True) if not OF_STAND_INS.search(line))
    said = re.sub(r" for the stand-in at http://[0-9.]+:[0-9]+", "", said)
    said = re.sub(r"\b(whsec|price|we|acct|pi|prod)_[A-Za-z0-9]{8,}", lambda found: f"{found[1]}_...", said)
    said = re.sub(r"it last tidied \d+ s ago", "it last tidied 8 s ago", said)
    said = re.sub(r"pay\.example\.com \([0-9a-f.:]+\)", "pay.example.com (203.0.113.7)", said)
    said = said.replace(__version__, VERSION)
    return re.sub(r"\b\d{4}-\d\d-\d\dT[0-9:]+(\.\d+)?Z", r"2026-11-28T12:00:00.000Z", said)


def wait_for(port: int) -> None:
    """Return once somebody listens there."""
    deadline_s = time.monotonic() + WITHIN_S
    while not listens(port):
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"nobody listens on port {port}")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
