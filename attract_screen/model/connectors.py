"""CORE. Which of the monitors at this machine's graphics cards a screen is to be shown on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# As the kernel names them: card1, HDMI-A-2, or both as card1-HDMI-A-2.
PLACE = re.compile(r"card[0-9]{1,2}|(card[0-9]{1,2}-)?[A-Za-z]{2,16}(-[A-Za-z]{1,2})?-[0-9]{1,2}")


@dataclass(frozen=True)
class Connector:
    """Where a monitor is plugged into the card number `card`; `modes` are as "1920x1080", the best first."""

    card: int
    name: str
    connected: bool
    modes: tuple[str, ...] = ()

    def is_at(self, place: str) -> bool:
        """Whether `place` names it, or its card."""
        return place in (self.name, f"card{self.card}", self.whole_name)

    @property
    def whole_name(self) -> str:
        """Its name among all of the machine's."""
        return f"card{self.card}-{self.name}"


@dataclass(frozen=True)
class Wish:
    """Where a screen is to be shown: on the connector or card `on`, or anywhere but on `not_on`."""

    on: str | None = None
    not_on: str | None = None

    def suits(self, connector: Connector) -> bool:
        """Whether it may be this connector."""
        if self.on is not None:
            return connector.is_at(self.on)
        return self.not_on is None or not connector.is_at(self.not_on)


ANYWHERE = Wish()


@dataclass(frozen=True)
class Place:
    """The connector to draw on, which is number `index` of those of its card that have a monitor."""

    connector: Connector
    index: int = 0


def chosen(connectors: Sequence[Connector], wish: Wish) -> Place | None:
    """The first connector with a monitor that suits the wish."""
    lit = [connector for connector in connectors if connector.connected]
    for connector in lit:
        if wish.suits(connector):
            return Place(connector, [c for c in lit if c.card == connector.card].index(connector))
    return None


def why_none(connectors: Sequence[Connector], wish: Wish) -> str:
    """Why no connector suits, in words."""
    seen = ", ".join(f"{c.whole_name} {'connected' if c.connected else 'disconnected'}" for c in connectors)
    if wish.on is not None:
        return f"no monitor is connected to {wish.on} ({seen})"
    but = f" but the marquee's at {wish.not_on}" if wish.not_on else ""
    return f"no monitor is connected{but} ({seen})"
