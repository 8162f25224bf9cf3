"""EDGE. The players: each comes to the door with a phone, and pays if it sells."""

from __future__ import annotations

import logging
import re
import threading
import time

import requests

from simulator.chain.chain import Chain
from simulator.chain.phone import phone
from simulator.chaos.rules.schedule import Wish
from simulator.stripe.model.errors import Refusal

# Nobody looks longer at a page that does not come.
PATIENCE_S = 5.0

log = logging.getLogger(__name__)


class Players:
    """Everybody who came; `sent_away` counts those who could not pay.

    `paid_next_door` are the payments of those who went to the door of the other hall.
    """

    def __init__(self, chain: Chain, door_next_door: str) -> None:
        self._chain = chain
        self._door_next_door = door_next_door
        self.paid_next_door: set[str] = set()
        self._threads: list[threading.Thread] = []
        self.sent_away = 0

    @property
    def came(self) -> int:
        """How many came so far."""
        return len(self._threads)

    def come(self, wish: Wish) -> None:
        """Somebody comes; returns at once."""
        player = threading.Thread(target=self._play, args=(wish, self.came), name="player", daemon=True)
        self._threads.append(player)
        player.start()

    def wait_until_all_left(self) -> None:
        """Return once nobody is at the door any more."""
        for player in self._threads:
            player.join()

    def _play(self, wish: Wish, number: int) -> None:
        try:
            door = self._door_next_door if wish.next_door else self._chain.door
            page = checkout(door, wish.credits, number)
            if page is not None:
                time.sleep(wish.takes_s)
                payment_id = self._chain.stripe.pay(page)
                if wish.next_door:
                    self.paid_next_door.add(payment_id)
                return
        except (requests.RequestException, Refusal) as why:
            log.info("a player gave up: %s", why)
        except Exception:
            log.exception("a player failed")
        self.sent_away += 1


def checkout(door: str, credits: int, number: int = 0) -> str | None:
    """The payment page for so many credits, to the phone of that number; None if the door does not sell.

    Raises:
        requests.RequestException: the door did not answer.
    """
    with phone(number) as own:
        button = re.search(rf'value="({credits}-[^"]+)"', own.get(door, timeout=PATIENCE_S).text)
        if button is None:
            return None
        answer = own.post(door, {"offer": button[1]}, allow_redirects=False, timeout=PATIENCE_S)
    return answer.headers.get("Location") if answer.status_code == 303 else None


def sells(door: str) -> bool:
    """Whether the door sells just now: the relay, the broker and the cabinet all say yes."""
    try:
        return "<button" in requests.get(door, timeout=PATIENCE_S).text
    except requests.RequestException:
        return False
