"""EDGE. The relay at its public address, asked as phones and Stripe ask it."""
