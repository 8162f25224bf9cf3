"""CORE. What the screen says: a feed and its age -> a View in the words of a language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from attract_screen.model.address import host_of
from attract_screen.model.feed_format import Feed, Notice, Offer, PricePeriod, Shows, State
from attract_screen.model.letters import drawable
from attract_screen.model.programme import MaterialPage
from attract_screen.model.technician import TechnicianPage, page_of
from attract_screen.model.themes import USUAL_THEME, ThemeName
from attract_screen.model.wording import ENGLISH, Language

STALE_AFTER_S = 5.0
# A feed "from the future" was written before the last boot; the rest is the rounding of its clock.
FUTURE_TOLERANCE_S = 0.5
SLOW_PAYMENT_S = 20.0
MAX_OFFERS = 4
FEWEST_GAMES = 3

# Not while paying: somebody who waits for a credit must not be led to pay a second time.
_QR_STATES = frozenset({State.ATTRACT, State.PLAYING})
_MOVING_STATES = frozenset({State.STARTING, State.ATTRACT, State.PAYING})


@dataclass(frozen=True)
class PriceRow:
    """One row of the price board: "3 CREDITS" and "$2.50"."""

    what: str
    price: str


@dataclass(frozen=True)
class News:
    """One thing to tell, large, and the words below it: "37" and "GAMES TODAY"."""

    headline: str
    text: str


@dataclass(frozen=True)
class View:
    """Everything a player can read on one picture; equal views are equal pictures."""

    state: State
    title: str
    headline: str
    text: str = ""
    prices: tuple[PriceRow, ...] = ()
    steps: tuple[str, ...] = ()
    qr: str | None = None
    host: str = ""
    """Who is asked by whoever scans the code; it is read beneath the code, and only there."""
    machine_id: str = ""
    """Which machine the code is of; it too only with a code."""
    technician_line: str | None = None
    shows: Shows = Shows.ALL
    theme: ThemeName = USUAL_THEME
    coming: News | None = None
    """Which prices come next; like what follows, only while players are invited."""
    today: News | None = None
    material: tuple[MaterialPage, ...] = ()
    lines: tuple[str, ...] = ()
    """What is to be done or wrong, each for itself; only in the state SETUP."""
    technician: TechnicianPage | None = None
    """What is shown in the place of all the rest, to whoever asked for it."""
    language: Language = ENGLISH
    """What it is written in; a picture's captions are asked of it."""
    twins: tuple[View, ...] = ()
    """The same in the languages that it takes turns with: all have the code in one place."""

    @property
    def moving(self) -> bool:
        """Whether anything on the picture moves; a still picture is drawn once."""
        return self.technician is None and self.state in _MOVING_STATES


def is_fresh(age_s: float) -> bool:
    """Whether a feed of this age still speaks for the cabinet."""
    return -FUTURE_TOLERANCE_S <= age_s <= STALE_AFTER_S


def view_of(feed: Feed, age_s: float, language: Language = ENGLISH) -> View:
    """The picture for a feed that was written `age_s` seconds ago."""
    if feed.shows is Shows.NAME:
        return _marquee(feed, age_s, language)
    if not is_fresh(age_s):
        line = f"screen: no news from the controller for more than {STALE_AFTER_S:g} s"
        return out_of_order(line, feed, language)
    if feed.notice is not None:
        return _setup(feed, feed.notice)
    if feed.technician is not None and (page := page_of(feed, feed.technician, feed.written_at_s + age_s)):
        return View(feed.state, title=feed.machine_name, headline="TECHNICIAN", technician=page)
    headline, text = _words(feed, feed.written_at_s + age_s - feed.since_s, language)
    qr = feed.qr if feed.state in _QR_STATES else None
    inviting = qr is not None and feed.state is State.ATTRACT
    text = _note(feed, language) if inviting else text
    return View(
        state=feed.state,
        title=feed.machine_name,
        headline=headline,
        text=text,
        prices=_price_rows(feed.offers, language) if inviting else (),
        steps=_steps(feed.offers, language) if inviting else (),
        qr=qr,
        host=host_of(qr) if qr else "",
        machine_id=feed.machine_id if qr else "",
        technician_line=feed.technician_line,
        language=language,
        theme=feed.theme,
        coming=_coming(feed.coming, language) if inviting else None,
        today=_today(feed.games_today, language) if inviting else None,
    )


def _marquee(feed: Feed, age_s: float, language: Language) -> View:
    """The name whatever happens; beside it what a credit costs, while one can be bought."""
    sells = is_fresh(age_s) and feed.qr is not None and feed.state in _QR_STATES
    return View(
        state=State.ATTRACT if sells else State.OFFLINE,
        title=feed.machine_name,
        headline="",
        prices=_price_rows(feed.offers, language) if sells else (),
        shows=Shows.NAME,
        theme=feed.theme,
        language=language,
    )


def in_all(languages: Sequence[Language], view_in: Callable[[Language], View]) -> View:
    """The view in the first language, with those in the others beside it."""
    view, *twins = map(view_in, languages)
    return replace(view, twins=tuple(twins))


def starting(language: Language = ENGLISH) -> View:
    """The picture before the controller has written its first feed."""
    return _nameless(State.STARTING, language)


def out_of_order(technician_line: str, feed: Feed | None = None, language: Language = ENGLISH) -> View:
    """The apology for a screen that cannot know how the cabinet is; `feed` is the last known."""
    view = replace(_nameless(State.OUT_OF_ORDER, language), technician_line=drawable(technician_line))
    return view if feed is None else replace(view, title=feed.machine_name, theme=feed.theme)


def _setup(feed: Feed, notice: Notice) -> View:
    """In English always: it is for the technician, who has the papers in English."""
    return View(
        state=State.SETUP,
        title=feed.machine_name,
        headline=notice.headline.upper(),
        lines=notice.lines,
        technician_line=feed.technician_line,
        theme=feed.theme,
    )


def _nameless(state: State, language: Language) -> View:
    headline, text = _fixed(state, language)
    return View(state, title="ARCADE", headline=headline, text=text, language=language)


def _words(feed: Feed, in_state_s: float, language: Language) -> tuple[str, str]:
    if feed.state is State.ATTRACT:
        return (language.gettext("SCAN TO PLAY"), "") if feed.qr else _coins_only(language)
    if feed.state is State.PAYING and feed.free:
        return language.gettext("FREE CREDIT"), _on_their_way(feed.credits, language)
    if feed.state is State.PAYING:
        return language.gettext("PAYMENT RECEIVED"), _paying_text(feed.credits, in_state_s, language)
    if feed.state is State.PLAYING:
        return _playing_words(feed.credits, feed.waiting, language)
    return _fixed(feed.state, language)


def _note(feed: Feed, language: Language) -> str:
    """Why the prices are not the usual ones; an older relay says it in English alone."""
    period = feed.period
    if period is None or not period.at:
        return feed.note if period is None else period.name
    words = language.gettext("{name} until {time}")
    return words.format(name=period.name, time=language.clock(period.at))


def _coins_only(language: Language) -> tuple[str, str]:
    return language.gettext("INSERT COIN"), language.gettext("Paying by phone will be back soon.")


def _fixed(state: State, language: Language) -> tuple[str, str]:
    """What is said in states that have nothing more to tell than themselves."""
    if state is State.STARTING:
        return language.gettext("STARTING UP"), language.gettext("Ready in a moment.")
    if state is State.NOT_READY:
        return language.gettext("ONE MOMENT"), language.gettext("The machine is not taking credits just now.")
    if state is State.OFFLINE:
        return language.gettext("COINS ONLY"), language.gettext("Paying by phone will be back soon.")
    if state is State.OUT_OF_ORDER:
        return language.gettext("OUT OF ORDER"), language.gettext("Sorry! Please try another machine.")
    return "NOT SET UP YET", ""


def _paying_text(credits: int, in_state_s: float, language: Language) -> str:
    text = _on_their_way(credits, language)
    if in_state_s < SLOW_PAYMENT_S:
        return text
    slow = language.gettext("This takes longer than usual. You pay only for credits that arrive.")
    return language.sentences(text, slow)


def _on_their_way(credits: int, language: Language) -> str:
    if not credits:
        return language.gettext("Your credits on their way.")
    return language.ngettext("{count} credit on its way.", "{count} credits on their way.", credits)


def _playing_words(credits: int, waiting: int, language: Language) -> tuple[str, str]:
    if waiting:
        text = language.ngettext(
            "{count} credit waiting: it follows when a game ends.",
            "{count} credits waiting: they follow when a game ends.",
            waiting,
        )
        return _credits(credits, language), text
    if credits == 0:
        return language.gettext("GAME ON"), language.gettext("Good luck!")
    return _credits(credits, language), language.gettext("Press START. Good luck!")


def _credits(credits: int, language: Language) -> str:
    return language.ngettext("{count} CREDIT", "{count} CREDITS", credits)


def _coming(period: PricePeriod | None, language: Language) -> News | None:
    if period is None or not period.at:
        return None
    # For translators: below the name of a time of other prices, such as HAPPY HOUR.
    since = language.gettext("from {time}").format(time=language.clock(period.at))
    return News(period.name.upper(), since)


def _today(games: int | None, language: Language) -> News | None:
    """A machine that hardly anybody has played says nothing of it."""
    if games is None or games < FEWEST_GAMES:
        return None
    # For translators: below a number, which is large and on its own.
    return News(str(games), language.ngettext("game today", "games today", games))


def _price_rows(offers: tuple[Offer, ...], language: Language) -> tuple[PriceRow, ...]:
    rows = tuple(PriceRow(_credits(o.credits, language), _price(o, language)) for o in offers)
    if len(rows) <= MAX_OFFERS:
        return rows
    return (*rows[: MAX_OFFERS - 1], PriceRow(language.gettext("AND MORE"), ""))


def _steps(offers: tuple[Offer, ...], language: Language) -> tuple[str, ...]:
    """Who has only free credits to give does not speak of paying."""
    is_free = offers and not any(offer.amount for offer in offers)
    how = language.gettext("Take a free credit") if is_free else language.gettext("Pay by phone")
    return language.gettext("Scan the code"), how, language.gettext("Press START")


def _price(offer: Offer, language: Language) -> str:
    # For translators: in the place of a price.
    return language.price(offer.amount, offer.currency) if offer.amount else language.gettext("FREE")
