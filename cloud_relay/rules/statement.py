r"""CORE. A machine's name -> what its player reads on the bank's statement.

Stripe prints the account's prefix (2 to 10 characters), "* ", and the payment's suffix: together 5 to 22
Latin characters, none of them < > \ ' " *, and each part with a letter:
https://docs.stripe.com/get-started/account/statement-descriptors
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

# What the longest prefix leaves: the account's own is not known here.
LONGEST_SUFFIX = 22 - 10 - len("* ")
_FORBIDDEN = frozenset("<>\\'\"*")


@dataclass(frozen=True)
class SaleWords:
    """What a sale is called: on the payment page, and on the bank's statement; there None leaves it out."""

    description: str
    statement_suffix: str | None


def sale_words(credits: str, name: str, machine_id: str) -> SaleWords:
    """The words for so many credits (`3 credits`) of a machine."""
    return SaleWords(f"{credits} - {name}", statement_suffix(name, machine_id))


def statement_suffix(name: str, machine_id: str) -> str:
    """The suffix for a machine's payments: its name, or its id where no bank can print the name."""
    for text in (name, machine_id):
        suffix = _printable(text)
        if any(sign.isalpha() for sign in suffix):
            return suffix
    return _printable(f"GAME {machine_id}")


def _printable(text: str) -> str:
    # Taking letters apart makes "e" of "é"; what has no plain letter in it (emoji, Arabic) is left out.
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(sign for sign in plain if " " <= sign <= "~" and sign not in _FORBIDDEN)
    return " ".join(kept.split())[:LONGEST_SUFFIX].strip()
