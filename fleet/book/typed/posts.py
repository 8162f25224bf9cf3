"""EDGE. Forms that were sent: each counts once, however often its button is pressed."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from fleet.book.tables import posts


def take_post(connection: Connection, token: str, now_s: float) -> bool:
    """Claim a form by its own token; False where it was sent before, and is done or being done."""
    try:
        with connection.begin_nested():
            connection.execute(insert(posts).values(token=token, at=now_s, answer=""))
    except IntegrityError:
        return False
    return True


def answer_post(connection: Connection, token: str, answer: str) -> None:
    """Keep what came of a form."""
    connection.execute(update(posts).where(posts.c.token == token).values(answer=answer))


def answer_of(connection: Connection, token: str) -> str:
    """What came of a form; empty where nobody knows yet, or ever will: its process has ended."""
    found: str | None = connection.execute(select(posts.c.answer).where(posts.c.token == token)).scalar()
    return found or ""
