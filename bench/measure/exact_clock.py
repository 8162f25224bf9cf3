"""The rules under hum, with an exact clock: how late noise on one line makes what is due on the others."""

from __future__ import annotations

from controller.config.applied import ORDERED_AHEAD_S
from controller.model.cabinet import Cabinet, new_cabinet
from controller.model.events import (
    BrokerConnected,
    CreditTestRequested,
    Event,
    InputChanged,
    InputLine,
    PulseFired,
    Started,
    Tick,
)
from controller.model.policy import MeterRules, Rules
from controller.rules.decide import decide

METER = MeterRules(hold_s=0.01, within_s=0.5, out_of_order_after=3)
READY_HOLD_S, PULSE_S = 0.05, 0.1
LASTS_S = 2.0


class Clocked:
    """A cabinet whose only events are those of its lines, each at its own time."""

    def __init__(self) -> None:
        rules = Rules(
            machine_id="bench",
            pulses_per_credit=1,
            session_timeout_s=1800.0,
            board_boot_s=0.0,
            game_over_hold_s=0.03,
            ready_hold_s=READY_HOLD_S,
            has_ready_line=True,
            has_relay=False,
            coin_meter=METER,
        )
        self.now_s = 100.0
        self.cabinet: Cabinet = new_cabinet(rules, "boot", "board")
        self.do(Started((), (), None, None, "board", "boot"))
        self.do(BrokerConnected(session_present=True))

    def do(self, event: Event) -> None:
        """Let it happen now."""
        self.cabinet = decide(self.cabinet, event, self.now_s).cabinet

    def edges(self, line: InputLine, edges_a_second: int) -> list[InputChanged]:
        """The hum of a line from now on."""
        times = (self.now_s + number / edges_a_second for number in range(1, int(edges_a_second * LASTS_S)))
        return [InputChanged(line, number % 2 == 0, at_s) for number, at_s in enumerate(times)]


def ready_late_s(noisy: InputLine, rate: int) -> float | None:
    """How long after its time a ready line is believed while another hums; None if not at all."""
    clocked = Clocked()
    due_s = clocked.now_s + READY_HOLD_S
    clocked.do(InputChanged("ready", True, clocked.now_s))
    for edge in clocked.edges(noisy, rate):
        clocked.now_s = edge.at_s
        clocked.do(edge)
        if clocked.cabinet.ready.level:
            return edge.at_s - due_s
    return None


def uncounted_late_s(noisy: InputLine, rate: int) -> float | None:
    """How long after its time an uncounted pulse is decided while a line hums; None if not at all."""
    clocked = Clocked()
    clocked.do(InputChanged("ready", True, clocked.now_s))
    clocked.now_s += ORDERED_AHEAD_S
    clocked.do(Tick())
    clocked.do(CreditTestRequested("test-1", 1))
    clocked.do(Tick())
    clocked.now_s += PULSE_S
    clocked.do(PulseFired("test-1", 1, clocked.now_s - PULSE_S, clocked.now_s))
    due_s = clocked.now_s + METER.within_s + METER.hold_s
    for edge in clocked.edges(noisy, rate):
        clocked.now_s = edge.at_s
        clocked.do(edge)
        if clocked.cabinet.expected is None:
            return edge.at_s - due_s
    return None
