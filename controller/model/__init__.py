"""PURE. What a cabinet is made of: payments, the session, the state; what may happen and be ordered."""
