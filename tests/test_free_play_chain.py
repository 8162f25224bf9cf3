"""Free play through the whole chain: a tap becomes a credit on the board, and no money is spoken of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests
from conftest import wait_until

from simulator.chain.cabinet import COIN_PIN, OFFERS
from simulator.chain.chain import Chain, Wiring, running_chain

FREE_PLAY = OFFERS | {"periods": [{"free": {"credits": 2}}]}


def feed(chain: Chain) -> dict[str, Any]:
    """What the attract screen is shown."""
    shown: dict[str, Any] = json.loads(chain.feed_file.read_text()) if chain.feed_file.exists() else {}
    return shown


def payments(chain: Chain, *options: str) -> dict[str, Any]:
    """What the operator's command says of the cabinet's ledger."""
    command = [sys.executable, "-m", "controller", "payments", "--config", str(chain.config_file), "--json"]
    told: dict[str, Any] = json.loads(subprocess.check_output([*command, *options], text=True))
    return told


def test_a_free_credit_is_given_once_and_is_marked_in_the_ledger(tmp_path: Path) -> None:
    """The screen says FREE, two taps of one page are one credit, and the relay settles it alone."""
    wiring = Wiring(relay_settings={"OFFERS": json.dumps(FREE_PLAY)})
    with running_chain(tmp_path / "chain", wiring=wiring) as chain:
        wait_until(lambda: feed(chain).get("qr") == chain.door, "the QR on the screen")
        assert feed(chain)["offers"] == [{"credits": 2, "amount": 0, "currency": "usd"}]
        assert feed(chain)["note"] == "Free play"
        wait_until(lambda: "FREE" in requests.get(chain.door, timeout=60).text, "the door to give")
        button = re.search(r'name="free" value="([^"]+)"', requests.get(chain.door, timeout=60).text)
        assert button is not None
        for _ in range(2):
            assert requests.post(chain.door, {"free": button[1]}, timeout=60).status_code == 200

        chain.controller.wait_for_line("receipt answered: settled")
        chain.controller.wait_for_line("came again")
        (row,) = payments(chain)["payments"]
        assert (row["free"], row["state"], row["amount"], row["charged"]) == (True, "delivered", 0, 0)
        assert (row["paymentId"][:7], row["receipt"]) == ("free_2_", "settled")
        (day,) = payments(chain, "--totals")["totals"]
        assert (day["sales"], day["payments"], day["freeCredits"], day["charged"]) == (0, 0, 2, {})
        assert [edge.level for edge in chain.board.edges_of(COIN_PIN)] == [1, 0] * 2
        assert chain.stripe.money() == dict.fromkeys(chain.stripe.money(), 0)
