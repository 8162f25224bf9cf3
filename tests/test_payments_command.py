"""`python -m controller payments`, as an operator runs it: beside the daemon, and changing nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cabinets import payment, train

from controller.ledger.file import MIGRATIONS, migrate
from controller.ledger.ledger import Ledger, LedgerError
from controller.ledger.reader import read_ledger
from controller.model.effects import (
    ClosePayment,
    IntendPulse,
    MarkAmbiguous,
    RecordAnswer,
    RecordCoin,
    RecordPayment,
    RecordPulse,
)
from controller.model.payment import Outcome, Payment, PulseFate, Receipt

ROOT = Path(__file__).parent.parent
NOON = "2026-06-01T12:00:00.000Z"
FAULT = "ledger damaged: kept as ledger.sqlite.damaged-20260601T120000Z, a new one begun"
CONFIG = """\
machine_id: galaga-01
name: Galaga
relay: {{url: https://pay.example.com, token: 1.{token}}}
broker: {{host: broker.example.com, password: galaga-password}}
coin_line: {{pin: 17}}
state_dir: {state_dir}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A daemon's ledger, in use: one sale settled, one in doubt whose receipt is owed, one open."""
    ledger = opened(path)
    fill(ledger)
    yield ledger
    ledger.close()


def opened(path: Path) -> Ledger:
    return Ledger(path, lambda: NOON)


FIRST = Receipt("pi_1", Outcome.DELIVERED, 1, 1)
SECOND = Receipt("pi_2", Outcome.PARTIAL, 1, 2)


def fill(ledger: Ledger) -> None:
    ledger.write([RecordPayment(train(payment())), IntendPulse("pi_1", 1), RecordPulse("pi_1", 1, 1.0, 1.1)])
    ledger.write([ClosePayment("pi_1", Outcome.DELIVERED, 1, "its last pulse was fired", FIRST)])
    ledger.write([RecordAnswer("pi_1", "settled"), RecordPayment(train(payment("pi_2", 2)))])
    ledger.write([IntendPulse("pi_2", 1), RecordPulse("pi_2", 1, 1.0, 1.1), IntendPulse("pi_2", 2)])
    ledger.write([MarkAmbiguous("pi_2", 2), ClosePayment("pi_2", Outcome.PARTIAL, 1, "a kill", SECOND)])
    ledger.write([RecordPayment(train(payment("pi_3")))])


def payments(*options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command, two hours east of Greenwich."""
    command = [sys.executable, "-m", "controller", "payments", *options]
    environment = {**os.environ, "TZ": "UTC-2"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


def listed(*options: str | Path) -> list[str]:
    """The payments that are listed."""
    done = payments("--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return [row["paymentId"] for row in json.loads(done.stdout)["payments"]]


def content(path: Path) -> dict[str, bytes]:
    """All files of the ledger, but for the memory that its readers share."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}


@pytest.mark.usefixtures("ledger")
def test_the_ledger_is_listed_beside_the_running_daemon(path: Path) -> None:
    """In local time, with what is still in its log."""
    lines = payments("--ledger", path).stdout.splitlines()

    assert [re.sub(r" +(age|-|\d+ d)$", "", line) for line in lines] == [
        "time      payment  amount  credits  pulses  state      receipt",
        "2026-06-01 Monday",
        "14:00:00  pi_1     $1.00   1/1      1/1     delivered  settled",
        "14:00:00  pi_2     $2.00   1/2      1/2 1?  partial    owed",
        "          a kill",
        "14:00:00  pi_3     $1.00   0/1      0/0     open       none",
    ]


def test_reading_changes_nothing_and_stops_nobody(ledger: Ledger, path: Path) -> None:
    """The daemon goes on writing."""
    before = content(path)
    assert listed("--ledger", path) == ["pi_1", "pi_2", "pi_3"]
    assert content(path) == before

    ledger.write([RecordPayment(train(payment("pi_4")))])
    assert listed("--ledger", path) == ["pi_1", "pi_2", "pi_3", "pi_4"]


def test_a_ledger_at_rest_is_read_without_making_a_file(ledger: Ledger, path: Path) -> None:
    """Not even SQLite's own beside it."""
    ledger.close()
    before = sorted(path.parent.iterdir())

    assert listed("--ledger", path) == ["pi_1", "pi_2", "pi_3"]
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.usefixtures("ledger")
def test_a_configuration_says_where_the_ledger_is(path: Path, tmp_path: Path) -> None:
    """As for the daemon."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(token="ab" * 32, state_dir=path.parent))
    config.chmod(0o600)

    assert listed("--config", config) == ["pi_1", "pi_2", "pi_3"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--state", "owed"], ["pi_2"]),
        (["--state", "open"], ["pi_3"]),
        (["--day", "2026-06-01"], ["pi_1", "pi_2", "pi_3"]),
        (["--day", "2026-06-02", "--state", "owed"], []),
    ],
)
@pytest.mark.usefixtures("ledger")
def test_some_can_be_asked_for(path: Path, options: list[str], names: list[str]) -> None:
    """By state, by day, or both."""
    assert listed("--ledger", path, *options) == names


@pytest.mark.usefixtures("ledger")
def test_totals_can_be_asked_for(path: Path) -> None:
    """For people and for programs."""
    assert payments("--ledger", path, "--totals").stdout.splitlines()[1:] == [
        "2026-06-01  2      2        0            1     1     0         0           0     0     $2.00",
        "all         2      2        0            1     1     0         0           0     0     $2.00",
    ]
    document = json.loads(payments("--ledger", path, "--totals", "--json").stdout)
    assert document["totals"][0]["charged"] == {"usd": 200}


def test_what_the_coin_meter_said_is_told(ledger: Ledger, path: Path) -> None:
    """A confirmed pulse is fired, a missed one is in doubt, and coins of metal are in the totals."""
    trial = Payment("test-1f", 2, None, None, has_receipt=False, test=True)
    ledger.write([RecordPayment(train(trial)), IntendPulse("test-1f", 1), IntendPulse("test-1f", 2)])
    ledger.write([RecordPulse("test-1f", 1, 1.0, 1.1, PulseFate.CONFIRMED), RecordCoin(1), RecordCoin(2)])
    ledger.write([RecordPulse("test-1f", 2, 1.2, 1.3, PulseFate.UNCOUNTED)])
    ledger.write([ClosePayment("test-1f", Outcome.PARTIAL, 1, "its last pulse was fired", None)])

    (row,) = json.loads(payments("--ledger", path, "--json", "--state", "test").stdout)["payments"]
    assert (row["paymentId"], row["state"], row["charged"]) == ("test-1f", "test", 0)
    assert row["pulses"] == {"all": 2, "intended": 2, "fired": 1, "ambiguous": 0, "uncounted": 1}
    assert payments("--ledger", path, "--totals").stdout.splitlines()[1:] == [
        "2026-06-01  2      2        0            1     1     0         2           0     1     $2.00",
        "all         2      2        0            1     1     0         2           0     1     $2.00",
    ]


def test_what_the_relay_charged_is_what_is_told(ledger: Ledger, path: Path) -> None:
    """A share below Stripe's least charge was not charged, whatever the credits cost."""
    ledger.write([RecordAnswer("pi_2", "settled", charged=0)])

    assert (
        "          not charged: below Stripe's least charge" in payments("--ledger", path).stdout.splitlines()
    )
    rows = json.loads(payments("--json", "--ledger", path).stdout)["payments"]
    assert [row["charged"] for row in rows] == [100, 0, 0]


def test_a_cash_coin_is_booked_on_its_local_day(ledger: Ledger, path: Path) -> None:
    """As a payment is: two hours east of Greenwich the day begins two hours before."""
    ledger.write([RecordCoin(1)])
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE coins SET counted_at = '2026-05-31T22:00:00.000Z'")
        db.execute("INSERT INTO coins VALUES (2, '2026-05-31T21:59:59.999Z')")
        db.commit()

    totals = json.loads(payments("--ledger", path, "--totals", "--json").stdout)["totals"]
    assert [(day["day"], day["cashCoins"]) for day in totals] == [("2026-05-31", 1), ("2026-06-01", 1)]


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_a_ledger_of_an_older_version_is_read_and_left_alone(tmp_path: Path, version: int) -> None:
    """Between an update and the daemon's restart; a file just being made is empty."""
    path = tmp_path / "older.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path, MIGRATIONS[:version])
        if version:
            db.execute(
                """
                INSERT INTO payments (id, credits, has_receipt, pulses, deadline_s, boot_id, received_at)
                VALUES ('pi_1', 1, 1, 1, 5.0, 'boot-a', '2026-06-01T12:00:00.000Z')
                """
            )
    before = path.read_bytes()

    assert listed("--ledger", path) == (["pi_1"] if version else [])
    assert path.read_bytes() == before


@pytest.mark.usefixtures("ledger")
def test_a_reader_that_has_seen_enough_is_no_error(path: Path) -> None:
    """`payments | head` says nothing on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "controller", "payments", "--ledger", path],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        cwd=ROOT,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")


# What cannot be read


def refusal(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    return done.returncode, done.stderr


def test_no_ledger_is_said_and_none_is_made(path: Path) -> None:
    """The operator may have named the wrong folder."""
    path.parent.mkdir()
    hint = "the controller makes it when it first starts; is this its state_dir?"

    assert refusal(payments("--ledger", path)) == (1, f"{path}: No such file or directory: {hint}\n")
    assert list(path.parent.iterdir()) == []


def test_a_file_that_is_no_ledger_is_said_and_left_alone(path: Path) -> None:
    """Only the daemon sets it aside."""
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    code, said = refusal(payments("--ledger", path))

    assert (code, said.startswith(f"{path}: cannot be read: file is not a database: ")) == (1, True)
    assert content(path) == {path.name: b"no database at all" * 100}


def test_a_configuration_that_is_wrong_is_the_daemons_error(tmp_path: Path) -> None:
    """With its exit status."""
    assert payments("--config", tmp_path / "config.yaml").returncode == 78


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own is private."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's part")
NOBODY = 65534
READ_AS = "read it as the user that the controller runs as, or as root"


@contextmanager
def as_nobody() -> Iterator[None]:
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@needs_root
def test_another_user_can_read_what_he_may_read(public_folder: Path) -> None:
    """While the daemon runs, and when it has stopped."""
    path = public_folder / "ledger.sqlite"
    ledger = opened(path)
    fill(ledger)
    with as_nobody():
        running = read_ledger(path)
    ledger.close()
    with as_nobody():
        stopped = read_ledger(path)

    assert [row.payment_id for row in running.rows] == ["pi_1", "pi_2", "pi_3"]
    assert stopped == running


@needs_root
def test_a_closed_folder_is_said_with_the_remedy(public_folder: Path) -> None:
    """The daemon's state belongs to the daemon."""
    path = public_folder / "ledger.sqlite"
    opened(path).close()
    public_folder.chmod(0o700)

    with as_nobody(), pytest.raises(LedgerError) as raised:
        read_ledger(path)
    assert str(raised.value) == f"{path}: Permission denied: {READ_AS}"


@needs_root
def test_a_log_that_cannot_be_joined_is_said(public_folder: Path) -> None:
    """A killed daemon's log may need a file beside it that another user cannot make."""
    path = public_folder / "ledger.sqlite"
    with closing(opened(public_folder / "running.sqlite")) as running:
        fill(running)
        for ending in ("", "-wal"):
            shutil.copy(public_folder / f"running.sqlite{ending}", f"{path}{ending}")

    with as_nobody(), pytest.raises(LedgerError) as raised:
        read_ledger(path)
    assert str(raised.value) == f"{path}: cannot be read: unable to open database file: {READ_AS}"


# Faults


@pytest.fixture
def faulty(path: Path) -> Path:
    """A ledger that took a damaged one's place."""
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    opened(path).close()
    return path


def test_a_fault_is_told_first(faulty: Path) -> None:
    """And in the document."""
    assert payments("--ledger", faulty).stdout == f"fault: {FAULT}\nno payments\n"
    assert json.loads(payments("--ledger", faulty, "--json").stdout)["faults"] == [FAULT]
