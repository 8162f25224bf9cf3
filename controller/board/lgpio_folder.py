"""EDGE. Where lgpio may make its FIFOs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lgpio_folder() -> Iterator[None]:
    """A place for the FIFOs that lgpio makes wherever it is started; the daemon's unit has one for it."""
    if "LG_WD" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LG_WD"] = folder
        yield
