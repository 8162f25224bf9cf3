"""PURE. What the operator's files hold, and in what form they are kept ready."""
