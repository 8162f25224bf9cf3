"""What tests of the fleet share: a small cabinet that keeps a journal, and databases of both kinds."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from small_disk import SmallDisk
from sqlalchemy import Connection, select
from sqlalchemy.engine import URL, make_url

from fleet.book import tables
from fleet.journal.batch import Batch, read_batch
from fleet.journal.chain import BEGINNING, canonical, next_sum

NOON = 1_795_000_000.0  # a day in November 2026
_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path("/usr/bin")]


@dataclass
class SmallCabinet:
    """A cabinet's journal, as the wire contract has it; `boot_began_at` is what nobody but the test knows."""

    machine_id: str = "galaga-01"
    ledger: str = "a" * 32
    boot: str = "boot-1"
    boot_began_at: float = NOON
    now_s: float = 10.0
    entries: list[dict[str, Any]] = field(default_factory=list)
    first: int = 1

    def write(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Write an entry, one second after the last."""
        self.now_s += 1.0
        wall = datetime.fromtimestamp(self.boot_began_at + self.now_s, UTC).isoformat()
        entry = {
            "seq": len(self.entries) + 1,
            "kind": kind,
            "boot": self.boot,
            "s": self.now_s,
            "wall": wall,
            **fields,
        }
        self.entries.append(entry)
        return entry

    def sell(self, payment_id: str, credits: int = 1, amount: int = 100, **fields: Any) -> None:
        """A sale that went well, and the relay's answer to it."""
        sale = {
            "paymentId": payment_id,
            "credits": credits,
            "amount": amount,
            "currency": "eur",
            "outcome": "delivered",
            "reason": "",
            "creditsDelivered": credits,
            "fired": credits,
            "uncounted": 0,
            "ambiguous": 0,
        }
        self.write("sale", **(sale | fields))
        self.write("settled", paymentId=payment_id, answer="settled", charged=amount)

    def restart(self, boot: str, began_at: float) -> None:
        """Another boot."""
        self.boot, self.boot_began_at, self.now_s = boot, began_at, 5.0

    def sum_at(self, seq: int) -> str:
        """The sum of the entry with this number."""
        total = BEGINNING
        for entry in self.entries[:seq]:
            total = next_sum(total, canonical(entry))
        return total

    def payload(self, after: int = 0, most: int = 1000) -> bytes:
        """A batch of the entries after this number."""
        chosen = self.entries[max(after, self.first - 1) :][:most]
        before = chosen[0]["seq"] - 1 if chosen else 0
        fields = {
            "machineId": self.machine_id,
            "ledger": self.ledger,
            "first": self.first,
            "bootId": self.boot,
            "sentS": self.now_s,
            "prev": self.sum_at(before),
            "entries": chosen,
        }
        return json.dumps(fields, separators=(",", ":")).encode()

    def batch(self, after: int = 0, most: int = 1000) -> Batch:
        """A batch of the entries after this number, as it is read."""
        return read_batch(self.payload(after, most), self.machine_id)

    @property
    def sent_at(self) -> float:
        """When a message that is sent now comes, at once."""
        return self.boot_began_at + self.now_s


def rows(connection: Connection, table: Any, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of all rows, in the order of the table's key."""
    return [tuple(row) for row in connection.execute(select(*(table.c[name] for name in columns)))]


def whole_book(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that is computed from entries, without the numbers that a database gives by itself."""
    computed = (tables.sales, tables.coins, tables.games, tables.faults, tables.happenings, tables.days)
    return {
        table.name: sorted(
            tuple(value for name, value in row._mapping.items() if name != "entry_id")
            for row in connection.execute(select(table))
        )
        for table in computed
    }


def has_postgres() -> bool:
    """Whether this machine has a PostgreSQL to start."""
    return (_POSTGRES[-1] / "initdb").exists() or shutil.which("initdb") is not None


class Postgres:
    """A PostgreSQL of its own in a folder, reached by a socket there.

    `inside` is a command that its own are given to, and that becomes them.
    """

    def __init__(self, folder: Path, inside: Sequence[str] = ()) -> None:
        self._folder = folder
        self._inside = inside
        self._process: subprocess.Popen[bytes] | None = None
        # It refuses to be root's; an ordinary user must reach the folder.
        self._user = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        folder.mkdir(parents=True)
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "--auth=trust", "--username=fleet", "--no-sync", "-D", str(folder / "data"))

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off"
        self._run(
            "pg_ctl",
            "-w",
            "-D",
            str(self._folder / "data"),
            "-o",
            options,
            "-l",
            f"{self._folder}/log",
            "start",
        )

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._run("pg_ctl", "-w", "-D", str(self._folder / "data"), "-m", "immediate", "stop")

    def new_database(self, name: str, disk: SmallDisk | None = None) -> URL:
        """An empty database, with its tables on this disk."""
        where = ["-h", str(self._folder), "-U", "fleet"]
        if disk and self._user:
            os.chown(disk.seen, self._user.pw_uid, self._user.pw_gid)
            self._run("psql", *where, "-c", f"CREATE TABLESPACE {name} LOCATION '{disk.folder}'", "postgres")
        self._run("createdb", *where, *([f"--tablespace={name}"] if disk else []), name)
        return make_url(f"postgresql+psycopg://fleet@/{name}").update_query_dict({"host": str(self._folder)})

    def _run(self, program: str, *arguments: str) -> None:
        path = _POSTGRES[-1] / program
        # Who enters another's mounts is root, and becomes the ordinary user there.
        become = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups"]
        inside = [*self._inside, "setpriv", *become] if self._inside and self._user else []
        command = [*inside, str(path) if path.exists() else program, *arguments]
        user = {"user": self._user.pw_uid, "group": self._user.pw_gid} if self._user and not inside else {}
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **user
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')}")


@contextmanager
def running_postgres(inside: Sequence[str] = ()) -> Iterator[Postgres]:
    """One in a short folder, for a socket's path may have only a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as top:
        Path(top).chmod(0o711)
        server = Postgres(Path(top) / "pg", inside)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def names(entries: Sequence[Any]) -> list[int]:
    """The numbers of entries."""
    return [entry.seq for entry in entries]
