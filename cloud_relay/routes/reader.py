"""Who reads the answer: a phone says in its request which languages its owner reads."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, g, request

from cloud_relay.catalogues import language
from cloud_relay.rules.language import Language, language_for
from cloud_relay.rules.own_words import OwnWords, in_own_words

_OWN_WORDS = "OWN_WORDS"


def players_language() -> Language:
    """The language for this request's phone, by its Accept-Language; English for all that we do not have."""
    if "language" not in g:
        wanted = (tag for tag, quality in request.accept_languages if quality > 0)
        g.language = in_own_words(language(language_for(wanted)), current_app.config[_OWN_WORDS])
    chosen: Language = g.language
    return chosen


def speak_players_language(app: Flask, own_words: OwnWords) -> None:
    """Give the templates their words in the player's language, and say which it is."""
    app.config[_OWN_WORDS] = own_words
    app.context_processor(_words)
    app.after_request(_say_which)


def _words() -> dict[str, Any]:
    chosen = players_language()
    return {
        "_": chosen.gettext,
        "credits_words": chosen.credits,
        "price_words": chosen.price,
        "language_tag": chosen.tag,
    }


def _say_which(response: Response) -> Response:
    response.headers["Vary"] = "Accept-Language"
    if "language" in g:
        response.headers["Content-Language"] = g.language.tag
    return response
