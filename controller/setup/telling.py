"""EDGE. Says what is wrong with the card's file: in the log, beside it on the card, and on the screen."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from controller.pages.card_page import REPORT, Notice, refused_notice, refused_report
from controller.setup.files import write
from controller.setup.places import Places

log = logging.getLogger(__name__)


def refuse(places: Places, file: Path, problems: Sequence[str]) -> None:
    """Tell of every problem of a file that is not taken over."""
    for problem in problems:
        log.error("%s: %s", file, problem)
    with on_card(file):
        write(file.with_name(REPORT), refused_report(file.name, problems))
    _tell_screen(places.notice, refused_notice(file.name, problems))


@contextmanager
def on_card(file: Path) -> Iterator[None]:
    """Work on the card: one that cannot be written to keeps nobody from using what is on it."""
    try:
        yield
    except OSError as error:
        log.error(
            "%s stays, with any secrets in it: the card cannot be written to: %s",
            file,
            error.strerror,
        )


def _tell_screen(path: Path, notice: Notice) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(notice)))
