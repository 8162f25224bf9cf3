"""PURE. What Stripe keeps: each kind of object, with the fields that its library declares."""
