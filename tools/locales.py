"""Gathers the texts that players read, and brings each language's catalogue up to them: `make locales`.

A text that is new stands untranslated in each .po; a translator fills it in, and `make locales` compiles it.
What it writes holds no date and no line number: two runs write the same. Only this needs Babel; cabinet and
relay read the .mo with the standard library's gettext.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from tools import glyphs
from tools.local_forms import PLACES, forms_text

ROOT = Path(__file__).parent.parent
LANGUAGES = ("en", "es", "fr", "de", "ms", "zh_CN", "ja")
_SOURCES = [("**/operator/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
# CLDR's third form of these is for millions.
_PLURALS = {"es": (2, "(n != 1)"), "fr": (2, "(n > 1)")}
# What `marked` has in hand is translated later, where it is shown.
_KEYWORDS = {**DEFAULT_KEYWORDS, "marked": None}
_WIDTH = 98
Text = str | tuple[str, str]
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class Domain:
    """What is translated together: a package's texts, in catalogues that are shipped within it."""

    name: str

    @property
    def package(self) -> Path:
        """The folder that its texts are in."""
        return ROOT / self.name

    def po(self, language: str) -> Path:
        """The catalogue that people edit."""
        return self.package / "locales" / language / "LC_MESSAGES" / f"{self.name}.po"

    def mo(self, language: str) -> Path:
        """The catalogue that programs read."""
        return self.po(language).with_suffix(".mo")


SCREEN, RELAY = DOMAINS = (Domain("attract_screen"), Domain("cloud_relay"))


class _Dateless(Catalog):
    """A catalogue whose head says what a reader needs: nobody's name, and no time at which it was written."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:  # type: ignore[override] # Babel's can be set, too
        """The lines of its head."""
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


def gathered(domain: Domain) -> dict[Text, list[str]]:
    """Each text in the code, with its plural where it has one, and what is said of it to translators."""
    found: dict[Text, list[str]] = {}
    said = {"comment_tags": ("For translators:",), "strip_comment_tags": True}
    for _file, _line, text, comments, _context in extract_from_dir(
        domain.package, _SOURCES, keywords=_KEYWORDS, **said
    ):
        known = found.setdefault(tuple(text[:2]) if isinstance(text, tuple) else text, [])
        known += [comment for comment in comments if comment not in known]
    return found


def written(domain: Domain, language: str) -> Catalog:
    """The catalogue as it lies on the disk; an empty one where there is none."""
    path = domain.po(language)
    return read_po(io.BytesIO(path.read_bytes() if path.exists() else b""), locale=language)


def brought_up(domain: Domain, language: str, texts: dict[Text, list[str]]) -> Catalog:
    """The catalogue with exactly the texts of the code; a translation stays while its text does."""
    known = written(domain, language)
    catalog = _Dateless(language, header_comment=f"# {domain.name}: what players read", fuzzy=False)
    catalog._num_plurals, catalog._plural_expr = _PLURALS.get(language, get_plural(language)[:2])
    for text, comments in texts.items():
        before = known.get(text if isinstance(text, str) else text[0])
        same = before is not None and before.id == text
        string = text if language == "en" else before.string if same else ""
        catalog.add(text, string, auto_comments=comments, flags=before.flags - {"fuzzy"} if same else ())
    return catalog


def as_po(catalog: Catalog) -> bytes:
    """The bytes of its .po."""
    out = io.BytesIO()
    write_po(out, catalog, width=_WIDTH, no_location=True, sort_output=True)
    return out.getvalue().strip() + b"\n"


def as_mo(catalog: Catalog) -> bytes:
    """The bytes of its .mo."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def strings(domain: Domain, language: str) -> list[str]:
    """All that its catalogue says."""
    said = [message.string for message in written(domain, language) if message.id]
    return [one for each in said for one in (each if isinstance(each, tuple) else (each,))]


def problems(catalog: Catalog) -> Iterator[str]:
    """What is wrong with its translations: one that is missing, or says other things than its text does."""
    for message in catalog:
        if message.id:
            yield from (f"{catalog.locale}: {message.id!r}: {wrong}" for wrong in _wrong(message, catalog))


def _wrong(message: Message, catalog: Catalog) -> Iterator[str]:
    ids = message.id if message.pluralizable else (message.id,)
    strings = message.string if message.pluralizable else (message.string,)
    if message.pluralizable and len(strings) != catalog.num_plurals:
        yield f"{len(strings)} plural forms; there are {catalog.num_plurals}"
    for string in strings:
        if not string:
            yield "is not translated"
        elif _placeholders(string) != _placeholders(ids[-1]):
            yield f"{string!r} has other places in braces"
        elif string != string.strip():
            yield f"{string!r} begins or ends with a space"


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def main() -> None:
    """Write forms and catalogues; the exit code says whether every text is translated."""
    for place in PLACES:
        place.write_text(forms_text(LANGUAGES), encoding="utf-8")
    wrong: list[str] = []
    for domain in DOMAINS:
        texts = gathered(domain)
        for language in LANGUAGES:
            catalog = brought_up(domain, language, texts)
            domain.po(language).parent.mkdir(parents=True, exist_ok=True)
            domain.po(language).write_bytes(as_po(catalog))
            domain.mo(language).write_bytes(as_mo(catalog))
            wrong += [f"{domain.name} {problem}" for problem in problems(catalog)]
    wrong += filter(None, (glyphs.bring_up(language, strings(SCREEN, language)) for language in glyphs.CUT))
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
