"""CORE. What the configuration says that decisions depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MeterRules:
    """How the board's coin meter is believed; times in seconds.

    Its line counts once it has held for `hold_s`; the board has until `within_s` after a pulse to count it.
    """

    hold_s: float
    within_s: float
    out_of_order_after: int


@dataclass(frozen=True)
class Rules:
    """What the configuration says that decisions depend on; times in seconds.

    `board_boot_s` is how long after the Pi's own boot the board may still be starting up, deaf to coins. It
    takes a pulse of `shortest_ms` to `longest_ms` (None: no limit is known), holds `max_credits` (None: any
    number), and wants `settle_s` of rest between two payments. Behind the pulse on the line `ordered_ahead`
    more may stand in line. `input_pins` are the GPIOs of the lines that are wired, by the line.
    """

    machine_id: str
    pulses_per_credit: int
    session_timeout_s: float
    board_boot_s: float
    game_over_hold_s: float
    ready_hold_s: float
    has_ready_line: bool
    has_relay: bool
    service_button_hold_s: float = 0.0
    payment_link: str | None = None
    board_keeps_credits: bool = False
    pulse_period_s: float = 0.25
    settle_s: float = 0.0
    ordered_ahead: int = 0
    shortest_ms: float = 0.0
    longest_ms: float | None = None
    max_credits: int | None = None
    ready_stuck_s: float = 600.0
    coin_meter: MeterRules | None = None
    input_pins: Mapping[str, int] = field(default_factory=dict)

    def takes_width_ms(self, width_ms: float) -> bool:
        """Whether the board takes a pulse of that width for a coin, by its profile."""
        return self.shortest_ms <= width_ms and (self.longest_ms is None or width_ms <= self.longest_ms)
