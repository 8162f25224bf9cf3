"""The catalogues: all that players read, in every language, as `make locales` writes them."""

from __future__ import annotations

import gettext
import re

import pytest
from babel.messages.catalog import Catalog

from tools import glyphs, locales
from tools.locales import DOMAINS, LANGUAGES, Domain

every_catalogue = pytest.mark.parametrize(
    ("domain", "language"),
    [(domain, language) for domain in DOMAINS for language in LANGUAGES],
    ids=lambda part: part.name if isinstance(part, Domain) else part,
)


@every_catalogue
def test_a_catalogue_has_the_texts_of_the_code_and_no_others(domain: Domain, language: str) -> None:
    """Nothing is left out and nothing kept that nobody says any more; `make locales` puts it right."""
    wanted = locales.brought_up(domain, language, locales.gathered(domain))
    assert domain.po(language).read_bytes().decode() == locales.as_po(wanted).decode()


@every_catalogue
def test_what_programs_read_is_what_translators_wrote(domain: Domain, language: str) -> None:
    """The .mo is compiled from the .po that lies beside it."""
    wanted = locales.brought_up(domain, language, locales.gathered(domain))
    assert domain.mo(language).read_bytes() == locales.as_mo(wanted)


@every_catalogue
def test_every_text_is_translated_in_all_its_forms(domain: Domain, language: str) -> None:
    """Each with the places that its text has in braces, and none that somebody has still to look at."""
    catalogue = locales.written(domain, language)
    assert list(locales.problems(catalogue)) == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


# What is wrong in a language's own writing.
HAN = r"[\u3041-\u30ff\u4e00-\u9fff]"
MISPRINTS = {
    "es": r"^[^¡]*!|^[^¿]*\?",
    "fr": r"(^|[^\xa0])[:;!?]|'",
    "de": r"\s[:;!?]|'",
    "zh_CN": rf"{HAN} ?[,.!?:;]|{HAN}[()]",
    "ja": rf"{HAN} ?[,.!?:;]|{HAN}[()]",
}


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
@pytest.mark.parametrize("language", MISPRINTS)
def test_signs_are_set_as_in_the_language_s_own_books(domain: Domain, language: str) -> None:
    """French binds them with a no-break space, Spanish opens what it closes, Han writing has its own."""
    wrong = re.compile(MISPRINTS[language])
    assert [text for text in locales.strings(domain, language) if wrong.search(text)] == []


@every_catalogue
def test_the_standard_library_reads_the_catalogue(domain: Domain, language: str) -> None:
    """Cabinet and relay have no Babel: their gettext finds what the .po says."""
    with domain.mo(language).open("rb") as file:
        words = gettext.GNUTranslations(file)
    for message in locales.written(domain, language):
        if message.id and not message.pluralizable:
            assert words.gettext(message.id) == message.string


@pytest.mark.parametrize("language", glyphs.CUT)
def test_the_font_that_is_shipped_has_what_the_texts_are_written_with(language: str) -> None:
    """And no more: it was cut for them. `make locales` cuts it anew."""
    wanted = glyphs.wanted(language, locales.strings(locales.SCREEN, language))
    assert glyphs.characters(language) == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_credit_is_called_alike_on_the_screen_and_on_the_phone(language: str) -> None:
    """Who reads one thing on the glass must not read another at the door."""
    screen, door = (locales.written(domain, language) for domain in DOMAINS)
    on_screen, at_door = screen.get("{count} CREDIT"), door.get("{count} credit")
    assert on_screen is not None
    assert at_door is not None
    assert [alike(text) for text in on_screen.string] == [alike(text) for text in at_door.string]


def alike(text: str) -> str:
    """Without what a headline does to a text: capitals, and spaces at which no line breaks."""
    return " ".join(text.lower().split())


def test_wrong_translations_are_named() -> None:
    """Each kind of mistake that a translator can make."""
    catalogue = Catalog("de", fuzzy=False)
    catalogue.add("{credits} credit", "Guthaben")
    catalogue.add("INSERT COIN", "")
    catalogue.add("Good luck!", "Viel Glück! ")
    catalogue.add(("{n} game", "{n} games"), ("{n} Spiel", "{m} Spiele"))
    assert list(locales.problems(catalogue)) == [
        "de: '{credits} credit': 'Guthaben' has other places in braces",
        "de: 'INSERT COIN': is not translated",
        "de: 'Good luck!': 'Viel Glück! ' begins or ends with a space",
        "de: ('{n} game', '{n} games'): '{m} Spiele' has other places in braces",
    ]
