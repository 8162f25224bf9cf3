"""EDGE. The commands about machines, as they are typed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from cloud_relay.operator.machines.new_machine import add_new_machine, new_machine
from cloud_relay.relay import Relay

WithRelay = Callable[[Callable[[Relay], int]], int]


def add_machine_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], with_relay: WithRelay
) -> None:
    """new-machine, remove-machine and rotate."""
    made = commands.add_parser("new-machine", help="make a machine's token, login and config.yaml")
    add_new_machine(made)
    made.set_defaults(
        run=lambda options: with_relay(lambda relay: new_machine(relay, os.environ, options, sys.stdout))
    )
