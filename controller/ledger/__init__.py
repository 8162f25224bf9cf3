"""EDGE. The ledger on disk: what was paid, pulsed, counted and reported."""
