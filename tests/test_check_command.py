"""`python -m controller check`: whole pages, of a cabinet that is well and of one that is not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import has_caught_up, wait_until
from workbench import workbench

from controller import __version__
from controller.check.command import Surroundings, look_at_all
from controller.config.keys import load_config
from controller.pages.check_page import MARKS, section_text, summary_text
from controller.pages.findings import Section
from simulator.chain.chain import Chain, running_chain
from simulator.chain.ports import free_port

BROKER_GOOD = """\
broker
  ✓ 127.0.0.1 answers at port BROKER
  ✓ its certificate is good for 127.0.0.1 until DATE
  ✓ the running controller is logged in as star-raider-01
  - its rules were not tried: at some brokers a second login ends the first. To
    try them, when nobody plays: sudo systemctl stop arcade-controller; sudo
    cabinet check; sudo systemctl start arcade-controller
"""
POWER = """\
power
  - nothing here tells whether the power is too weak; on a Raspberry Pi ask it
    by hand: vcgencmd get_throttled
"""
GOOD = f"""\
configuration
  ✓ /F/config.yaml can be used: Star Raider (star-raider-01), board jamma
  ! mock_pins_for_demo_only is set: no coin reaches a real board
    → Take the line out, unless this is a demo.

service
  - systemd has no arcade-controller here
  ✓ the controller is running: waiting for a player, selling

pins
  ✓ the running controller was asked, which owns the pins (version {__version__})
  ✓ coin line: GPIO 17 is the controller's
  ✓ game_over: GPIO 27 is high: not active
  ✓ ready: GPIO 22 is low: active

{POWER}
{BROKER_GOOD}
relay
  ✓ 127.0.0.1 answers at port RELAY
  ✓ it takes the token, and sells 2 offers for star-raider-01
  ✓ the address of the QR opens: http://127.0.0.1:RELAY/p/star-raider-01

clock
  - timedatectl does not say whether the clock is synchronised
  ✓ within 60 s of the relay's

display
  - systemd has no arcade-attract-screen here

disk
  ✓ /F/state is on / (ext4), which keeps what is written
  ✓ /F/state can be written to
  ✓ SOME MB are free

ledger
  ✓ /F/state/ledger.sqlite is whole: 0 payments
  ✓ receipts owed to the relay: 0

Nothing is wrong, 1 thing to know.
"""
BAD = """\
configuration
  ✓ /F/config.yaml can be used: Star Raider (star-raider-01), board naomi
  ! /F/config.yaml:2: board is naomi, which holds 9 credits, and no
    game_over.pin is wired: what was credited only counts as played after
    session_timeout_s (1800 s)
    → Edit that line, and restart: sudo systemctl restart arcade-controller.
  ! mock_pins_for_demo_only is set: no coin reaches a real board
    → Take the line out, unless this is a demo.

service
  - systemd has no arcade-controller here
  ✗ no controller is running
    → Start it: sudo systemctl start arcade-controller.

pins
  - no controller runs: each pin was claimed for a moment, as an input
  ✓ coin line: GPIO 17 is free, and low: at rest
  ✓ ready: GPIO 22 is free, and low: active
  ✓ coin_meter: GPIO 23 is free, and high: not active

POWER
broker
  ✗ 127.0.0.1 does not answer at port BROKER: Connection refused
    → Check broker.host and its port, that it runs, and that no firewall is in
      between.

relay
  ✗ 127.0.0.1 does not answer at port RELAY: Connection refused
    → Check relay.url and its port, that it runs, and that no firewall is in
      between.

clock
  - timedatectl does not say whether the clock is synchronised
  - not compared with the relay's, which does not answer: [Errno 111] Connection
    refused

display
  - systemd has no arcade-attract-screen here

disk
  ✗ /F/state is on / (overlay), which forgets everything with the power,
    payments too
    → Give /F/state a small ext4 partition of its own: docs/read-only-root.md
      tells how.
  ✓ /F/state will be made by the controller's first start
  ✓ SOME MB are free

ledger
  - /F/state/ledger.sqlite: none yet; the controller makes it when it first
    starts

4 things are wrong, 2 things to know.
""".replace("POWER\n", POWER + "\n")


@pytest.fixture(autouse=True)
def _no_timedatectl(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine's own clock service says is not the test's."""
    monkeypatch.setenv("PATH", "/usr/sbin:/sbin")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A cabinet that sells."""
    with running_chain(tmp_path_factory.mktemp("chain")) as running:
        wait_until(lambda: '"accepting": true' in read(running.feed_file), "a cabinet that sells")
        wait_until(lambda: has_caught_up(running.controller), "the answers to its first questions")
        yield running


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def elsewhere(folder: Path, root: str = "ext4") -> Surroundings:
    """A machine without systemd, and with one file system."""
    mounts = folder / "mountinfo"
    mounts.write_text(f"25 1 179:2 / / rw,noatime shared:1 - {root} /dev/mmcblk0p2 rw\n")
    return Surroundings(folder / "no-systemd", mounts, folder, folder, folder)


def page(config_file: Path, where: Surroundings, names: dict[str, str]) -> str:
    """The page at 80 columns, with names in the place of what differs from run to run."""

    def named(text: str) -> str:
        for what, name in names.items():
            text = text.replace(what, name)
        return re.sub(r"until \d{4}-\d\d-\d\d", "until DATE", re.sub(r"\d+ MB are", "SOME MB are", text))

    sections = [
        Section(
            section.name,
            tuple(replace(f, text=named(f.text), remedy=named(f.remedy)) for f in section.findings),
        )
        for section in look_at_all(load_config(config_file), config_file, where)
    ]
    return "\n".join(section_text(section, MARKS, 80) for section in sections) + "\n" + summary_text(sections)


def test_a_cabinet_that_is_well_has_this_page(chain: Chain, tmp_path: Path) -> None:
    """Whole, while it runs."""
    names = {
        str(chain.folder): "/F",
        f"127.0.0.1:{chain.relay_url.rpartition(':')[2]}": "127.0.0.1:RELAY",
        f"at port {chain.relay_url.rpartition(':')[2]}": "at port RELAY",
        f"at port {chain.broker.port}": "at port BROKER",
    }
    assert page(chain.config_file, elsewhere(tmp_path), names) == GOOD


def test_a_check_leaves_no_trace_in_the_cabinet(chain: Chain, tmp_path: Path) -> None:
    """Its status, its connection and its coin line are as they were."""
    before = chain.controller.log_lines
    list(look_at_all(load_config(chain.config_file), chain.config_file, elsewhere(tmp_path)))
    assert (chain.controller.log_lines, chain.board.view().coins) == (before, 0)
    assert [told for told in chain.observer.messages if '"check"' in told.payload] == []


def test_a_cabinet_that_is_not_well_has_this_page(tmp_path: Path) -> None:
    """Whole: nothing runs, and the root file system is an overlay."""
    broker, relay = free_port(), free_port()
    with workbench(
        tmp_path,
        game_over=None,
        board="naomi",
        broker={"host": "127.0.0.1", "port": broker, "password": "made-up"},
        relay={"url": f"http://127.0.0.1:{relay}", "token": "1." + "ab" * 32},
        payment_link=None,
    ) as bench:
        names = {
            str(tmp_path): "/F",
            f"at port {broker}": "at port BROKER",
            f"at port {relay}": "at port RELAY",
        }
        assert page(bench.config_file, elsewhere(tmp_path, "overlay"), names) == BAD


def command(config_file: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "controller", "check", *options, "--config", str(config_file)],
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_command_ends_with_1_if_something_is_wrong(tmp_path: Path) -> None:
    """And says the same as JSON, for a program. No secret is in either."""
    with workbench(tmp_path) as bench:
        plain, as_json = command(bench.config_file, TERM="linux"), command(bench.config_file, "--json")
    found = json.loads(as_json.stdout)
    names = " ".join(section["name"] for section in found["sections"])
    assert (plain.returncode, as_json.returncode, found["ok"]) == (1, 1, False)
    assert names == "configuration service pins power broker relay clock display disk ledger"
    assert plain.stdout.startswith("configuration\n  ok ")
    assert "made-up" not in plain.stdout + plain.stderr + as_json.stdout + as_json.stderr


def test_a_configuration_that_cannot_be_used_is_all_that_is_told(tmp_path: Path) -> None:
    """With every problem, as when the daemon starts."""
    path = tmp_path / "config.yaml"
    path.touch(mode=0o600)
    path.write_text("machine_id: galaga 01\n")
    ended = command(path)
    lines = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout, len(lines)) == (78, "", 6)
    assert all(line.startswith(f"{path}:") for line in lines)


def test_what_does_not_answer_is_given_up(tmp_path: Path) -> None:
    """A page that never ends helps nobody; what is known in time is on it."""
    with workbench(tmp_path) as bench:
        began_s = time.monotonic()
        where = elsewhere(tmp_path)
        sections = look_at_all(load_config(bench.config_file), bench.config_file, where, ends_within_s=0)
        said = {finding.text for section in sections for finding in section.findings}
        assert time.monotonic() < began_s + 20
    assert "not known within 0 s" in said
