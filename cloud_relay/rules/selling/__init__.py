"""PURE. What machines sell: offers, the currencies Stripe charges in, and what its fee leaves."""
