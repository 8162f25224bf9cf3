"""Texts: which letters there are, how wide they are, and how they fit a box."""
