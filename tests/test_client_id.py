"""The name under which the broker keeps a cabinet's session."""

from __future__ import annotations

import pytest

from controller.formats.client_id import mqtt_client_id


@pytest.mark.parametrize(
    ("machine_id", "password", "client_id"),
    [
        ("galaga-01", "galaga-password", "galaga-01-8952d088453973d142861c0da7e724c0"),
        ("galaga-01", "another", "galaga-01-10bcc890744ef94eabe6ab1b9123feba"),
        ("pacman-02", "galaga-password", "pacman-02-e7b53325e3c2fe78ecff5bfc7d185dd4"),
    ],
)
def test_the_name_hangs_on_machine_and_password(machine_id: str, password: str, client_id: str) -> None:
    """A name that changed with a release would leave every session, with what waits in it, behind."""
    assert mqtt_client_id(machine_id, password) == client_id
