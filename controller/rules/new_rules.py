"""CORE. The rule for new rules: config.yaml was edited, and what of it can be applied holds from now on."""

from __future__ import annotations

from dataclasses import replace

from controller.model.events import RulesChanged
from controller.model.offer import Offer
from controller.rules import technician
from controller.rules.coin_meter import forget_habits
from controller.rules.turn import Turn


def rules_changed(turn: Turn, event: RulesChanged) -> None:
    """What a train owes was settled when it began: its pulses stay as they are."""
    technician.config_read_again(turn, event)
    cabinet, before, rules = turn.cabinet, turn.cabinet.rules, event.rules
    turn.change(
        rules=rules,
        game_over=replace(cabinet.game_over, hold_s=rules.game_over_hold_s),
        ready=replace(cabinet.ready, hold_s=rules.ready_hold_s),
        coin_meter=replace(cabinet.coin_meter, hold_s=rules.coin_meter.hold_s if rules.coin_meter else 0.0),
        service_button=replace(cabinet.service_button, hold_s=rules.service_button_hold_s),
    )
    if rules.coin_meter != before.coin_meter:
        forget_habits(turn)
    if rules.pulses_per_credit != before.pulses_per_credit:
        turn.change(coins_towards_credit=0)
    if rules.payment_link != before.payment_link:
        offer = Offer(rules.payment_link, ()) if rules.payment_link else None
        turn.change(offer=offer, offer_trouble=None, offer_due_s=turn.now_s)
