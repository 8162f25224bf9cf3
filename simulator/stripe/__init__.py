"""A stateful stand-in for the Stripe calls that the relay uses, spoken to by Stripe's own library."""
