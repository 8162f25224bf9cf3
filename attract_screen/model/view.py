"""CORE. What the screen says: a feed and its age -> a View in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from attract_screen.model.feed_format import Feed, Notice, Offer, Shows, State
from attract_screen.model.letters import drawable
from attract_screen.model.prices import price

STALE_AFTER_S = 5.0
# A feed "from the future" was written before the last boot; the rest is the rounding of its clock.
FUTURE_TOLERANCE_S = 0.5
SLOW_PAYMENT_S = 20.0
MAX_OFFERS = 4

# Not while paying: somebody who waits for a credit must not be led to pay a second time.
_QR_STATES = frozenset({State.ATTRACT, State.PLAYING})
_MOVING_STATES = frozenset({State.STARTING, State.ATTRACT, State.PAYING})

_INVITATION = ("SCAN TO PLAY", "")
_COINS_ONLY = ("INSERT COIN", "Paying by phone will be back soon.")
_SLOW = "This takes longer than usual. You pay only for credits that arrive."
_STEPS = ("Scan the code", "Pay by phone", "Press START")
_FREE_STEPS = ("Scan the code", "Take a free credit", "Press START")
_FIXED = {
    State.STARTING: ("STARTING UP", "Ready in a moment."),
    State.NOT_READY: ("ONE MOMENT", "The machine is not taking credits just now."),
    State.OFFLINE: ("COINS ONLY", "Paying by phone will be back soon."),
    State.OUT_OF_ORDER: ("OUT OF ORDER", "Sorry! Please try another machine."),
    State.SETUP: ("NOT SET UP YET", ""),
}


@dataclass(frozen=True)
class PriceRow:
    """One row of the price board: "3 CREDITS" and "$2.50"."""

    what: str
    price: str


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
    technician_line: str | None = None
    shows: Shows = Shows.ALL
    lines: tuple[str, ...] = ()
    """What is to be done or wrong, each for itself; only in the state SETUP."""

    @property
    def moving(self) -> bool:
        """Whether anything on the picture moves; a still picture is drawn once."""
        return self.state in _MOVING_STATES


def is_fresh(age_s: float) -> bool:
    """Whether a feed of this age still speaks for the cabinet."""
    return -FUTURE_TOLERANCE_S <= age_s <= STALE_AFTER_S


def view_of(feed: Feed, age_s: float) -> View:
    """The picture for a feed that was written `age_s` seconds ago."""
    if feed.shows is Shows.NAME:
        return _marquee(feed, age_s)
    if not is_fresh(age_s):
        return out_of_order(f"screen: no news from the controller for more than {STALE_AFTER_S:g} s", feed)
    if feed.notice is not None:
        return _setup(feed, feed.notice)
    headline, text = _words(feed, feed.written_at_s + age_s - feed.since_s)
    qr = feed.qr if feed.state in _QR_STATES else None
    inviting = qr is not None and feed.state is State.ATTRACT
    text = feed.note if inviting else text
    return View(
        state=feed.state,
        title=feed.machine_name,
        headline=headline,
        text=text,
        prices=_price_rows(feed.offers) if inviting else (),
        steps=_steps(feed.offers) if inviting else (),
        qr=qr,
        technician_line=feed.technician_line,
    )


def _marquee(feed: Feed, age_s: float) -> View:
    """The name whatever happens; beside it what a credit costs, while one can be bought."""
    sells = is_fresh(age_s) and feed.qr is not None and feed.state in _QR_STATES
    return View(
        state=State.ATTRACT if sells else State.OFFLINE,
        title=feed.machine_name,
        headline="",
        prices=_price_rows(feed.offers) if sells else (),
        shows=Shows.NAME,
    )


def starting() -> View:
    """The picture before the controller has written its first feed."""
    return _nameless(State.STARTING)


def out_of_order(technician_line: str, feed: Feed | None = None) -> View:
    """The apology for a screen that cannot know how the cabinet is; `feed` is the last known."""
    view = replace(_nameless(State.OUT_OF_ORDER), technician_line=drawable(technician_line))
    return view if feed is None else replace(view, title=feed.machine_name)


def _setup(feed: Feed, notice: Notice) -> View:
    return View(
        state=State.SETUP,
        title=feed.machine_name,
        headline=notice.headline.upper(),
        lines=notice.lines,
        technician_line=feed.technician_line,
    )


def _nameless(state: State) -> View:
    headline, text = _FIXED[state]
    return View(state, title="ARCADE", headline=headline, text=text)


def _words(feed: Feed, in_state_s: float) -> tuple[str, str]:
    if feed.state is State.ATTRACT:
        return _INVITATION if feed.qr else _COINS_ONLY
    if feed.state is State.PAYING and feed.free:
        return "FREE CREDIT", _on_their_way(feed.credits)
    if feed.state is State.PAYING:
        return "PAYMENT RECEIVED", _paying_text(feed.credits, in_state_s)
    if feed.state is State.PLAYING:
        return _playing_words(feed.credits, feed.waiting)
    return _FIXED[feed.state]


def _paying_text(credits: int, in_state_s: float) -> str:
    text = _on_their_way(credits)
    return text if in_state_s < SLOW_PAYMENT_S else f"{text} {_SLOW}"


def _on_their_way(credits: int) -> str:
    whose = _credits(credits) if credits else "Your credits"
    return f"{whose} on {_their(credits)} way."


def _playing_words(credits: int, waiting: int) -> tuple[str, str]:
    if waiting:
        follow = "follows" if waiting == 1 else "follow"
        return _credits(
            credits
        ).upper(), f"{_credits(waiting)} waiting: {_it(waiting)} {follow} when a game ends."
    if credits == 0:
        return "GAME ON", "Good luck!"
    return _credits(credits).upper(), "Press START. Good luck!"


def _it(credits: int) -> str:
    return "it" if credits == 1 else "they"


def _their(credits: int) -> str:
    return "its" if credits == 1 else "their"


def _credits(credits: int) -> str:
    return "1 credit" if credits == 1 else f"{credits} credits"


def _price_rows(offers: tuple[Offer, ...]) -> tuple[PriceRow, ...]:
    rows = tuple(PriceRow(_credits(o.credits).upper(), _price(o)) for o in offers)
    if len(rows) <= MAX_OFFERS:
        return rows
    return (*rows[: MAX_OFFERS - 1], PriceRow("AND MORE", ""))


def _steps(offers: tuple[Offer, ...]) -> tuple[str, ...]:
    """Who has only free credits to give does not speak of paying."""
    return _FREE_STEPS if offers and not any(offer.amount for offer in offers) else _STEPS


def _price(offer: Offer) -> str:
    return price(offer.amount, offer.currency) if offer.amount else "FREE"
