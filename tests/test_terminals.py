"""Every command at every terminal: one without our characters, one that is gone, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from check_parts import on_path
from conftest import wait_until
from relay_parts import environment
from workbench import Workbench, workbench

from controller.__main__ import parser
from controller.ledger.ledger import Ledger

ROOT = Path(__file__).parent.parent
GREEK = "Ζούγκλα €"
QUIET = ["attract_screen", "cloud_relay"]
# The real locales of old systems, as far as Python tells them apart: what is printed, and what paths are in.
TERMINALS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1:strict"},
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def ran(
    command: list[str], *, out: int = subprocess.PIPE, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """A command in its own environment; what it says is bytes, in whatever encoding."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A Greek cabinet that is stopped, with a ledger of one payment in euro."""
    with workbench(tmp_path, name=GREEK) as stopped:
        (tmp_path / "state").mkdir(mode=0o700)
        Ledger(tmp_path / "state" / "ledger.sqlite", lambda: "2026-06-01T12:00:00.000Z").close()
        insert = (
            "INSERT INTO payments (id, credits, amount, currency, has_receipt, pulses, deadline_s, boot_id, "
            "received_at) VALUES ('pi_1', 1, 250, 'eur', 1, 1, 5.0, 'boot-a', '2026-06-01T12:00:00.000Z')"
        )
        stopped_ledger(tmp_path, insert)
        yield stopped


def stopped_ledger(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "state" / "ledger.sqlite")) as db, db:
        db.execute(sql)


def controllers_commands(bench: Workbench) -> dict[str, list[str]]:
    """One of each, as it is typed; all that the parser knows, or this fails."""
    config = ["--config", str(bench.config_file)]
    setup = ["--notice", str(bench.folder / "notice.json"), *config]
    commands = {
        "check": config,
        "check-config": config,
        "clear": config,
        "config-value": ["name", *config],
        "logs": [],
        "payments": config,
        "pulse": ["1", *config],
        "release-lines": config,
        "run": ["--real-pins-only", *config],
        "screen": ["player", *config],
        "setup-screen": ["--once", "--screen-feed", str(bench.folder / "screen.json"), *setup],
        "status": config,
        "take-card": ["--boot", str(bench.folder / "boot"), *setup],
        "watch": ["--lines", *config],
    }
    (known,) = (action.choices for action in parser()._actions if action.dest == "command")
    assert set(commands) == set(known or ())
    return {name: python("controller", name, *rest) for name, rest in commands.items()}


@pytest.mark.parametrize("terminal", TERMINALS.values(), ids=list(TERMINALS))
def test_every_terminal_can_show_a_greek_cabinet_that_sells_for_euro(
    bench: Workbench, terminal: dict[str, str]
) -> None:
    """What it has no character for is a question mark, and the rest of the page is there."""
    for name, command in controllers_commands(bench).items():
        if name in ("watch", "logs"):  # they go on, and are journalctl's
            continue
        ended = ran(command, **terminal)
        assert b"Traceback" not in ended.stdout + ended.stderr, name
        assert b"Error" not in ended.stderr, (name, ended.stderr)
        assert (name, ended.returncode) == (
            name,
            {"check": 1, "status": 1, "screen": 1, "run": 78}.get(name, 0),
        ), ended
    name = ran(controllers_commands(bench)["config-value"], PYTHONIOENCODING="ascii:strict")
    assert name.stdout == b"??????? ?\n"
    assert b"2.50" in ran(controllers_commands(bench)["payments"], **terminal).stdout


@pytest.mark.parametrize("terminal", TERMINALS.values(), ids=list(TERMINALS))
def test_json_is_whole_at_every_terminal(bench: Workbench, terminal: dict[str, str]) -> None:
    """For a program a question mark would be another name: JSON is ASCII, and spells out the rest."""
    ended = ran([*controllers_commands(bench)["check"], "--json"], **terminal)
    said = json.loads(ended.stdout)["sections"][0]["findings"][0]["text"]
    assert said == f"{bench.config_file} can be used: {GREEK} (star-raider-01), board jamma"


def test_a_path_that_the_locale_cannot_name_is_told(tmp_path: Path) -> None:
    """The service, in its own locale, could; so the remedy is another locale."""
    with workbench(tmp_path, state_dir=f"{tmp_path}/Σ") as bench:
        ended = ran(bench.command("payments"), **TERMINALS["C"])
    told = f"{tmp_path}/\\u03a3/ledger.sqlite has characters that this locale (ascii) cannot name"
    remedy = "put LC_ALL=C.UTF-8 in front of the command"
    assert (ended.returncode, ended.stderr.decode()) == (1, f"{told}: {remedy}\n")


def closed_pipe() -> int:
    """An end to write to, whose reader is gone: `| head -0`."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def silent_commands(bench: Workbench) -> dict[str, list[str]]:
    """Those that have something to print, of all four programs."""
    ours = {
        name: each
        for name, each in controllers_commands(bench).items()
        if name not in ("check-config", "release-lines", "run", "logs", "take-card", "setup-screen")
    }
    helps = {
        each: python(each, "--help") for each in ("controller", "cloud_relay", "attract_screen", "simulator")
    }
    relay = {"token": python("cloud_relay", "token", "galaga-01")}
    return {**ours, **helps, **relay}


def test_a_reader_that_is_gone_ends_every_command_quietly(bench: Workbench) -> None:
    """As any other tool: nothing on stderr, and the status that a shell gives to SIGPIPE."""
    got = {}
    for name, command in silent_commands(bench).items():
        writer = closed_pipe()
        ended = ran(command, out=writer, **environment())
        os.close(writer)
        got[name] = (ended.returncode, ended.stderr.decode())
    alone = "no controller answers: only the inputs are watched; end this before you start the controller"
    watch = f"{bench.control}: {alone}\n"
    assert got == {name: (141, watch if name == "watch" else "") for name in got}


def test_a_reader_of_complaints_that_is_gone_changes_nothing(tmp_path: Path) -> None:
    """The status is that of the fault, which `2>&1 | head -0` did not want to read."""
    writer = closed_pipe()
    command = python("controller", "status", "--state")
    wrong_call = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=writer, check=False)
    refused = python("controller", "check", "--config", str(tmp_path / "none.yaml"))
    no_config = subprocess.run(refused, cwd=ROOT, stdout=writer, stderr=writer, check=False)
    os.close(writer)
    assert (wrong_call.returncode, no_config.returncode) == (2, 78)


def test_what_cannot_be_written_is_said(bench: Workbench) -> None:
    """A full disk takes no list of payments; a traceback, and a status of success, took its place."""
    with Path("/dev/full").open("wb") as full:
        ended = ran(bench.command("payments"), out=full.fileno())
    said = "what this prints cannot be written: No space left on device\n"
    assert (ended.returncode, ended.stderr.decode()) == (1, said)


@pytest.mark.parametrize("closing_it", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_is_none_to_fail_at(bench: Workbench, closing_it: str) -> None:
    """As cron and some launchers start a program."""
    command = " ".join(bench.command("check-config"))
    assert ran(["sh", "-c", f"{command} {closing_it}"]).returncode == 0


def press_ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """Send SIGINT once it sleeps: Python misses one in the moment before, until its wait is over."""
    status = Path(f"/proc/{process.pid}/stat")
    wait_until(lambda: status.read_text().rpartition(")")[2].split()[0] == "S", "a process that waits")
    process.send_signal(signal.SIGINT)


def interrupted(command: list[str], gate: Path, **variables: str) -> tuple[int, bytes, bytes]:
    """Ctrl-C once the command waits at the FIFO `gate`, which it wants to read."""
    gate.unlink(missing_ok=True)
    os.mkfifo(gate, 0o600)
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    writer = os.open(gate, os.O_WRONLY)  # returns when the other end is open
    press_ctrl_c(process)
    out, err = process.communicate(timeout=60)
    os.close(writer)
    return process.returncode, out, err


def test_ctrl_c_ends_every_command_of_the_cabinet_quietly(bench: Workbench, tmp_path: Path) -> None:
    """Here each waits for its configuration; the status is what a shell gives to SIGINT."""
    commands = controllers_commands(bench)
    del commands["logs"]  # journalctl by then
    for name, command in commands.items():
        waiting = [*command[:-1], str(tmp_path / "gate")]
        assert (name, *interrupted(waiting, tmp_path / "gate")) == (name, 130, b"", b"")


def test_ctrl_c_ends_a_check_that_waits_for_the_network(tmp_path: Path) -> None:
    """Its threads are left behind, whatever they wait for."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        broker = {"host": "127.0.0.1", "port": silent.getsockname()[1], "password": "made-up"}
        with workbench(tmp_path, broker=broker) as bench:
            process = subprocess.Popen(
                bench.command("check"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
            )
            connection, _ = silent.accept()
            press_ctrl_c(process)
            _, err = process.communicate(timeout=60)
            connection.close()
    assert (process.returncode, err) == (130, b"")


def test_ctrl_c_ends_a_picture_quietly(tmp_path: Path) -> None:
    """`--render` of a feed that does not come."""
    gate = tmp_path / "gate"
    command = python("attract_screen", "--feed", str(gate), "--render", str(tmp_path / "picture.png"))
    assert interrupted(command, gate) == (130, b"", b"")


def test_ctrl_c_ends_the_operators_commands_quietly() -> None:
    """While Stripe, here a deaf one, is asked."""
    with closing(socket.create_server(("127.0.0.1", 0))) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        process = subprocess.Popen(
            python("cloud_relay", "open"),
            cwd=ROOT,
            env={**os.environ, **environment(STAND_IN_STRIPE_URL=url)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        deaf.settimeout(60)
        connection, _ = deaf.accept()
        connection.recv(1)
        press_ctrl_c(process)
        ended = (*process.communicate(timeout=60), process.returncode)
        connection.close()
    assert ended == (b"", b"", 130)


@pytest.mark.parametrize(
    ("program", "library"),
    [("controller", "gpiozero"), ("cloud_relay", "stripe"), ("attract_screen", "pygame")],
)
def test_ctrl_c_while_a_program_is_still_loaded_is_quiet_too(
    tmp_path: Path, program: str, library: str
) -> None:
    """On a Pi that takes seconds, in which a technician thinks again."""
    (tmp_path / f"{library}.py").write_text(f"open({str(tmp_path / 'gate')!r}).read()\n")
    command = python(program, "check" if program == "controller" else "--help")
    assert interrupted(command, tmp_path / "gate", PYTHONPATH=str(tmp_path)) == (130, b"", b"")


def test_ctrl_c_ends_a_sale_with_one_sentence(tmp_path: Path) -> None:
    """`demo-once` has started a broker, a relay and a cabinet by then, and ends them all."""
    process = subprocess.Popen(
        python("simulator", "demo-once"),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_until(lambda: any(tmp_path.glob("arcade-demo-*/*")), "a demo that is under way")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"Ended before the sale was over.\n")
    assert list(tmp_path.iterdir()) == []


def test_journalctl_ends_as_it_does_by_itself(tmp_path: Path) -> None:
    """A pipe that is closed ends it: Python ignores that signal, and what it becomes would inherit this."""
    on_path(tmp_path / "bin", "journalctl", 'grep SigIgn: /proc/self/status >"$SAID"')
    said = tmp_path / "said"
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    assert ran(python("controller", "logs"), PATH=path, SAID=str(said)).returncode == 0
    ignored = int(said.read_text().split()[1], 16)
    assert ignored & (1 << (signal.SIGPIPE - 1)) == 0


def test_the_relay_ends_as_the_cabinet_does() -> None:
    """It ships alone, with a copy."""
    mine, copy = ((ROOT / package / "quiet_end.py").read_text() for package in QUIET)
    assert copy == mine.replace(
        "The relay, which ships alone, has a copy.",
        "A copy of the attract screen's, for the relay ships alone.",
    )
