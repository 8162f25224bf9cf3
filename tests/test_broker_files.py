"""The broker's files that are written from the table of access rules."""

from __future__ import annotations

from cloud_relay.formats.broker_files import written_files
from simulator.chain.mosquitto_conf import SHIPPED


def test_the_files_are_those_that_the_table_of_rules_makes() -> None:
    """After a change of cloud_relay/rules/access.py `make docs` writes them anew."""
    assert {name: (SHIPPED / name).read_text() for name in written_files()} == dict(written_files())
