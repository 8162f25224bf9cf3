"""`check` and the operator's folder: on real files, looked through by a real process."""

from __future__ import annotations

from pathlib import Path

from material_help import moving, photo

from controller.check.pictures import check_pictures
from controller.model.sandbox import sandbox_of
from controller.pages.findings import note, ok, warning
from controller.system.systemd_units import Unit

MEND = "Mend it or take it away: the screen sees that by itself."


def the_screen(user: str = "", **has: str) -> Unit:
    return Unit("arcade-attract-screen", "active", "running", "enabled", 0, 0, user, "", sandbox_of(has))


def test_what_can_be_shown_is_counted_and_the_rest_is_named(tmp_path: Path) -> None:
    """Each file that is not shown has its reason, and a mistake in the notes its line."""
    photo(tmp_path / "one.jpg")
    moving(tmp_path / "two.gif")
    (tmp_path / "three.txt").write_text("Nothing to see.")
    (tmp_path / "screen.yaml").write_text("seconds: 5\norder: [one.jpg, tow.gif]\ncolour: red\n")
    assert check_pictures(tmp_path, the_screen()) == [
        ok(f"2 pictures and clips of {tmp_path} can be shown"),
        warning(
            "screen.yaml, line 3: 'colour' is unknown in the file: "
            "there are order, seconds, files, colours, logo, typeface",
            MEND,
        ),
        warning("three.txt: it is none of PNG, JPEG, WebP, BMP, GIF, MP4 or WebM", MEND),
        warning("tow.gif: screen.yaml names it, and it does not lie beside it", MEND),
    ]


def test_a_folder_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    """The path in config.yaml may have a letter too few."""
    assert check_pictures(tmp_path / "picturs", None) == [
        warning(
            f"screen.folder is {tmp_path}/picturs: there is no such folder",
            "Make it, and copy pictures into it.",
        )
    ]


def test_a_folder_in_somebody_s_home_is_hidden_from_the_screen() -> None:
    """Root sees it, and the screen's unit does not."""
    assert check_pictures(Path("/home/pi/pictures"), the_screen(ProtectHome="yes")) == [
        warning(
            "the screen sees nothing of /home/pi/pictures: ProtectHome= of arcade-attract-screen hides /home",
            "Take a folder such as /srv/screen, and write it into screen.folder.",
        )
    ]


def test_a_user_that_there_is_not_looks_at_nothing(tmp_path: Path) -> None:
    """Another user's eyes would prove nothing."""
    assert check_pictures(tmp_path, the_screen("nobody-of-this-name")) == [
        note(f"{tmp_path} was not looked at: there is no user nobody-of-this-name")
    ]
