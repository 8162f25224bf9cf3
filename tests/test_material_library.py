"""The operator's files made ready by real child processes: scaled once, kept, bounded, found again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import av
import pygame
import pytest
from conftest import wait_until
from material_help import ROOM, Shelf, moving, photo
from PIL import Image, ImageDraw

from attract_screen.material.cache import Cache, Place, is_memory, key_of, place_of
from attract_screen.material.child import REFUSED
from attract_screen.material.complaints import AGAIN_AFTER_S, MOST_AT_ONCE
from attract_screen.material.formats.reel import ReelError
from attract_screen.material.own import OwnMaterial
from attract_screen.material.projector import Projector
from attract_screen.model.contrast import OwnColours
from attract_screen.model.programme import MaterialPage
from attract_screen.picture.design.dress import Dress

NOON = datetime(2026, 11, 27, 12, 0)  # noqa: DTZ001 - as the clock on the wall shows it
RED, GREEN = (254, 0, 0), (0, 128, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    return place


@pytest.fixture
def shelf(folder: Path, tmp_path: Path) -> Shelf:
    return Shelf(folder, tmp_path / "kept")


def film(path: Path, codec: str, seconds: float = 1.0) -> None:
    """A clip of 160x120 that turns from red to green in its middle."""
    count = round(seconds * 30)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"  # type: ignore[union-attr]
        for number in range(count):
            image = Image.new("RGB", (160, 120), "red" if number < count // 2 else "green")
            for packet in stream.encode(av.VideoFrame.from_image(image)):  # type: ignore[union-attr]
                out.mux(packet)
        for packet in stream.encode():  # type: ignore[union-attr]
            out.mux(packet)


def frame(shelf: Shelf, name: str, elapsed_s: float = 0.0) -> pygame.Surface:
    """The picture of a file as the screen would show it."""
    projector = Projector()
    try:
        return projector.surface(shelf.looked().ready[name, ROOM].path, elapsed_s)
    finally:
        projector.close()


def states(folder: Path) -> dict[str, int]:
    """When the folder and each file in it were written to."""
    return {str(path): path.stat().st_mtime_ns for path in (folder, *folder.iterdir())}


def near(one: pygame.Color, other: tuple[int, int, int]) -> bool:
    """Whether two colours are alike, but for what JPEG makes of them."""
    return all(abs(a - b) < 12 for a, b in zip(one[:3], other, strict=True))


def test_a_picture_is_as_large_as_its_room_and_keeps_its_sides(folder: Path, shelf: Shelf) -> None:
    """A wide one is as wide as the room, a high one as high, a tiny one is made larger."""
    photo(folder / "wide.jpg", (400, 100))
    photo(folder / "high.png", (100, 400))
    photo(folder / "tiny.bmp", (8, 8))
    sizes = [frame(shelf, name).get_size() for name in ("wide.jpg", "high.png", "tiny.bmp")]
    assert sizes == [(80, 20), (15, 60), (60, 60)]


def test_a_phone_s_picture_stands_upright(folder: Path, shelf: Shelf) -> None:
    """Phones store it lying, and say so in a field of it (EXIF orientation 6)."""
    picture = Image.new("RGB", (400, 200), "red")
    ImageDraw.Draw(picture).rectangle((0, 0, 199, 200), fill="green")  # its left half, which is up
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(folder / "phone.jpg", exif=exif)
    upright = frame(shelf, "phone.jpg")
    assert upright.get_size() == (30, 60)
    assert near(upright.get_at((15, 5)), GREEN)
    assert near(upright.get_at((15, 55)), RED)


def test_what_shines_through_stays_so(folder: Path, shelf: Shelf) -> None:
    """A logo has no corners."""
    picture = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((100, 50, 300, 250), fill=(255, 0, 0, 255))
    picture.save(folder / "round.png")
    shown = frame(shelf, "round.png")
    assert (shown.get_at((0, 0))[3], shown.get_at((40, 30))[:]) == (0, (255, 0, 0, 255))


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp"])
def test_a_picture_that_moves_is_a_clip(folder: Path, shelf: Shelf, name: str) -> None:
    """GIF, APNG and WebP need no further package."""
    moving(folder / name, frames=5, lasts_ms=200)
    assert shelf.looked().ready[name, ROOM].runs_s == 1.0
    first, last = frame(shelf, name, 0.1), frame(shelf, name, 0.9)
    assert pygame.image.tostring(first, "RGB") != pygame.image.tostring(last, "RGB")


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mpeg4"), ("a.mp4", "libx264"), ("a.webm", "libvpx")])
def test_a_film_is_a_clip(folder: Path, shelf: Shelf, name: str, codec: str) -> None:
    """At most 15 of its 30 frames a second are kept, and it runs as long as it did."""
    film(folder / name, codec)
    ready = shelf.looked().ready[name, ROOM]
    assert 0.9 < ready.runs_s < 1.1
    assert near(frame(shelf, name, 0.1).get_at((40, 30)), RED)
    assert near(frame(shelf, name, 0.9).get_at((40, 30)), GREEN)
    projector = Projector()
    assert len(projector.reel(ready.path).starts) <= 16
    projector.close()


def test_a_film_without_its_package_is_refused_with_the_command(folder: Path, tmp_path: Path) -> None:
    """A Python that lacks PyAV opens no film, and says which package does."""
    film(folder / "a.mp4", "mpeg4")
    (tmp_path / "av.py").write_text("raise ImportError('none here')\n")
    with (folder / "a.mp4").open("rb") as file:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "attract_screen.material.child", "clip", "80x60", "1000"],
            stdin=file,
            env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path.cwd()}:{os.environ.get('PYTHONPATH', '')}"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        REFUSED,
        "",
        "clips need a package that is not installed: sudo apt-get install python3-av (about 70 MB)",
    )


def test_each_picture_is_scaled_once_and_nothing_is_written_while_idle(folder: Path, tmp_path: Path) -> None:
    """A second start finds what the first kept; looking again writes nothing."""
    for number in range(3):
        photo(folder / f"{number}.jpg")
    kept = tmp_path / "kept"
    assert Shelf(folder, kept).names() == ["0.jpg", "1.jpg", "2.jpg"]
    before = states(kept)
    again = Shelf(folder, kept)
    assert again.names() == ["0.jpg", "1.jpg", "2.jpg"]
    assert states(kept) == before


def test_new_changed_and_removed_files_are_noticed(folder: Path, shelf: Shelf) -> None:
    """Copying is all that is done."""
    photo(folder / "a.png", colour="red")
    assert shelf.names() == ["a.png"]
    photo(folder / "b.png", colour="red")
    assert shelf.names() == ["a.png", "b.png"]
    photo(folder / "a.png", size=(401, 300), colour="green")
    assert near(frame(shelf, "a.png").get_at((5, 5)), GREEN)
    (folder / "b.png").unlink()
    assert shelf.names() == ["a.png"]


def test_the_notes_are_followed_while_it_runs(
    folder: Path, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    """Order and captions; a logo is no picture among the others; a name that is not there is told."""
    for name in ("a.png", "b.png", "logo.png"):
        photo(folder / name)
    assert shelf.names() == ["a.png", "b.png", "logo.png"]
    (folder / "screen.yaml").write_text(
        "order: [b.png, c.png]\nlogo: logo.png\nfiles:\n  a.png:\n    caption: Hello\n"
    )
    assert shelf.names() == ["b.png", "a.png"]
    assert shelf.looked().notes.remark("a.png").caption == "Hello"
    assert shelf.looked().logo is not None
    (folder / "screen.yaml").unlink()
    assert shelf.names() == ["a.png", "b.png", "logo.png"]
    assert caplog.messages == ["c.png: screen.yaml names it, and it does not lie beside it"]


def test_a_typeface_is_tried_before_it_is_used(
    folder: Path, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    """What is handed on is the copy that was tried; a damaged one never reaches the screen's process."""
    whole = Path("attract_screen/picture/assets/DejaVuSansCondensed-Bold.ttf").read_bytes()
    (folder / "house.ttf").write_bytes(whole)
    (folder / "screen.yaml").write_text("typeface: house.ttf\n")
    face = shelf.looked().typeface
    assert face is not None
    assert face.read_bytes() == whole
    (folder / "house.ttf").write_bytes(whole[:12] + bytes(40_000))
    assert shelf.looked().typeface is None
    assert caplog.messages == ["house.ttf: it is no typeface that can be drawn with: take another"]


def test_the_cache_is_bounded_and_what_is_shown_stays(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was made ready for another size goes first; what has no room then is told."""
    for number in range(4):
        Image.effect_noise((80, 60), 90).save(folder / f"{number}.png")
    whole = Shelf(folder, tmp_path / "whole")
    whole.looked()
    most = whole.cache.bytes * 5 // 8
    shelf = Shelf(folder, tmp_path / "kept", most)
    shelf.wishes = replace(shelf.wishes, rooms=((40, 30),))
    shelf.looked()
    shelf.wishes = replace(shelf.wishes, rooms=(ROOM,))
    assert shelf.names() == ["0.png", "1.png"]
    assert sum(path.stat().st_size for path in (tmp_path / "kept").iterdir()) == shelf.cache.bytes <= most
    no_room = f"there is no room for it in {tmp_path}/kept: take some pictures away"
    assert caplog.messages == [f"2.png: {no_room}", f"3.png: {no_room}"]


def test_sizes_that_take_turns_all_stay_ready_and_are_made_once(folder: Path, tmp_path: Path) -> None:
    """Two languages have rooms of different sizes: the screen goes from one to the other all day."""
    photo(folder / "a.png")
    material = OwnMaterial([tmp_path / "kept"])
    rooms = [(64 + 16 * number, 64) for number in range(6)]
    try:
        material.follow(folder)
        for room in rooms:
            wait_until(partial(material.surface, "a.png", room, 0.0), f"the picture for {room}")
        before = states(tmp_path / "kept")
        assert [material.surface("a.png", room, 0.0) is not None for room in rooms * 3] == [True] * 18
        wait_until(partial(material.surface, "a.png", (32, 32), 0.0), "the picture for one more")
        assert [material.surface("a.png", room, 0.0) is not None for room in rooms[1:]] == [True] * 5
    finally:
        material.close()
    after = states(tmp_path / "kept")
    assert {path: when for path, when in before.items() if after.get(path) != when}.keys() == {
        str(tmp_path / "kept")
    }


def test_without_disk_for_every_size_a_picture_is_shown_in_those_that_have_it(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not refused, and nothing is written over and over."""
    Image.effect_noise((80, 60), 90).save(folder / "a.png")
    whole = Shelf(folder, tmp_path / "whole")
    whole.looked()
    shelf = Shelf(folder, tmp_path / "kept", whole.cache.bytes + 100)
    shelf.wishes = replace(shelf.wishes, rooms=(ROOM, (64, 48)))
    assert shelf.names() == ["a.png"]
    before = states(tmp_path / "kept")
    shelf.looked()
    assert (states(tmp_path / "kept"), caplog.messages) == (before, [])


def test_a_copy_that_rots_is_made_anew(folder: Path, shelf: Shelf) -> None:
    """Neither a half written one nor one of other bytes is ever shown."""
    photo(folder / "a.png")
    kept = shelf.looked().ready["a.png", ROOM].path
    kept.write_bytes(kept.read_bytes()[:50])
    projector = Projector()
    with pytest.raises(ReelError):
        projector.surface(kept, 0.0)
    shelf.librarian.damaged(kept)
    assert frame(shelf, "a.png").get_size() == (80, 60)


def test_halves_of_a_process_that_was_killed_are_swept_away(tmp_path: Path) -> None:
    """They would fill the disk, one for each power cut."""
    (tmp_path / ".half-x").write_bytes(b"half")
    (tmp_path / key_of("a.jpg", 1, 2, "picture 3x4")).write_bytes(b"whole")
    cache = Cache(Place(tmp_path))
    assert (cache.bytes, len(list(tmp_path.iterdir()))) == (5, 1)


def test_a_broken_file_that_changes_every_second_does_not_fill_the_journal(
    folder: Path, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    """So many lines and no more within an hour."""
    for number in range(MOST_AT_ONCE + 5):
        (folder / f"{number}.jpg").write_text("Not a picture.")
    shelf.looked()
    assert len(caplog.messages) == MOST_AT_ONCE + 1
    shelf.clock.now_s += AGAIN_AFTER_S
    (folder / "new.jpg").write_text("Not a picture.")
    shelf.looked()
    assert caplog.messages[-1].startswith("new.jpg: ")


def test_the_first_folder_that_can_be_written_to_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without any it is a new one that is forgotten, and that is said once."""
    (tmp_path / "a").write_text("no folder")
    mounts = tmp_path / "mounts"
    mounts.write_text("22 1 8:1 / / rw - ext4 /dev/sda rw\n")
    assert place_of([tmp_path / "a", tmp_path / "b"], mounts) == Place(tmp_path / "b")
    mounts.write_text(f"22 1 8:1 / / rw - ext4 x rw\n23 22 0:5 / {tmp_path} rw - overlay o rw\n")
    assert is_memory(tmp_path / "b", mounts)
    assert place_of([tmp_path / "b"], mounts).most_bytes < Place(tmp_path).most_bytes
    assert caplog.messages == []
    forgotten = place_of([tmp_path / "a"])
    assert (forgotten.lasting, len(caplog.messages)) == (False, 1)
    shutil.rmtree(forgotten.folder)


def test_the_attract_mode_is_handed_pages_pictures_and_the_looks(folder: Path, tmp_path: Path) -> None:
    """In its own thread: the pages at once, each picture once it is ready for the room that was asked for."""
    photo(folder / "a.png")
    photo(folder / "logo.png", (300, 100))
    (folder / "screen.yaml").write_text(
        "files: {a.png: {caption: Hello, seconds: 5}}\n"
        'colours: {background: "#000", text: "#fff", accent: "#ff0"}\nlogo: logo.png\n'
    )
    material = OwnMaterial([tmp_path])
    page = MaterialPage("a.png", "Hello", 5.0)
    try:
        assert (material.pages(NOON), material.surface("a.png", (90, 70), 0.0)) == ((), None)
        material.follow(folder)
        wait_until(lambda: material.surface("a.png", (90, 70), 0.0), "the picture")
        shown = material.surface("a.png", (90, 70), 0.0)
        assert shown is not None
        assert (shown.get_size(), shown is material.surface("a.png", (90, 70), 1.0)) == ((80, 60), True)
        wait_until(lambda: material.dress.logo and material.pages(NOON) == (page,), "the looks")
        assert material.dress == material.dress
        assert material.dress.colours == OwnColours((0, 0, 0), (255, 255, 255), (255, 255, 0))
        material.follow(None)
        wait_until(lambda: (material.pages(NOON), material.dress) == ((), Dress()), "the end of it")
    finally:
        material.close()
    assert list(tmp_path.glob(".half-*")) == []
