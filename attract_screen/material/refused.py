"""Why a file is not shown."""

from __future__ import annotations


class Refused(Exception):
    """The file cannot or shall not be shown; the message says why, and what helps."""
