"""What a killed controller may not have said, its next start says: lines of the log, and its status."""

from __future__ import annotations

import json
import re
from pathlib import Path

import requests
from conftest import wait_until

from simulator.chain.chain import Chain, running_chain

AGAIN = "of the last run, perhaps said before: "


def buy(chain: Chain) -> str:
    """One credit at the door; gives the payment's id."""
    button = re.search(r'value="(1-[^"]+)"', requests.get(chain.door, timeout=60).text)
    assert button is not None
    answer = requests.post(chain.door, {"offer": button[1]}, allow_redirects=False, timeout=60)
    return chain.stripe.pay(answer.headers["Location"])


def sells(chain: Chain) -> bool:
    return "3 credits" in requests.get(chain.door, timeout=60).text


def retained_status(chain: Chain) -> dict[str, object]:
    """The last status that was heard at the broker."""
    said: dict[str, object] = json.loads(chain.observer.on("status")[-1].payload)
    return {name: said[name] for name in ("online", "state", "credits")}


def test_a_killed_controller_says_the_lines_of_its_last_commit_again(tmp_path: Path) -> None:
    """Twice rather than never; one that was asked to end has said them all. Its status is renewed."""
    with running_chain(tmp_path / "chain") as chain:
        chain.controller.wait_for_line("offer received")
        wait_until(lambda: sells(chain), "the door to sell")
        settled = f"payment {buy(chain)}: receipt answered: settled"
        chain.controller.wait_for_line(settled)
        playing = {"online": True, "state": "playing", "credits": 1}
        wait_until(lambda: retained_status(chain) == playing, "the status of a game")

        chain.controller.kill()
        wait_until(lambda: retained_status(chain)["online"] is False, "the last will")
        chain.controller.start()
        chain.controller.wait_for_line(f"{AGAIN}{settled}")
        wait_until(lambda: retained_status(chain) == playing, "the status of the same game")

        heard = len(chain.controller.log_lines)
        chain.controller.restart()
        chain.controller.wait_for_line("broker connected", since=heard)
        assert chain.controller.find_line(AGAIN, since=heard) is None
