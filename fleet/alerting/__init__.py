"""Alerts at the edge: decided every few seconds, written down as flips, and told to channels."""
