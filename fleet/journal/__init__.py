"""Entries to rows: what a cabinet's journal says, as the book keeps it."""
