"""What systemd hides from a service, by its unit's directives."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from controller.model.sandbox import Barrier, sandbox_of


@pytest.mark.parametrize(
    ("properties", "path", "hides"),
    [
        ({"ProtectHome": "yes"}, "/home/pi/x", True),
        ({"ProtectHome": "tmpfs"}, "/home/pi/x", True),
        ({"ProtectHome": "read-only"}, "/home/pi/x", False),
        ({"ProtectHome": "no"}, "/home/pi/x", False),
        ({"PrivateTmp": "disconnected"}, "/tmp/x", True),  # noqa: S108
        ({"InaccessiblePaths": "-/srv /mnt"}, "/srv/x", True),
        ({"ProtectHome": "yes", "BindReadOnlyPaths": "/home/pi/c"}, "/home/pi/c/x", False),
        ({"ProtectHome": "yes", "BindPaths": "/srv/c:/home/pi/c:rbind"}, "/home/pi/c/x", False),
        ({"ProtectHome": "yes", "BindReadOnlyPaths": "/home/pi/c"}, "/home/pi/d", True),
    ],
)
def test_what_a_unit_hides_follows_its_directives(
    properties: Mapping[str, str], path: str, hides: bool
) -> None:
    """A technician's drop-in counts too."""
    assert (sandbox_of(properties).hides([path]) is not None) is hides


@pytest.mark.parametrize(
    ("properties", "path", "shuts"),
    [
        ({"ProtectSystem": "strict"}, "/data/ledger", True),
        ({"ProtectSystem": "strict", "ReadWritePaths": "/data"}, "/data/ledger", False),
        ({"ProtectSystem": "strict", "StateDirectory": "arcade-cabinet"}, "/var/lib/arcade-cabinet", False),
        ({"ProtectSystem": "strict", "RuntimeDirectory": "arcade-cabinet"}, "/run/arcade-cabinet", False),
        ({"ProtectSystem": "full"}, "/data/ledger", False),
        ({"ProtectSystem": "yes"}, "/etc/ledger", True),
        ({"ReadOnlyPaths": "/data"}, "/data/ledger", True),
        ({"ProtectHome": "read-only"}, "/home/pi", True),
    ],
)
def test_what_a_unit_keeps_from_writing_follows_its_directives(
    properties: Mapping[str, str], path: str, shuts: bool
) -> None:
    """Its own folders are let through."""
    assert (sandbox_of(properties).shuts([path]) is not None) is shuts


def test_a_barrier_has_its_directive_and_its_folder() -> None:
    """Whichever of a file's names lies behind it; a folder whose name only begins so is another."""
    sandbox = sandbox_of({"ProtectHome": "yes", "PrivateTmp": "yes", "ProtectSystem": "full"})
    assert sandbox.hides(["/etc/ca.pem", "/home/pi/ca.pem"]) == Barrier("ProtectHome", "/home")
    assert sandbox.hides(["/homes/ca.pem", "/rooted/ca.pem", "/runs/user/x"]) is None
    assert sandbox.shuts(["/etc"]) == Barrier("ProtectSystem", "/etc")
    assert sandbox.shuts(["/etcetera"]) is None


def test_what_the_kernel_shows_can_be_written_under_a_strict_system() -> None:
    """ProtectSystem= leaves /dev, /proc and /sys to other directives."""
    strict = sandbox_of({"ProtectSystem": "strict"})
    assert [strict.shuts([path]) is None for path in ("/dev/x", "/proc/x", "/sys/x", "/x")] == [
        *(True, True, True, False),
    ]
