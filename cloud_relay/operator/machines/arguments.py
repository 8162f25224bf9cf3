"""EDGE. What a person types for these commands; what is wrong with it is said, with status 2."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cloud_relay.rules.setting_up.new_machine import broker_address


def typed(problem: Callable[[str], str | None]) -> Callable[[str], str]:
    """What takes an argument as it was typed, and refuses it with the problem's words."""

    def parse(text: str) -> str:
        if why := problem(text):
            raise argparse.ArgumentTypeError(why)
        return text

    return parse


def address(text: str) -> tuple[str, int]:
    """Host and port, as cabinets reach the broker."""
    try:
        return broker_address(text)
    except ValueError as why:
        raise argparse.ArgumentTypeError(str(why)) from None
