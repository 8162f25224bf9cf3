"""The drawings of the wiring: as the program makes them, and with the pins that config.yaml comes with."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from wiring import DOCS, DRAWINGS  # noqa: E402 - the tools are no package

# Broadcom number -> pin of the Pi's 40-pin header: https://pinout.xyz
HEADER = {17: 11, 22: 15, 23: 16, 27: 13}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_as_the_program_makes_it(name: str) -> None:
    """A picture that was edited by hand would be lost, and an old one would mislead."""
    assert (DOCS / name).read_text() == DRAWINGS[name]()


def test_every_pin_stands_beside_its_place_on_the_header() -> None:
    """Whoever counts pins in a bad light counts those of the header."""
    drawn = "".join(draw() for draw in DRAWINGS.values())
    pairs = re.findall(r"GPIO (\d+).*?header pin (\d+)", drawn, flags=re.DOTALL)

    assert {int(gpio): int(pin) for gpio, pin in pairs} == HEADER
