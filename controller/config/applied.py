"""EDGE. What the configuration means for the rules, and for the board's lines."""

from __future__ import annotations

import math

from controller.config.keys import CoinLineConfig, CoinMeterConfig, Config, InputConfig
from controller.formats.wire import Reader
from controller.model.events import InputLine
from controller.model.policy import MeterRules, Rules

# From one pulse's end to the order for the next, commit and all, it took 0.19 s at worst with every core busy
# (make bench). Pulses that are ordered so long ahead have their gaps right all the same.
ORDERED_AHEAD_S = 0.25
# The coin line's tally holds more.
MOST_ORDERED_AHEAD = 8


def rules_of(config: Config) -> Rules:
    """What decisions depend on."""
    return Rules(
        machine_id=config.machine_id,
        pulses_per_credit=config.coin_line.pulses_per_credit,
        session_timeout_s=config.session_timeout_s,
        board_boot_s=config.board_boot_s,
        game_over_hold_s=config.game_over.debounce_ms / 1000 if config.game_over else 0.0,
        ready_hold_s=config.ready.debounce_ms / 1000 if config.ready else 0.0,
        service_button_hold_s=config.service_button.debounce_ms / 1000 if config.service_button else 0.0,
        has_ready_line=config.ready is not None,
        has_relay=config.relay is not None,
        payment_link=config.payment_link,
        board_keeps_credits=config.board_keeps_credits,
        pulse_period_s=(config.coin_line.pulse_ms + config.coin_line.gap_ms) / 1000,
        settle_s=config.coin_line.settle_ms / 1000,
        ordered_ahead=0 if _board_answers_each_pulse(config) else ordered_ahead(config.coin_line),
        shortest_ms=config.coin_line.shortest_ms,
        longest_ms=config.coin_line.longest_ms,
        max_credits=config.coin_line.max_credits,
        ready_stuck_s=config.ready_stuck_s,
        coin_meter=_meter_rules(config.coin_meter) if config.coin_meter else None,
        input_pins={line: wiring.pin for line, wiring in input_lines(config).items() if wiring},
    )


def reader_of(config: Config) -> Reader:
    """What tells our payments from anything else."""
    token = config.relay.token if config.relay else None
    return Reader(config.machine_id, token, config.accept_unsigned_coinpulse)


def ordered_ahead(line: CoinLineConfig) -> int:
    """How many pulses may stand in line behind the one on the wire: their time and one gap are enough."""
    lacking_s = max(0.0, ORDERED_AHEAD_S - line.gap_ms / 1000)
    period_s = (line.pulse_ms + line.gap_ms) / 1000
    return min(math.ceil(lacking_s / period_s), MOST_ORDERED_AHEAD)


def _board_answers_each_pulse(config: Config) -> bool:
    """What stands in line cannot be called back when the board is not ready, or has not counted."""
    return config.ready is not None or config.coin_meter is not None


def _meter_rules(meter: CoinMeterConfig) -> MeterRules:
    return MeterRules(meter.debounce_ms / 1000, meter.within_ms / 1000, meter.out_of_order_after)


def input_holds_s(config: Config) -> dict[InputLine, float]:
    """How long each wired line must hold to be believed."""
    return {line: wiring.debounce_ms / 1000 for line, wiring in input_lines(config).items() if wiring}


def input_lines(config: Config) -> dict[InputLine, InputConfig | CoinMeterConfig | None]:
    """How each line into the Pi is wired; None where it is not."""
    return {
        "game_over": config.game_over,
        "ready": config.ready,
        "coin_meter": config.coin_meter,
        "service_button": config.service_button,
    }
