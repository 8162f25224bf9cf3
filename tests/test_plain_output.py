"""Other people's text never reaches a terminal or a log as it came: it could forge a line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import PASSWORDS
from hypothesis import given
from hypothesis import strategies as st
from relay_parts import Cabinet, RelayUnderTest, relay_under_test

import cloud_relay.rules.plain_text
import controller.pages.plain_text
from cloud_relay.__main__ import main
from cloud_relay.operator.table import table
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import PaymentIntent

ROOT = Path(__file__).parent.parent
BOTH = pytest.mark.parametrize(
    "plain", [cloud_relay.rules.plain_text.plain, controller.pages.plain_text.plain], ids=["relay", "cabinet"]
)
MODULES = pytest.mark.parametrize("module", ["cloud_relay.plain_output", "controller.system.plain_output"])
HOSTILE = "a\x1b[2J\x9b1m\u202egnp\nINFO cloud_relay: Published pi_1\r\x07\x7f\u2028\x00"
SPELLED = (
    r"a\x1b[2J\x9b1m\u202egnp\nINFO cloud_relay: Published pi_1\r\x07\x7f\u2028\x00"  # character by character
)

# What a program does with such a text: it logs it, logs it with its traceback, and prints it.
PROGRAM = """
import logging, sys
from {module} import make_log_plain, plain_terminal

hostile = sys.stdin.read()
logging.basicConfig(format="%(levelname)s %(message)s")
make_log_plain()
make_log_plain()
logging.error("heard %s", hostile)
try:
    raise ValueError(hostile)
except ValueError:
    logging.exception("failed")
with plain_terminal():
    print("printed", hostile)
    print("complained", hostile, file=sys.stderr)
print("itself again")
"""


@BOTH
def test_what_would_act_on_a_terminal_is_spelled_out(plain: Callable[..., str]) -> None:
    """C0, C1, escape sequences, line ends of every kind, directions; what people write stays as it is."""
    assert plain(HOSTILE) == SPELLED
    assert plain("Zürich ☃ アーケード 🎮 a b") == "Zürich ☃ アーケード 🎮 a b"
    assert plain("a\nb\tc\x1b", keep="\n\t") == "a\nb\tc\\x1b"


@BOTH
@given(st.text(st.characters(), max_size=50))
def test_nothing_gets_through(plain: Callable[..., str], text: str) -> None:
    """Of any text, half a surrogate pair too; and what was plain is not spelled again."""
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)
    plain(text).encode("utf-8")


@MODULES
def test_logs_tracebacks_and_terminals_are_plain(module: str) -> None:
    """A message is one line, a traceback's lines have a mark of their own, and a page keeps its lines."""
    program = [sys.executable, "-c", PROGRAM.format(module=module)]
    ran = subprocess.run(program, input=HOSTILE.replace("\r", ""), capture_output=True, text=True, check=True)
    once = SPELLED.replace(r"\r", "")
    lines = ran.stderr.splitlines()
    assert lines[:3] == [f"ERROR heard {once}", "ERROR failed", "  | Traceback (most recent call last):"]
    assert [line for line in lines[3:] if not line.startswith("  | ")] == (
        [f"complained {half}" if not at else half for at, half in enumerate(once.split(r"\n"))]
    )
    printed = [f"printed {once}".replace(r"\n", "\n"), "itself again"]
    assert ran.stdout == "\n".join(printed) + "\n"


def test_a_cell_of_a_table_is_one_line() -> None:
    """Its columns stay in line, whatever stands in them."""
    assert table(("name", "state"), [("a\nb\x1b", "ok")]) == "name      state\na\\nb\\x1b  ok\n"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("plain"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[RelayUnderTest]:
    """A relay, with the environment of its operator's commands."""
    with relay_under_test(broker) as running:
        running.stripe.webhooks.url = None
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.mark.parametrize("arguments", [["open"], ["machines"], ["open", "--json"], ["machines", "--json"]])
def test_no_command_of_the_operator_prints_what_acts(
    relay: RelayUnderTest, broker: Broker, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """A stolen cabinet's status, and what stands in Stripe's metadata."""
    marked = relay.settings.stripe.ownership.mark({"machine_id": "galaga-01", "quantity": HOSTILE})
    payment_id = relay.pay_in_secret(marked)
    conflict = {"conflict": HOSTILE, "conflict_machine_id": "galaga-01"}
    relay.stripe.book.table(PaymentIntent)[payment_id].metadata.update(conflict)
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say(state=HOSTILE, version=HOSTILE, faults=[HOSTILE], timestamp=HOSTILE)
        assert main(arguments) == 0
        cabinet.say_raw(b"")
    printed = capsys.readouterr().out
    assert payment_id in printed
    assert [line for line in printed.splitlines() if not line.isprintable()] == []
    if "--json" in arguments:
        json.loads(printed)


def test_what_fails_is_said_plainly_too(
    relay: RelayUnderTest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that cannot be used is named, and does not act."""
    monkeypatch.setenv("PRICE_ID", "price_1\x1b[2J")
    monkeypatch.setenv("RELEASE_AFTER", "\u202e72h")
    assert main(["open"]) == 78
    said = capsys.readouterr().err
    assert "RELEASE_AFTER: is '\\u202e72h'" in said
    assert all(line.isprintable() for line in said.splitlines())


# How each program begins, and something that is logged then.
BEGINNINGS = {
    "server": "from cloud_relay.app import create_app_from_environment as begin; begin()",
    "lambda": "from cloud_relay.lambda_handler import _handler as begin; begin()",
}


@pytest.mark.parametrize(
    ("log_format", "said"),
    [
        ("text", r"\[ERROR\]\theard a\\x1b\[2Jb\n"),
        ("json", r'\{"time": "[^"]+", "level": "ERROR", .*, "message": "heard a\\u001b\[2Jb"\}\n'),
    ],
)
@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=list(BEGINNINGS))
def test_the_relay_logs_plainly_however_it_is_started(
    relay: RelayUnderTest, beginning: str, log_format: str, said: str
) -> None:
    """Lambda's own handler is there before us, as it is here."""
    program = f"""
import logging, sys
logging.basicConfig(format="[%(levelname)s]\\t%(message)s")
{beginning}
logging.getLogger("cloud_relay").error("heard %s", sys.stdin.read())
"""
    environment = {"PATH": os.environ["PATH"], **relay.variables, "TIDY_EVERY_S": "0"}
    environment["LOG_FORMAT"] = log_format
    command = [sys.executable, "-c", program]
    ran = subprocess.run(
        command, env=environment, cwd=ROOT, input="a\x1b[2Jb", capture_output=True, text=True, check=True
    )
    assert re.fullmatch(said, ran.stderr)


def test_the_cabinets_commands_speak_plainly(tmp_path: Path) -> None:
    """Of a configuration file whose name or text would act on the terminal."""
    config = tmp_path / "a\x1b[2J.yaml"
    config.write_text("machine_id: 'a\x1b[2J'\n")
    for arguments in (["status", "--config", str(config)], ["run", "--config", str(config)]):
        command = [sys.executable, "-m", "controller", *arguments]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        said = ran.stdout + ran.stderr
        assert "a\\x1b[2J.yaml" in said
        assert [line for line in said.splitlines() if not line.isprintable()] == []
