from __future__ import annotations

import logging
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attract_screen_samples import ADDRESS, decoded, write_feed
from conftest import wait_until
from material_help import GOOD, HOSTILE, Shelf, bomb, hostile, photo

from attract_screen.material.complaints import MOST_AT_ONCE
from attract_screen.material.inspection import Inspection, inspect

ROOT = Path(__file__).parent.parent


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What was logged of files: their names, and why they are not shown."""
    return [tuple(record.getMessage().split(": ", 1)) for record in caplog.records]  # type: ignore[misc]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    return place


def test_of_a_hostile_folder_the_good_pictures_are_shown_and_each_other_file_is_named_once(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Bombs, halves, devices, pipes, strange names: one warning each, with why, however often it looks."""
    hostile(folder)
    shelf = Shelf(folder, tmp_path / "kept")
    assert tuple(shelf.names()) == GOOD
    shelf.looked()
    lines = told(caplog)
    assert sorted(name for name, _ in lines) == sorted(HOSTILE)
    assert [(name, why) for name, why in lines if not why.startswith(HOSTILE[name])] == []
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_the_check_finds_the_same(folder: Path) -> None:
    """What `cabinet check` runs names the same files, and gives the same reasons."""
    hostile(folder)
    found = inspect(folder, time.monotonic() + 60)
    assert (found.folder, found.shown, found.unseen) == (None, len(GOOD), 0)
    assert sorted(name for name, _ in found.problems) == sorted(HOSTILE)
    assert [(name, why) for name, why in found.problems if not why.startswith(HOSTILE[name])] == []


def test_ten_thousand_files_are_one_sentence(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A hundred are looked at; the rest is one warning that names the first of them and counts the others."""
    for number in range(10_000):
        (folder / f"{number:05}.txt").touch()
    photo(folder / "00000.jpg")
    shelf = Shelf(folder, tmp_path / "kept")
    assert shelf.names() == ["00000.jpg"]
    assert told(caplog)[0] == (
        "00099.txt",
        f"it and 9900 others are too many: at most 100 files are shown. Move some out of {folder}",
    )
    assert len(told(caplog)) == MOST_AT_ONCE + 1
    assert caplog.messages[-1] == "there is more; sudo cabinet check names all of it"


def test_a_bomb_takes_no_more_than_its_process_may(folder: Path, tmp_path: Path) -> None:
    """A picture of as many pixels as may be is made small by a child process, and not in this one."""
    bomb(folder / "large.png", side=7000)
    shelf = Shelf(folder, tmp_path / "kept")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert shelf.names() == ["large.png"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 8_000


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named_with_what_helps(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A copy that only root may read is a matter of one command."""
    photo(folder / "secret.jpg")
    (folder / "secret.jpg").chmod(0)
    assert Shelf(folder, tmp_path / "kept").names() == []
    assert told(caplog) == [("secret.jpg", "it may not be read: sudo chmod o+r does it")]


def test_a_folder_that_vanishes_or_becomes_a_file_is_told_once_and_found_again(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its pictures are not shown meanwhile; once it is back, they are."""
    photo(folder / "one.jpg")
    shelf = Shelf(folder, tmp_path / "kept")
    assert shelf.names() == ["one.jpg"]
    aside = folder.rename(tmp_path / "aside")
    assert shelf.names() == []
    folder.write_text("I was a folder.")
    assert shelf.names() == []
    folder.unlink()
    aside.rename(folder)
    assert shelf.names() == ["one.jpg"]
    assert told(caplog) == [
        (str(folder), "there is no such folder: make it, and copy pictures into it"),
        (str(folder), "it is no folder: make one, and copy pictures into it"),
    ]
    assert inspect(tmp_path / "nowhere", 0.0) == Inspection(
        "there is no such folder: make it, and copy pictures into it"
    )


def test_a_file_that_is_still_being_copied_is_waited_for(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a picture that grows is neither shown nor complained about; the whole one is shown."""
    photo(tmp_path / "whole.png", (900, 700))
    whole = (tmp_path / "whole.png").read_bytes()
    shelf = Shelf(folder, tmp_path / "kept")
    with (folder / "copied.png").open("wb", buffering=0) as file:
        for start in range(0, len(whole), len(whole) // 4):
            file.write(whole[start : start + len(whole) // 4])
            shelf.clock.now_s += 3
            assert (shelf.librarian.step(shelf.wishes).ready, shelf.librarian.busy) == ({}, False)
    assert (shelf.names(), caplog.messages) == (["copied.png"], [])


def test_the_screen_runs_on_before_a_hostile_folder(folder: Path, tmp_path: Path) -> None:
    """The whole process: its code stays on the glass, and its journal has each file once."""
    hostile(folder)
    feed, journal = tmp_path / "feed.json", tmp_path / "journal"
    write_feed(feed, folder=str(folder))
    command = [sys.executable, "-m", "attract_screen", "--feed", str(feed), "--keep", str(tmp_path)]
    command += ["--display", "headless", "--size", "640x480", "--mirror", str(tmp_path / "mirror.png")]

    def has_told(*names: str) -> bool:
        write_feed(feed, folder=str(folder))
        return all(f"complaints: {name}: " in journal.read_text() for name in names)

    with journal.open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stderr=log)
    try:
        wait_until(lambda: has_told(*HOSTILE), "each file to be told", within_s=60)
        assert decoded(tmp_path / "mirror.png") == [ADDRESS]
        shutil.rmtree(folder)
        wait_until(lambda: has_told(str(folder)), "the folder to be missed", within_s=60)
        assert decoded(tmp_path / "mirror.png") == [ADDRESS]
        process.terminate()
        process.wait(timeout=60)
    finally:
        process.kill()
    told = journal.read_text()
    assert process.returncode == 0
    assert [name for name in (*HOSTILE, str(folder)) if told.count(f"complaints: {name}: ") != 1] == []
