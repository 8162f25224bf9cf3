"""EDGE. Checks the marquee: its monitor, and that its card is its own."""

from __future__ import annotations

from pathlib import Path

from attract_screen.graphics import connectors
from attract_screen.model.connectors import Place, Wish, chosen, why_none
from controller.config.keys import Config
from controller.pages.findings import Finding, ok, warning, wrong

_ONE_CARD = (
    "On the bare console a card shows the picture of one program. Plug one of the monitors into another "
    "card, or have a desktop show both: docs/screens.md, Two monitors."
)


def check_marquee(config: Config, drm: Path) -> list[Finding]:
    """What config.yaml says of the marquee, beside the connectors in `drm`."""
    if config.marquee.display is None:
        return []
    seen = connectors(drm)
    wish, main = Wish(config.marquee.display), Wish(config.display, config.marquee.display)
    own, others = chosen(seen, wish), chosen(seen, main)
    if own is None:
        return [
            warning(
                f"the marquee has no monitor: {why_none(seen, wish)}", "Plug it in, or mend marquee.display."
            )
        ]
    return [_beside(own, others)]


def _beside(own: Place, main: Place | None) -> Finding:
    place = own.connector.whole_name
    if main is None:
        return wrong(f"the marquee at {place} leaves the main screen no monitor", "Plug in its monitor, too.")
    if own.connector.card == main.connector.card:
        return wrong(f"the marquee at {place} is on the main screen's card", _ONE_CARD)
    return ok(f"the marquee's monitor is connected: {place}")
