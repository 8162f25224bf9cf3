"""EDGE. The relay's new settings: into its environment file, or on the terminal to be typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from cloud_relay.errors import RelayError
from cloud_relay.operator.env_file import store
from cloud_relay.pages.rotate_page import settings_step, steps_text


class NotRotated(RelayError):
    """Nothing was changed; the message says why, and what comes first."""


def tell(
    said: str,
    values: Mapping[str, str],
    steps: Sequence[str],
    env: Path | None,
    out: TextIO,
    *,
    first: Sequence[str] = (),
) -> None:
    """Store the settings, or print them, and say what is left to do: `first`, before them, and after them.

    Raises:
        FileTrouble: the file cannot be used, and is as it was.
    """
    if env is not None:
        store(env, values)
    out.write(steps_text(said, [*first, settings_step(values, None if env is None else str(env)), *steps]))
