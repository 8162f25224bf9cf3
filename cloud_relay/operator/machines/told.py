"""EDGE. The relay's new settings: into its environment file, or on the terminal to be typed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TextIO

from cloud_relay.errors import RelayError
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.pages.machines.rotate_page import settings_step, steps_text


class NotRotated(RelayError):
    """Nothing was changed; the message says why, and what comes first."""


def tell(
    said: str,
    values: Mapping[str, str],
    steps: Sequence[str],
    kept: Kept,
    out: TextIO,
    *,
    first: Sequence[str] = (),
) -> None:
    """Keep the settings, and say what is left to do: `first`, before them, and after them.

    Raises:
        FileTrouble: the file cannot be written, and is as it was.
    """
    printed = io.StringIO()
    kept.keep(values, printed)
    out.write(steps_text(said, [*first, settings_step(values, printed.getvalue()), *steps]))
