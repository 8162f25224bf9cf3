"""EDGE. How a command of ours runs: its log and its terminal, and what the shell is told of a failure."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping

from cloud_relay.plain_output import make_log_plain, plain_terminal
from cloud_relay.quiet_end import run_quietly

EX_CONFIG = 78
"""Wrong settings, as sysexits.h has it: the service manager does not start us again over it."""
EX_FAILED, EX_USAGE = 1, 2


def run_command(
    make_parser: Callable[[], argparse.ArgumentParser],
    arguments: list[str] | None,
    failures: Mapping[type[Exception], int],
) -> int:
    """Run what the arguments ask for; the exit status: for one of these failures its own, after its text."""
    return run_quietly(lambda: _run(make_parser, arguments, failures))


def complain(text: str, status: int) -> int:
    """Say what is wrong; returns the status."""
    sys.stderr.write(text + "\n")
    return status


def _run(
    make_parser: Callable[[], argparse.ArgumentParser],
    arguments: list[str] | None,
    failures: Mapping[type[Exception], int],
) -> int:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    make_log_plain()
    with plain_terminal():
        options = make_parser().parse_args(arguments)
        try:
            status: int = options.run(options)
        except tuple(failures) as why:
            return complain(
                _text(why), next(code for kind, code in failures.items() if isinstance(why, kind))
            )
        return status


def _text(why: Exception) -> str:
    if isinstance(why, OSError) and why.filename:
        return f"{why.filename}: {why.strerror}"
    return str(why)
