"""PURE. What of the operator's material is shown, when, and in which colours."""
