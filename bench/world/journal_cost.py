"""What the journal costs a cabinet in memory and bytes, and how soon a sale is on the operator's page."""

from __future__ import annotations

import hashlib
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import requests
from sqlalchemy import insert, select
from sqlalchemy.engine import make_url

from bench.idle import children, memory_mb
from bench.world.sales import buy, selling_chain, sells, wait
from controller.system.clock import since_boot_s
from fleet.book import tables
from fleet.book.database.engine import open_book, writing
from fleet.logins.people import add_person
from fleet.routes.login import COOKIE
from fleet.rules.roles import Role
from simulator.chain.chain import Chain, Wiring
from simulator.chain.fleet import RunningFleet, running_fleet
from simulator.stripe.pace import QUICK

_FIRST_FILE_OF_IT = "controller/ledger/entries.py"
_LOOKS_EVERY_S = 0.01


@dataclass(frozen=True)
class Cost:
    """Of a controller with its coin line: `bytes_a_sale` went to the disk, of sales of one credit.

    `to_page_s` are the times from a sale's last pulse to its figure on the overview, asked all the time.
    """

    memory_mb: float
    bytes_a_sale: float
    to_page_s: tuple[float, ...] = ()


@contextmanager
def controller_of_before() -> Iterator[Path | None]:
    """The program as it was before it kept a journal, out of git; None where there is no history."""
    git = ["git", "log", "--diff-filter=A", "--format=%H", "--", _FIRST_FILE_OF_IT]
    found = subprocess.run(git, capture_output=True, text=True, check=False).stdout.split()
    if not found:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        packed = subprocess.run(
            ["git", "archive", f"{found[-1]}^"], stdout=subprocess.PIPE, check=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        yield Path(folder)


def cost(tree: Path, sales: int, *, fleet: bool) -> Cost:
    """What the controller of this tree takes for so many sales, with a fleet that listens or without."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        _installed(tree, Path(folder)) as chain,
        _page(chain, Path(folder)) if fleet else nullcontext() as page,
    ):
        _sell(chain, 0)  # the first one makes its files
        if page is not None:
            page.seen_after_s(chain, 1)  # and a fleet that has just come is told within ten seconds
        before, to_page_s = _written(chain), []
        for number in range(sales):
            _sell(chain, number + 1)
            if page is not None:
                to_page_s.append(page.seen_after_s(chain, number + 2))
        memory = sum(memory_mb(pid, "Pss") for pid in _processes(chain))
        return Cost(memory, (_written(chain) - before) / sales, tuple(to_page_s))


@contextmanager
def _installed(tree: Path, folder: Path) -> Iterator[Chain]:
    """A chain whose controller is this tree's: without docstrings and compiled, as on a cabinet."""
    wiring = Wiring(
        controller_inside=("env", "-C", str(tree), "-u", "PYTHONDONTWRITEBYTECODE"),
        controller_python=("-OO", "-X", f"pycache_prefix={folder / 'compiled'}"),
        pace=QUICK,
    )
    # What the screen reads is in memory on a cabinet, too.
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir="/dev/shm") as memory,
        selling_chain(wiring, screen_feed=f"{memory}/screen.json") as chain,
    ):
        chain.controller.restart()  # the first one has compiled it
        chain.controller.wait_for_line("broker connected", since=len(chain.controller.log_lines))
        wait(lambda: sells(chain), "the door to sell again")
        yield chain


def _sell(chain: Chain, number: int) -> None:
    payment_id = buy(chain, 1, number)
    chain.controller.wait_for_line(f"payment {payment_id}: receipt answered: settled")


def _written(chain: Chain) -> int:
    """Bytes that the controller has had written to a disk since it began."""
    lines = [line for pid in _processes(chain) for line in Path(f"/proc/{pid}/io").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


def _processes(chain: Chain) -> list[int]:
    return [chain.controller.pid, *children(chain.controller.pid)]


@dataclass(frozen=True)
class _Page:
    """The overview's part that changes, asked by somebody who is logged in."""

    fleet: RunningFleet
    token: str

    def seen_after_s(self, chain: Chain, sales: int) -> float:
        """From the last pulse until so many sales of a dollar are on it."""
        words = f'<td data-title="Phone" class="number">${sales}.00</td>'
        with requests.Session() as session:
            session.cookies.set(COOKIE, self.token)
            wait(lambda: words in session.get(f"{self.fleet.url}/live", timeout=10).text, "the sale")
        return since_boot_s() - chain.board.coin_edges_at_board[-1].at_s


@contextmanager
def _page(chain: Chain, folder: Path) -> Iterator[_Page]:
    token, file = secrets.token_urlsafe(32), folder / "book.sqlite"
    engine, now = open_book(make_url(f"sqlite:///{file}")), time.time()
    with writing(engine) as connection:
        add_person(connection, "ada", Role.OWNER, secrets.token_hex(16))
        number = connection.execute(select(tables.people.c.id)).scalar()
        kept = hashlib.sha256(token.encode()).hexdigest()
        login = {"token_hash": kept, "person_id": number, "began_at": now, "used_at": now}
        connection.execute(insert(tables.logins).values(login))
    engine.dispose()
    with running_fleet(chain.broker, file) as fleet:
        yield _Page(fleet, token)
