"""PURE. What follows from what: one table of events, and a file for each thing that is decided."""
