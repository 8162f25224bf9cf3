"""How CLDR writes amounts and times, as a module for programs that have no Babel: part of `make locales`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from babel import Locale

ROOT = Path(__file__).parent.parent
# The cabinet and the relay are shipped apart: each has its copy.
PLACES = (ROOT / "attract_screen/model/local_forms.py", ROOT / "cloud_relay/rules/local_forms.py")
# What Babel leaves out of CLDR: narrow signs, here where they mean one currency, and from how many digits on
# figures are grouped.
_NARROW = {"en": {"myr": "RM"}, "zh_CN": {"cny": "¥", "jpy": "JP¥"}}
_GROUPED_FROM = {"es": 5}
_HEAD = '''\
"""CORE. How amounts and times of day are written, by CLDR. Made by `make locales`; never edited."""

from __future__ import annotations

from typing import Final, NamedTuple


class Form(NamedTuple):
    """One language's way with figures; `halves` are its words for before and after noon, or none."""

    decimal: str
    group: str
    grouped_from: int
    is_sign_first: bool
    hour_digits: int
    halves: tuple[str, ...]


'''


def forms_text(languages: Sequence[str]) -> str:
    """The module's text, in the project's style."""
    forms = "".join(f"    {_quoted(language)}: {_form(language)},\n" for language in languages)
    return (
        f"{_HEAD}FORMS: Final = {{\n{forms}}}\n\n"
        f"SIGNS: Final = {_signs(_international())}\n"
        "# Where a language has another.\n"
        f"OWN_SIGNS: Final = {{\n    {_quoted('zh_CN')}: {_signs(_NARROW['zh_CN'], 4)},\n}}\n"
    )


def _form(language: str) -> str:
    locale = Locale.parse(language)
    figures, clock = locale.number_symbols["latn"], locale.time_formats["short"].pattern
    halves = locale.day_periods["format"]["abbreviated"]
    words = f"({_quoted(halves['am'])}, {_quoted(halves['pm'])})" if "a" in clock else "()"
    is_sign_first = locale.currency_formats["standard"].pattern.startswith("¤")
    signs = f"{_quoted(figures['decimal'])}, {_quoted(figures['group'])}, {_GROUPED_FROM.get(language, 4)}"
    return f"Form({signs}, {is_sign_first}, {2 if 'hh' in clock.lower() else 1}, {words})"


def _international() -> dict[str, str]:
    """The signs by which a traveller knows the currencies: CA$ and A$ are not $."""
    known = Locale.parse("en").currency_symbols
    signs = {code.lower(): sign for code, sign in known.items() if sign != code}
    return dict(sorted((signs | _NARROW["en"]).items()))


def _signs(signs: dict[str, str], indent: int = 0) -> str:
    inside = "".join(
        f"{' ' * indent}    {_quoted(currency)}: {_quoted(sign)},\n" for currency, sign in signs.items()
    )
    return f"{{\n{inside}{' ' * indent}}}"


def _quoted(text: str) -> str:
    """As a literal: spaces that a reader cannot tell apart by their code."""
    plain = json.dumps(text, ensure_ascii=False)
    return "".join(c if c == " " or not c.isspace() else f"\\u{ord(c):04x}" for c in plain)
