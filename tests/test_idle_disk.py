"""What an idle controller writes to its card: nothing. Its figures are in docs/read-only-root.md."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import wait_until

from simulator.chain.chain import Chain, running_chain

SOME_BEATS = 3


def written_at_s(chain: Chain) -> float:
    """The time of the newest feed, which is written once a second, and into memory."""
    return float(json.loads(chain.feed_file.read_text())["written_at_s"])


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and last change of each."""
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_an_idle_controller_leaves_its_card_alone(tmp_path: Path) -> None:
    """Connected, with an offer, and its loop coming round: a card that is always written to wears out."""
    with running_chain(tmp_path) as chain:
        wait_until(lambda: chain.controller.find_line("broker connected"), "the broker")
        lines = [line.text for line in chain.controller.log_lines]
        connected = lines.index("INFO broker connected, with a new session")
        chain.controller.wait_for_line("open payments received", since=connected)
        chain.controller.wait_for_line("offer received")
        begun_s = written_at_s(chain)
        wait_until(lambda: written_at_s(chain) > begun_s, "what this wrote down")
        begun_s, before = written_at_s(chain), files(tmp_path / "state")
        wait_until(lambda: written_at_s(chain) > begun_s + SOME_BEATS, "some rounds of the loop")
        assert files(tmp_path / "state") == before
    assert set(before) >= {"ledger.sqlite", "ledger.sqlite-wal", "ledger.lock"}
