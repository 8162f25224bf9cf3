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


def refuse(places: Places, file: Path, problems: Sequence[str], beside: Sequence[str] = ()) -> None:
    """Tell of every problem of a file that is not taken over; `beside` is what only the screen adds."""
    for problem in problems:
        log.error("%s: %s", file, problem)
    with on_card(f"{REPORT} is not there") as told:
        write(file.with_name(REPORT), refused_report(file.name, problems))
    _tell_screen(places.notice, refused_notice(file.name, problems, (*beside, *told)))


@contextmanager
def on_card(otherwise: str) -> Iterator[list[str]]:
    """Work on the card: one that cannot be written to keeps nobody from using what is on it.

    What is then to be told is in the list: why, and that `otherwise` holds.
    """
    told: list[str] = []
    try:
        yield told
    except OSError as error:
        told.append(f"The card cannot be written to ({error.strerror}): {otherwise}.")
        log.error("%s", told[0])


def _tell_screen(path: Path, notice: Notice) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(notice)))
