"""EDGE. Checks config.yaml, once it could be read: what in it is hardly meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from controller.config.keys import Config
from controller.pages.findings import Finding, all_well, note, ok, warning

_EDIT = "Edit that line, and restart: sudo systemctl restart arcade-controller."


def check_config(config: Config, path: Path, as_the_service_sees_it: Sequence[Finding] = ()) -> list[Finding]:
    """Whether config.yaml can be used, by whom, and each of its warnings."""
    usable = all_well(as_the_service_sees_it)
    whose = f"{config.name} ({config.machine_id}), board {config.board}"
    found = [ok(f"{path} can be used: {whose}") if usable else note(f"{path} is well by itself: {whose}")]
    found += as_the_service_sees_it
    found += [warning(doubt, _EDIT) for doubt in config.warnings]
    if config.mock_board is not None:
        demo = "mock_pins_for_demo_only is set: no coin reaches a real board"
        found.append(warning(demo, "Take the line out, unless this is a demo."))
    return found
