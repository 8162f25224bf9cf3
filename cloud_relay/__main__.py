"""The command line: `python -m cloud_relay token MACHINE_ID` prints that machine's token."""

from __future__ import annotations

import argparse
import os
import sys

from cloud_relay.orders import is_machine_id
from cloud_relay.settings import SettingsError, read_token_book


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cloud_relay", description=__doc__)
    commands = parser.add_subparsers(required=True)
    token = commands.add_parser("token", help="print the token to write into a cabinet's config.yaml")
    token.add_argument("machine_id")
    return print_token(parser.parse_args(arguments).machine_id)


def print_token(machine_id: str) -> int:
    """Print the token that `machine_id` should use now."""
    if not is_machine_id(machine_id):
        sys.stderr.write(f"{machine_id!r:.80} is no machine id: 1 to 64 of A-Z a-z 0-9 _ -\n")
        return 2
    try:
        tokens = read_token_book(os.environ)
    except SettingsError as why:
        sys.stderr.write(f"{why}\n")
        return 2
    sys.stdout.write(tokens.issue(machine_id) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
