"""Named checks: each compares whole values and tells what it saw."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def same(sentence: str, expected: Any, seen: Any) -> None:
    """One check: `seen` must equal `expected`."""
    if seen == expected:
        print(f"ok    {sentence}: {seen}", flush=True)
    else:
        print(f"FAIL  {sentence}\n      expected: {expected}\n      was:      {seen}", flush=True)


def wait_for(what: str, condition: Callable[[], Any], within_s: float = 300.0, every_s: float = 0.05) -> Any:
    """The first true value that `condition` gives.

    Raises:
        TimeoutError: there was none within `within_s`.
    """
    until_s = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() > until_s:
            raise TimeoutError(f"waited {within_s:g} s in vain for {what}")
        time.sleep(every_s)
    return value
