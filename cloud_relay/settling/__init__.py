"""EDGE. Payments on their way to an end: sent, settled, refunded, released."""
