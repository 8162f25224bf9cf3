"""Files with secrets in them: whole or as they were, for their owner alone, and through to the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cloud_relay.errors import FileTrouble
from cloud_relay.private_file import check_writable, read_if_there, write_private

pytestmark = pytest.mark.cloud

# As a card or a quota does, the limit takes a part of what is written, and refuses the rest.
FULL_AFTER_100_BYTES = """
import resource, sys
from pathlib import Path
from cloud_relay.errors import FileTrouble
from cloud_relay.private_file import write_private
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    write_private(Path(sys.argv[1]), "NEW=" + "2" * 500)
except FileTrouble as why:
    print(why)
"""


def test_what_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """A half-written one would be all that is left of the relay's secrets."""
    file = tmp_path / "relay.env"
    file.write_text("OLD=1\n")
    said = subprocess.run(
        [sys.executable, "-c", FULL_AFTER_100_BYTES, str(file)], capture_output=True, text=True, check=True
    )
    assert said.stdout == f"{file} cannot be written: File too large\n"
    assert (file.read_text(), list(tmp_path.iterdir())) == ("OLD=1\n", [file])


def test_a_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Whatever it was before; and what a link leads to is changed, not the link."""
    file, link = tmp_path / "relay.env", tmp_path / "link"
    file.write_text("OLD=1\n")
    file.chmod(0o644)
    link.symlink_to(file)
    write_private(link, "NEW=\udcff2\n")
    assert (file.read_bytes(), oct(file.stat().st_mode & 0o777)) == (b"NEW=\xff2\n", "0o600")
    assert (link.is_symlink(), read_if_there(link)) == (True, "NEW=\udcff2\n")


def test_where_nothing_can_be_written_is_said_before(tmp_path: Path) -> None:
    """What Stripe tells once must not be asked for in vain."""
    with pytest.raises(FileTrouble, match="is a folder: name a file"):
        check_writable(tmp_path)
    with pytest.raises(FileTrouble, match=f"cannot be written: No such file or directory .{tmp_path}/none"):
        check_writable(tmp_path / "none" / "relay.env")
    check_writable(tmp_path / "relay.env")
    assert list(tmp_path.iterdir()) == []
