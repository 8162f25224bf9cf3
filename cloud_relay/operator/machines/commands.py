"""EDGE. The commands about machines, as they are typed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TextIO

from cloud_relay.operator.machines.new_machine import add_new_machine, new_machine
from cloud_relay.operator.machines.remove_machine import add_remove_machine, remove_machine
from cloud_relay.operator.machines.rotate import ROTATED
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.relay import Relay

WithRelay = Callable[[Callable[[Relay], int], Mapping[str, str]], int]
Run = Callable[[Relay, Mapping[str, str], argparse.Namespace, TextIO], int]


_COMMANDS: tuple[tuple[str, str, Callable[[argparse.ArgumentParser], None], Run], ...] = (
    ("new-machine", "make a machine's token, login and config.yaml", add_new_machine, new_machine),
    ("remove-machine", "end a machine's sales, login and token", add_remove_machine, remove_machine),
)


def add_machine_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    with_relay: WithRelay,
    environment: Mapping[str, str],
    out: TextIO,
) -> None:
    """new-machine, remove-machine and rotate."""
    secrets = commands.add_parser("rotate", help="change a secret, the old one working beside the new one")
    rotated = secrets.add_subparsers(required=True)
    for among, table in ((commands, _COMMANDS), (rotated, ROTATED)):
        for name, about, add_arguments, run in table:
            parser = among.add_parser(name, help=about)
            add_arguments(parser)
            parser.set_defaults(run=_runner(run, with_relay, environment, out))


def _runner(
    run: Run, with_relay: WithRelay, environment: Mapping[str, str], out: TextIO
) -> Callable[[argparse.Namespace], int]:
    """What runs the command with the relay's variables: those in its file, if one is named, count first."""

    def with_options(options: argparse.Namespace) -> int:
        known = Kept(environment, getattr(options, "env", None)).variables
        return with_relay(lambda relay: run(relay, known, options, out), known)

    return with_options
