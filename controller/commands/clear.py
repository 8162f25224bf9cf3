"""EDGE. `python -m controller clear`: what was wrong has been seen to, and the machine may sell again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from controller.config.applied import rules_of
from controller.config.keys import Config, load_config
from controller.control.client import ControlClient, connect
from controller.ledger.file import LEDGER_NAME
from controller.ledger.ledger import Ledger
from controller.ledger.owner import check_owner
from controller.model.cabinet import new_cabinet
from controller.model.effects import ClearLedgerFaults, RememberUncounted
from controller.pages.pulse_report import ANSWER_WITHIN_S
from controller.rules.technician import to_be_cleared
from controller.system.clock import wall_time


def add_clear_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "clear",
        help="clear faults that were seen to",
        description="Clears the faults that stay until somebody has seen to them: coin pulses that the coin "
        "meter did not count, and damaged ledgers of before. What is still wrong shows again.",
    )
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.set_defaults(do=clear)


def clear(options: argparse.Namespace) -> int:
    """Clear the faults, through the running controller or in its ledger; 0 once that is done.

    Raises:
        ConfigError: the configuration cannot be used.
        LedgerError: the daemon is stopped, and its ledger cannot be used.
        OSError: the daemon cannot be asked.
    """
    config = load_config(options.config)
    client = connect(config.control_socket)
    if client is None:
        return _print_cleared(_clear_in_ledger(config))
    with client:
        return _through(client)


def _through(client: ControlClient) -> int:
    client.request({"do": "clear"})
    while line := client.next(ANSWER_WITHIN_S):
        match line:
            case {"answer": "cleared", "faults": faults}:
                return _print_cleared(faults)
            case {"answer": "refused", "reason": reason} | {"error": reason}:
                print(f"refused: {reason}")
                return 1
    print(f"waited {ANSWER_WITHIN_S:g} s for the controller's answer: its log may say why")
    return 1


def _clear_in_ledger(config: Config) -> Sequence[str]:
    path = config.state_dir / LEDGER_NAME
    check_owner(path)
    with closing(Ledger(path, wall_time)) as ledger:
        left = ledger.read_start()
        cabinet = new_cabinet(rules_of(config), boot_id="")
        faults = to_be_cleared(replace(cabinet, uncounted=left.uncounted, ledger_faults=ledger.faults()))
        ledger.write([RememberUncounted(0), ClearLedgerFaults()])
    return faults


def _print_cleared(faults: Sequence[str]) -> int:
    print("\n".join(f"cleared: {fault}" for fault in faults) or "no faults")
    return 0
