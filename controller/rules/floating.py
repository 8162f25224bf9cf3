"""CORE. Whether a pin floats: how often it moved in a short time, in which nothing should move it."""

from __future__ import annotations

from typing import Final

from controller.model.line_noise import HUM_A_SECOND

# The hum of the mains is 20 edges in that time at the least.
LOOKED_FOR_S: Final = 0.2
# Of a coin pin as an input: whatever drove it low would keep it low.
COIN_PIN_EDGES: Final = 2


def coin_pin_floats(edges: int) -> bool:
    """Whether nothing holds the coin pin, while no program drives it."""
    return edges >= COIN_PIN_EDGES


def input_floats(edges: int, within_s: float) -> bool:
    """Whether an input moved more than a contact of a board does; its pull alone would keep it still."""
    return edges > HUM_A_SECOND * within_s
