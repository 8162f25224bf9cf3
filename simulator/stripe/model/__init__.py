"""PURE. The stand-in Stripe's account: its objects, its rules, its money."""
