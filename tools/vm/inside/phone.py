"""The player's phone, and what became of the money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cloud
import requests
from checks import wait_for

from simulator.chain.cabinet import MACHINE_ID, OFFERS

DOOR = f"{cloud.RELAY_URL}/p/{MACHINE_ID}"


class Phone:
    """Of a player who also sees Stripe's books, with the secrets in the cloud's folder."""

    def __init__(self, cloud_folder: Path) -> None:
        self._cloud_folder = cloud_folder

    def sells(self) -> bool:
        """Whether the door has its buttons."""
        try:
            return 'name="offer"' in requests.get(DOOR, timeout=30).text
        except requests.RequestException:
            return False

    def pay(self, credits: int) -> str:
        """A button at the door, then Pay; gives the payment's id."""
        before = set(self.intents())
        self.press_pay(self.choose(credits))
        return (set(self.intents()) - before).pop()

    def choose(self, credits: int) -> str:
        """A button at the door; gives the address of Stripe's page."""
        amount = next(offer["amount"] for offer in OFFERS["offers"] if offer["credits"] == credits)
        offer = {"offer": f"{credits}-{amount}-usd"}
        door = requests.post(DOOR, offer, allow_redirects=False, timeout=30)
        door.raise_for_status()
        return door.headers["Location"]

    def press_pay(self, page: str) -> None:
        """The button on Stripe's page."""
        requests.post(page, allow_redirects=False, timeout=30).raise_for_status()

    def intents(self) -> dict[str, dict[str, Any]]:
        """Every payment that Stripe knows, by its id."""
        answer = requests.get(
            f"{cloud.STRIPE_URL}/v1/payment_intents?limit=100",
            headers={"Authorization": f"Bearer {cloud.secrets_in(self._cloud_folder).stripe_key}"},
            timeout=30,
        )
        answer.raise_for_status()
        return {each["id"]: each for each in answer.json()["data"]}

    def is_open(self, payment_id: str) -> bool:
        """Whether its money is still reserved."""
        return self.intents()[payment_id]["status"] == "requires_capture"

    def settled(self, payment_id: str) -> tuple[str, int]:
        """How Stripe has the payment once it is no longer open: its status and what was charged."""
        wait_for(f"{payment_id} to be settled", lambda: not self.is_open(payment_id), 120)
        found = self.intents()[payment_id]
        return found["status"], found["amount_received"]
