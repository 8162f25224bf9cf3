"""EDGE. Stripe: payments, signed events, sessions."""
