"""EDGE. Takes the file on the card over as config.yaml, or says what is wrong with it.

A power cut may come in between: the cabinet has the file, or its secrets, before anything on the card goes,
and the card's old file goes last. Done again from the start, it comes to the same end.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace as dataclass_replace
from pathlib import Path

from controller.config.keys import load_config
from controller.formats.card_secrets import fill_in, hide, not_kept
from controller.formats.card_text import CardText, read_card_text
from controller.pages.card_page import EXAMPLE, REPORT, plain_line, plain_warning, taken_report
from controller.setup.boot_lines import rest_pin
from controller.setup.card import card_files, finish_what_was_begun, nearly_card_files, replace, take_off
from controller.setup.certificate import certificate_beside, keep_certificate, take_certificate_off
from controller.setup.files import write, write_config
from controller.setup.places import Places
from controller.setup.telling import on_card, refuse
from controller.setup.usable import OPEN_KEYS, Verdict, is_blank, judge
from controller.system.mounts import mount_of

log = logging.getLogger(__name__)

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
        with on_card(folder):
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
    with file.open("rb") as opened:
        raw = opened.read(MOST_BYTES + 1)
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
        _take_over(file, data, warnings, places)
        return
    if whole:
        _keep_secrets(file, whole, kept, places)
    refuse(places, file, problems)


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


def _take_over(file: Path, data: bytes, warnings: Sequence[str], places: Places) -> None:
    before = places.config.read_bytes() if places.config.exists() else None
    if before != data:
        if before is not None:
            write_config(places.before, before)
        write_config(places.config, data)
    log.info("%s was taken over as %s", file, places.config)
    with on_card(file):
        _tidy(file, warnings)
        if rest_pin(file.with_name("config.txt"), pin := load_config(places.config).coin_line.pin):
            log.info("%s rests GPIO %d from the next boot on", file.with_name("config.txt"), pin)
        take_certificate_off(file)
        take_off(file)
    places.kept.unlink(missing_ok=True)


def _tidy(file: Path, warnings: Sequence[str]) -> None:
    file.with_name(EXAMPLE).unlink(missing_ok=True)
    file.with_name(REPORT).unlink(missing_ok=True)
    if warnings:
        write(file.with_name(REPORT), taken_report(file.name, warnings))


def _keep_secrets(file: Path, whole: CardText, kept: dict[str, str], places: Places) -> None:
    """Leave a faulty file on the card to be mended, and its secrets in the cabinet alone."""
    hidden, keeps = hide(whole.text, OPEN_KEYS, kept)
    if keeps != kept:
        write_config(places.kept, json.dumps(keeps).encode())
    without = whole.saying(hidden).as_written()
    if without != file.read_bytes():
        with on_card(file):
            replace(file, without)


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
            with on_card(folder):
                write(folder / EXAMPLE, example)
