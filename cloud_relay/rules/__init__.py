"""PURE. What the relay decides: what was bought, for whom, what is charged, what is said."""
