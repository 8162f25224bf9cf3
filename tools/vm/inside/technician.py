"""What a technician types at a cabinet that sells: the commands, a coin meter, an edited config.yaml."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import cabinet
from cabinet import CONFIG, PLAIN, Pulses, command, feed, journal, ledger, pulses_of, run, show
from checks import same, wait_for
from phone import Phone

from simulator.chain.cabinet import COIN_METER, MACHINE_ID, NAME

WATCHED = Path("/run/watched")
METERED = {"coin_meter": COIN_METER}
LEFT = "state IN ('fired', 'confirmed')"


def work_on(phone: Phone) -> None:
    """All of it; leaves the cabinet selling, with its coin meter."""
    _meter(phone)
    _pulse_and_watch()
    _payments()
    _status()
    _check()
    _reload(phone)
    _active_low(phone)


def _meter(phone: Phone) -> None:
    cabinet.configure(**METERED)
    cabinet.restart()
    wait_for("the cabinet to sell", phone.sells)
    coins = cabinet.coins()
    payment = phone.pay(3)
    same("a sale that the board's coin meter counts is charged", ("succeeded", 250), phone.settled(payment))
    same(
        "each of its pulses was confirmed",
        (["confirmed"] * 3, 3),
        (pulses_of(payment), cabinet.coins() - coins),
    )


def _pulse_and_watch() -> None:
    """A test credit, with `cabinet watch` looking on."""
    line = Pulses()
    watching = ["/usr/local/bin/cabinet", "watch"]
    with (
        WATCHED.open("w") as file,
        subprocess.Popen(watching, env=PLAIN, stdout=file, start_new_session=True) as watch,
    ):
        wait_for("the lines as they stand", lambda: WATCHED.read_text().count("at start") == 3)
        status, said = command("pulse", "1")
        [payment] = ledger("SELECT id FROM payments WHERE test ORDER BY rowid DESC LIMIT 1")
        wait_for("the end of it", lambda: f"{payment}: delivered" in WATCHED.read_text())
        os.killpg(watch.pid, signal.SIGINT)  # as a terminal does
        ended = watch.wait()
    same(
        "cabinet pulse 1 tells of the test credit",
        (
            0,
            [
                f"{payment}: 1 test credit, 1 pulse",
                "pulse 1 of 1: # ms, counted by the coin meter",
                f"{payment}: delivered, 1 of 1 credits",
            ],
        ),
        (status, _without_figures(said, r"[\d.]+(?= ms)")),
    )
    same("it is one pulse", [1, 0], line.levels())
    told = _without_figures(WATCHED.read_text(), r"[\d.]+(?= ms)")
    print(_quoted("\n".join(told)))
    same("cabinet watch ends with Ctrl-C", 0, ended)
    same(
        "it saw the pulse and its count",
        [True, True],
        [
            any(f"coin line   pulse 1 of {payment}: # ms" in text for text in told),
            any("coin_meter  active" in text for text in told),
        ],
    )


def _payments() -> None:
    status, said = command("payments")
    rows = ledger(
        "SELECT id, credits_delivered || '/' || credits, CASE WHEN test THEN 'test' ELSE outcome END, "
        "coalesce(answer, 'none') FROM payments ORDER BY rowid"
    )
    lines = [line.split() for line in said.splitlines()]
    shown = [
        (words[1], words[3], words[-4], words[-3]) for words in lines if len(words) > 6 and "/" in words[3]
    ]
    same("cabinet payments lists what the ledger has", (0, rows), (status, shown))


def _status() -> None:
    status, said = command("status")
    print(_quoted(said))
    sold, credits, cents = ledger(
        "SELECT count(*), sum(credits_delivered), sum(amount * credits_delivered / credits) "
        "FROM payments WHERE NOT test AND credits_delivered"
    )[0]
    shown = {name: text for name, _, text in (line.strip().partition("  ") for line in said.splitlines()[1:])}
    same(
        "cabinet status tells how it stands",
        (
            0,
            f"{NAME} ({MACHINE_ID})",
            "none",
            f"{sold} sales, {credits} credits, ${cents / 100:.2f}, 1 test credit",
        ),
        (status, said.splitlines()[0], shown["faults"].strip(), shown["today"].strip()),
    )


def _check() -> None:
    status, said = command("check")
    print(_quoted(said))
    wrong = [line.strip() for line in said.splitlines() if "✗" in line]
    display = ["✗ arcade-attract-screen has no display yet", "✗ there is no graphics card in /dev/dri"]
    same("cabinet check finds nothing wrong but the display, which is none", (1, display), (status, wrong))


def _reload(phone: Phone) -> None:
    line, pid, shipped = Pulses(), show("MainPID"), CONFIG.read_text()
    CONFIG.write_text(shipped.replace(f"name: {NAME}", "name: Moon Raider").replace("  pin: 17", "  pin: 18"))
    same(
        "a reload applies what it can and names the rest",
        [
            "WARNING config.yaml read again: restart to apply coin_line.pin",
            "INFO config.yaml read again: applied name",
        ],
        _reloaded(2),
    )
    wait_for("the new name on the screen", lambda: feed()["machine_name"] == "Moon Raider")
    CONFIG.write_text(shipped + "nmae: Moon Raider\n")
    same(
        "a bad edit is told and changes nothing",
        [f"not read again, all stays as it was: {CONFIG}:#: nmae is unknown: did you mean name?"],
        [re.sub(r":\d+:", ":#:", text.removeprefix("ERROR ")) for text in _reloaded(1)],
    )
    CONFIG.write_text(shipped)
    same("the old file again", ["INFO config.yaml read again: applied name"], _reloaded(1))
    same("all that in one process, and without an edge", (pid, []), (show("MainPID"), line.levels()))
    same("it sells on", True, phone.sells())


def _reloaded(lines: int) -> list[str]:
    """What the controller says of the file that it is told to read again."""
    before = len(journal())
    run("systemctl", "reload", "arcade-controller")

    def told() -> list[Any]:
        return [text for text in journal()[before:] if "read again" in text]

    wait_for("the file to be read", lambda: len(told()) >= lines)
    return told()


def _active_low(phone: Phone) -> None:
    line, right = Pulses(), CONFIG.read_text()
    cabinet.configure(coin_line={"pin": 17, "active": "low"})
    before = len(journal())
    run("systemctl", "restart", "arcade-controller")
    told = [text for text in journal()[before:] if "coin_line.active" in text]
    print(_quoted("\n".join(told)))
    same(
        "an active-low coin line is refused",
        ("failed", "78", 1),
        (show("ActiveState"), show("ExecMainStatus"), len(told)),
    )
    CONFIG.write_text(right)
    cabinet.restart()
    wait_for("the cabinet to sell", phone.sells)
    same("and makes no edge", [], line.levels())


def _without_figures(text: str, figures: str) -> list[str]:
    return [re.sub(figures, "#", line) for line in text.splitlines()]


def _quoted(text: str) -> str:
    return "\n".join(f"      | {line}" for line in text.rstrip().splitlines())
