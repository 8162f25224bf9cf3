"""The relay's environment file: what is read in it, and that a change of one line changes that line alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_relay.errors import FileTrouble
from cloud_relay.formats.env_file import CannotBeWritten, read_env, with_env
from cloud_relay.operator.env_file import store, stored

pytestmark = pytest.mark.cloud

NAMES = st.sampled_from(["STRIPE_API_KEY", "OFFERS", "A", "_B2"])
WRITABLE = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters="'")
)
VALUES = st.dictionaries(NAMES, WRITABLE.map(str.strip).filter(str.isprintable))


@given(VALUES, VALUES)
def test_what_was_written_is_read(before: dict[str, str], values: dict[str, str]) -> None:
    """The last value of each name, and those of the other names as they were."""
    assert read_env(with_env(with_env("", before), values)) == {**before, **values}


@given(VALUES)
def test_a_shell_reads_it_alike(values: dict[str, str]) -> None:
    """Each value as one word: nothing in it is run, split or replaced."""
    text = with_env("", values)
    shown = "".join(f'printf "%s\\0" "${name}"\n' for name in values)
    said = subprocess.run(["sh"], input=text + shown, env={}, capture_output=True, text=True, check=True)
    assert said.stdout.split("\0")[:-1] == list(values.values())


def test_other_lines_stay_as_they_are() -> None:
    """Remarks, empty lines, what is exported, and what no reader takes."""
    text = "# ours\n\nexport MQTT_PASSWORD = old \nOFFERS='{\"a\": 1}'\nnonsense\nMQTT_PASSWORD=older\n"
    assert with_env(text, {"MQTT_PASSWORD": "new", "PRICE_ID": "price_1"}) == (
        "# ours\n\nexport MQTT_PASSWORD=new\nOFFERS='{\"a\": 1}'\nnonsense\nPRICE_ID=price_1\n"
    )


@pytest.mark.parametrize("value", ["it's", "two\nlines", "a\0b", "\t"])
def test_what_readers_read_differently_is_refused(value: str) -> None:
    """Rather than half of it being taken, or a second line."""
    with pytest.raises(CannotBeWritten):
        with_env("", {"NAME": value})


def test_file_is_for_the_same_eyes_as_before(tmp_path: Path) -> None:
    """Its owner's and its group's; and never everybody's, for it holds secrets."""
    file, umask = tmp_path / "relay.env", os.umask(0)
    try:
        store(file, {"A": "1"})
        assert oct(file.stat().st_mode) == "0o100600"
        file.chmod(0o644)
        store(file, {"A": "2"})
    finally:
        os.umask(umask)
    assert oct(file.stat().st_mode) == "0o100640"
    assert stored(file) == {"A": "2"}
    assert list(tmp_path.iterdir()) == [file]


def test_file_that_cannot_be_written_is_as_it_was(tmp_path: Path) -> None:
    """And is named."""
    file = tmp_path / "relay.env"
    file.write_text("A=1\n")
    with pytest.raises(FileTrouble, match=f"{file} is as it was: a value with an apostrophe"):
        store(file, {"A": "it's"})
    assert file.read_text() == "A=1\n"
    with pytest.raises(FileTrouble, match=f"{tmp_path}/none/relay.env cannot be written"):
        store(tmp_path / "none" / "relay.env", {"A": "1"})
