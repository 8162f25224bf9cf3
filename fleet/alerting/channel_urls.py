"""EDGE. Addresses of channels as apprise reads them: checked, shown without secrets, and used to tell."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

from fleet.pages.alert_texts import Message

Send = Callable[[str, Message], None]
"""Tell a message to an address, or raise `NotTold`."""

# apprise would do these on this machine itself, where nobody sees them.
_LOCAL = ("dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")
_WORD = re.compile(r"[^:/?&=@,;#\s]+")
_HIDDEN = "***"
LONGEST_S = 30.0
"""How long a channel may take: well under the age at which a claim is another worker's."""


class NotTold(Exception):
    """A message could not be told; the text says why, without the address's secrets."""


def send(url: str, message: Message) -> None:
    """Tell a message through apprise.

    Raises:
        NotTold: with what apprise said about it.
    """
    from apprise import Apprise, NotifyFormat, NotifyType

    channel = _channel(url)
    teller = Apprise()
    teller.add(channel)
    kind = NotifyType.WARNING if message.is_bad else NotifyType.SUCCESS
    with _heard() as said:
        try:
            is_told = teller.notify(message.body, message.title, kind, NotifyFormat.TEXT, timeout=LONGEST_S)
        except Exception as error:  # noqa: BLE001 - over a hundred kinds by as many people; one is not all
            raise NotTold(f"apprise failed ({type(error).__name__})") from None
    if not is_told:
        raise NotTold(
            _without_secrets(url, said[-1] if said else "apprise could not tell it, and did not say why")
        )


def check(url: str) -> None:
    """See whether apprise knows an address; nothing is told.

    Raises:
        NotTold: it does not; the text says what to write.
    """
    _channel(url)


def shown(url: str) -> str:
    """An address for people: its kind, and its server where that is no secret; never what lets one in."""
    try:
        channel = _channel(url)
    except NotTold:
        return "unreadable"
    host = _host(channel)
    return f"{channel.service_name} ({host})" if host else str(channel.service_name)


def _channel(url: str) -> Any:
    from apprise import Apprise

    scheme = url.partition("://")[0].lower()
    if scheme in _LOCAL:
        raise NotTold(f"{scheme}:// would tell this server's own screen or log: take another kind")
    with _heard() as said:
        channel = Apprise.instantiate(url, suppress_exceptions=True)
    if channel is None:
        why = f": {_without_secrets(url, said[-1])}" if said else ""
        raise NotTold(
            f"apprise does not know this address{why}. Write one such as mailto://... or ntfys://topic"
        )
    return channel


def _host(channel: Any) -> str:
    """The server of a kind whose addresses begin with one; elsewhere that place has a token."""
    token = type(channel).template_tokens.get("host")
    needs_host = all("{host}" in template or "{targets}" in template for template in type(channel).templates)
    return str(channel.host or "") if token and not token.get("private") and needs_host else ""


def _without_secrets(url: str, text: str) -> str:
    """What apprise said, without any piece of the address but its kind."""
    address = url.partition("://")[2]
    pieces = {*_WORD.findall(address), *_WORD.findall(unquote(address)), address, url}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) > 2:
            text = text.replace(piece, _HIDDEN)
    return " ".join(text.split())[:300]


# Whose words are heard: apprise works in threads of its own, and hands its caller's context on to them.
_LISTENER: ContextVar[object] = ContextVar("listener", default=None)


class _Ear(logging.Handler):
    """What apprise says for one message, whatever others are told meanwhile."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if _LISTENER.get() is self:
            self.said.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    # It logs whole addresses when it explains itself: what it says is heard here, and nowhere else.
    logger, ear = logging.getLogger("apprise"), _Ear()
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    logger.addHandler(ear)
    before = _LISTENER.set(ear)
    try:
        yield ear.said
    finally:
        _LISTENER.reset(before)
        logger.removeHandler(ear)
