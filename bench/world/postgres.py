"""A PostgreSQL of its own, as it is installed: durable, reached by a socket in its folder."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL, make_url

_INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@contextmanager
def postgres() -> Iterator[URL | None]:
    """The address of an empty database; None where no PostgreSQL is installed."""
    if not _INSTALLED:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="bench-pg-", dir="/tmp") as folder:  # a socket's path is short
        Path(folder).chmod(0o755)
        place, options = Path(folder) / "pg", f"-k {folder}/pg -c listen_addresses=''"
        place.mkdir()
        if os.getuid() == 0:  # it refuses to be root's
            nobody = pwd.getpwnam("nobody")
            os.chown(place, nobody.pw_uid, nobody.pw_gid)
        _run("initdb", "--auth=trust", "--username=fleet", "-D", f"{place}/data")
        _run("pg_ctl", "-w", "-D", f"{place}/data", "-o", options, "-l", f"{place}/log", "start")
        try:
            url = make_url("postgresql+psycopg://fleet@/postgres").update_query_dict({"host": str(place)})
            yield url
        finally:
            _run("pg_ctl", "-w", "-D", f"{place}/data", "-m", "immediate", "stop")


def _run(program: str, *arguments: str) -> None:
    command = [str(_INSTALLED[-1] / program), *arguments]
    user = "nobody" if os.getuid() == 0 else None
    subprocess.run(command, cwd="/", user=user, stdout=subprocess.DEVNULL, check=True)
