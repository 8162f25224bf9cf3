"""Plots, drawn on the server as SVG: quick on a phone, and without any script."""
