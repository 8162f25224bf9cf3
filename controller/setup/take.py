"""EDGE. Takes the file on the card over as config.yaml, or says what is wrong with it.

A power cut may come in between: the cabinet has the file, or its secrets, before anything on the card goes,
and the card's old file goes last. Done again from the start, it comes to the same end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace as dataclass_replace
from pathlib import Path

from controller.formats.card_secrets import fill_in, hide, not_kept
from controller.formats.card_text import CardText, read_card_text
from controller.pages.card_page import EXAMPLE, plain_line, plain_warning
from controller.setup.card import card_files, finish_what_was_begun, nearly_card_files, replace
from controller.setup.certificate import certificate_beside, keep_certificate
from controller.setup.files import overwrite, write, write_config
from controller.setup.places import Places
from controller.setup.take_over import take_over
from controller.setup.telling import on_card, refuse
from controller.setup.usable import OPEN_KEYS, Verdict, is_blank, judge
from controller.system.mounts import mount_of

MOST_BYTES = 64 * 1024
FORGETFUL = ("overlay", "tmpfs")
_FORGETS = "The cabinet forgets at power-off what is written to it (overlay): docs/read-only-root.md."


def take_card(places: Places) -> None:
    """Look at the card once, and do what is to be done.

    Raises:
        OSError: the configuration's own folder cannot be written to.
    """
    places.notice.unlink(missing_ok=True)
    places.candidate.unlink(missing_ok=True)
    places.certificate_candidate.unlink(missing_ok=True)
    for folder in filter(Path.is_dir, places.boot):
        with on_card("what a power cut has left there stays, with any secrets in it"):
            finish_what_was_begun(folder)
    files = card_files(places.boot)
    if len(files) == 1:
        _take(files[0], places)
    elif files:
        names = " and ".join(file.name for file in files)
        refuse(places, files[0], [f"There are {names}: keep one of them, and call it cabinet.yaml."])
    elif judge(places.config).problems:
        _help(places)


def _take(file: Path, places: Places) -> None:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except OSError as error:
        refuse(places, file, [f"It cannot be read ({error.strerror}): copy it anew, or take another card."])
        return
    if mount_of(places.config.parent.resolve(), places.mounts).kind in FORGETFUL:
        refuse(places, file, [_FORGETS])
    elif len(raw) > MOST_BYTES:
        refuse(places, file, [f"It is larger than {MOST_BYTES} bytes, and cannot be what is meant."])
    else:
        _look_into(file, raw, places)


def _look_into(file: Path, raw: bytes, places: Places) -> None:
    kept = _kept(places.kept)
    card = read_card_text(raw)
    whole = card and card.saying(fill_in(card.text, kept))
    data = whole.as_config() if whole else raw
    certificate = certificate_beside(file, data, places)
    verdict = _judged(data, certificate, places)
    problems = [plain_line(each.line, each.key, each.text) for each in verdict.problems]
    problems += [
        plain_line(line, "has a value that is", "not kept any longer: type it anew")
        for line in (not_kept(whole.text) if whole else ())
    ]
    if not problems:
        warnings = [plain_warning(warning, str(places.candidate)) for warning in verdict.warnings]
        if certificate is not None:
            keep_certificate(certificate, places)
        take_over(file, data, warnings, places)
        return
    stays = _keep_secrets(file, whole, kept, places) if whole else []
    refuse(places, file, problems, stays)


def _judged(data: bytes, certificate: bytes | None, places: Places) -> Verdict:
    """What the controller would say of the card's file, with the card's certificate in its place."""
    if certificate is None:
        return _read_as_candidate(data, places)
    there, here = str(places.certificate), str(places.certificate_candidate)
    write_config(places.certificate_candidate, certificate)
    verdict = _read_as_candidate(data.replace(there.encode(), here.encode()), places)
    places.certificate_candidate.unlink()
    problems = [dataclass_replace(each, text=each.text.replace(here, there)) for each in verdict.problems]
    return Verdict(problems, verdict.warnings)


def _read_as_candidate(data: bytes, places: Places) -> Verdict:
    write_config(places.candidate, data)
    verdict = judge(places.candidate)
    places.candidate.unlink()
    return verdict


def _keep_secrets(file: Path, whole: CardText, kept: dict[str, str], places: Places) -> Sequence[str]:
    """Leave a faulty file on the card to be mended, and its secrets in the cabinet alone.

    What is to be told where they cannot be taken off.
    """
    hidden, keeps = hide(whole.text, OPEN_KEYS, kept)
    if keeps != kept:
        write_config(places.kept, json.dumps(keeps).encode())
    without = whole.saying(hidden).as_written()
    with on_card(f"{file.name} stays as it is, with any secrets in it") as told:
        if without != file.read_bytes():
            replace(file, without)
        else:
            overwrite(file, without)  # behind its end may be what an editor cut off
    return told


def _kept(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(number): str(value) for number, value in kept.items()}


def _help(places: Places) -> None:
    """Nothing is configured, and nothing there to take: say what is nearly right, or give an example."""
    if nearly := nearly_card_files(places.boot):
        refuse(places, nearly[0], ["It is not called cabinet.yaml, and was not looked at: rename it."])
    elif places.config.exists() and is_blank(places.config):
        example = places.config.read_text().replace("\n", "\r\n").encode()
        for folder in [folder for folder in places.boot if (folder / "config.txt").is_file()][:1]:
            with on_card(f"{EXAMPLE} is not there"):
                write(folder / EXAMPLE, example)
