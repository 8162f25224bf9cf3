"""The other book: what Stripe says of payments."""
