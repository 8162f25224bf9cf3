"""Rows to figures: what every page, file and alert shows is added up here."""
