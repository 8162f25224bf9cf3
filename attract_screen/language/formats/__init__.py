"""PURE. What the operator writes, read."""
