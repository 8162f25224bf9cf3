"""A disk that is really full: nothing is acknowledged that is not on it, and nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import pytest
from conftest import wait_until
from test_whole_chain import checkout, door, money, wait_until_it_sells

from simulator.chain.chain import Chain, Wiring, running_chain

# Root may make mounts of its own; whoever else, as the root of a user namespace of its own.
WAYS = [["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]]
DISK = 'mkdir -p "$0" && mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'
FULL = "ledger cannot be written: database or disk is full"
PAGE = 4096


def inside_a_small_disk(folder: Path) -> list[str]:
    """What gives a command a disk of 1 MiB at `folder`, which nobody else sees, and becomes it."""
    for way in WAYS:
        command = [*way, "sh", "-c", DISK, str(folder)]
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    pytest.skip("this user may make no mount namespace")


def write_for_ever(file: FileIO) -> None:
    """Page by page, for others may be writing too."""
    while True:
        file.write(bytes(PAGE))


@dataclass
class SmallDisk:
    """The controller's state directory on a disk of its own, seen from outside."""

    chain: Chain
    folder: Path

    @property
    def seen(self) -> Path:
        """The same folder as the controller sees it."""
        return Path(f"/proc/{self.chain.controller.pid}/root{self.folder}")

    def fill(self) -> None:
        """Write until there is no space for another byte."""
        with (
            (self.seen / "filler").open("wb", buffering=0) as filler,
            pytest.raises(OSError, match="No space left on device"),
        ):
            write_for_ever(filler)

    def free(self) -> None:
        """Make space again."""
        (self.seen / "filler").unlink()

    def payments(self) -> list[str]:
        """The payments in the ledger."""
        # A copy of file and log: SQLite follows the link in /proc to where the disk is not.
        copy = self.chain.folder / "copy.sqlite"
        for end in ("", "-wal"):
            shutil.copyfile(f"{self.seen}/ledger.sqlite{end}", f"{copy}{end}")
        with closing(sqlite3.connect(copy)) as db:
            return [row[0] for row in db.execute("SELECT id FROM payments")]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A cabinet that sells, with a small disk."""
    folder = tmp_path / "state"
    wiring = Wiring(controller_inside=inside_a_small_disk(folder))
    with running_chain(tmp_path / "chain", wiring=wiring, state_dir=str(folder)) as chain:
        wait_until_it_sells(chain)
        assert list(folder.iterdir()) == [], "the ledger is not on the small disk"
        yield SmallDisk(chain, folder)


def test_a_payment_that_finds_the_disk_full_is_credited_when_there_is_space(disk: SmallDisk) -> None:
    """It is not acknowledged, and so comes again; the cabinet does not sell meanwhile."""
    chain = disk.chain
    page = checkout(chain, 3)
    disk.fill()
    payment_id = chain.stripe.pay(page)
    chain.controller.wait_for_line(FULL)
    wait_until(lambda: "3 credits" not in door(chain), "the door to close")
    heard = chain.controller.find_line(f"{payment_id}: received")
    assert (disk.payments(), heard, chain.board.view().coins) == ([], None, 0)

    disk.free()

    chain.controller.wait_for_line("ledger can be written again")
    chain.controller.wait_for_line(f"{payment_id}: came again")
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    wait_until(lambda: chain.board.view().coins == 3, "three coins")
    assert (disk.payments(), money(chain)) == ([payment_id], {"charged": 250})
    wait_until_it_sells(chain)


def test_a_disk_that_fills_in_mid_train_forgets_no_pulse(disk: SmallDisk) -> None:
    """What left the pin is written as soon as that is possible, and the rest follows."""
    chain = disk.chain
    payment_id = chain.stripe.pay(checkout(chain, 3))
    chain.controller.wait_for_line(f"{payment_id}: received")
    disk.fill()
    chain.controller.wait_for_line(FULL)

    disk.free()

    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    wait_until(lambda: chain.board.view().coins == 3, "three coins")
    assert money(chain) == {"charged": 250}
