"""What is wrong with screen.yaml, and what it and the folder do not agree about, by the name of a file."""

from __future__ import annotations

from collections.abc import Iterable

from attract_screen.material.folder import Listing
from attract_screen.material.formats.kinds import Kind
from attract_screen.material.formats.tree import Mistake
from attract_screen.material.rules.notes import NOTES_NAME, Notes


def told_mistakes(mistakes: Iterable[Mistake]) -> dict[str, str]:
    """The mistakes by their place, those of one line together."""
    told: dict[str, str] = {}
    for mistake in mistakes:
        place = f"{NOTES_NAME}, line {mistake.line}"
        told[place] = f"{told[place]}; {mistake.text}" if place in told else mistake.text
    return told


def unreadable(error: OSError) -> str:
    """Why the notes cannot be read, and what helps."""
    if isinstance(error, PermissionError):
        return "it may not be read: sudo chmod o+r does it"
    return f"it cannot be read: {error.strerror or error}"


def strays(listing: Listing, notes: Notes) -> dict[str, str]:
    """What the notes name and does not lie there, and typefaces that they do not name."""
    there = [*(file.name for file in listing.files), *listing.problems]
    missing = [name for name in notes.named if not any(notes.is_same(name, each) for each in there)]
    wrong = (
        dict.fromkeys(missing, f"{NOTES_NAME} names it, and it does not lie beside it")
        if listing.settled
        else {}
    )
    for file in listing.files:
        if file.kind is Kind.TYPEFACE and not (notes.typeface and notes.is_same(file.name, notes.typeface)):
            wrong[file.name] = (
                f"it is a typeface, and {NOTES_NAME} does not name it: write typeface: and its name"
            )
    for what, name, kind in (("logo", notes.logo, Kind.PICTURE), ("typeface", notes.typeface, Kind.TYPEFACE)):
        for file in listing.files:
            if name and notes.is_same(file.name, name) and file.kind is not kind:
                wrong[file.name] = f"it is named as the {what}, and is a {file.kind.value}"
    return wrong
