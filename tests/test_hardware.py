"""Which computer this is, from the files in which it says so."""

from __future__ import annotations

from pathlib import Path

from controller.system.hardware import board_serial


def test_a_pi_is_named_by_its_device_tree(tmp_path: Path) -> None:
    """As the kernel writes it: with a zero byte behind it."""
    tree, machine = tmp_path / "serial-number", tmp_path / "machine-id"
    tree.write_bytes(b"10000000abcdef01\0")
    machine.write_text("0123456789abcdef\n")

    assert board_serial((tree, machine)) == "10000000abcdef01"


def test_another_computer_is_named_by_its_installation(tmp_path: Path) -> None:
    """It has no device tree, or one that says nothing."""
    empty, machine = tmp_path / "serial-number", tmp_path / "machine-id"
    empty.write_bytes(b"\0")
    machine.write_text("0123456789abcdef\n")

    assert board_serial((tmp_path / "none", empty, machine)) == "0123456789abcdef"


def test_a_computer_without_a_name_is_unknown(tmp_path: Path) -> None:
    """It is always the same one, so that its ledger is not fenced at every start."""
    assert board_serial((tmp_path / "none",)) == "unknown"


def test_this_computer_has_the_same_name_twice() -> None:
    """A name that changed by itself would fence the ledger."""
    assert board_serial() == board_serial() != ""
