"""EDGE. The other book: Stripe, read with a key that can only read."""
