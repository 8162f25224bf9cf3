"""A pytest plugin that keeps the tests of pure code: those that need no broker, server or process.

A file such as tests/test_relay_tidy.py has tests of the rules beside tests of a whole relay. `make mutants`
runs a test thousands of times: only the first are fast enough.
"""

from __future__ import annotations

import pytest

# They cost nothing; every other fixture is a file's own, and stands for something that has to be started.
_LIGHT = {"request", "tmp_path", "tmp_path_factory", "caplog", "wal"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out each test that has something started for it."""
    heavy = [item for item in items if _fixtures(item) - _LIGHT]
    config.hook.pytest_deselected(items=heavy)
    items[:] = [item for item in items if not _fixtures(item) - _LIGHT]


def _fixtures(item: pytest.Item) -> set[str]:
    callspec = getattr(item, "callspec", None)
    return {*getattr(item, "fixturenames", ())} - {*getattr(callspec, "params", ())}
