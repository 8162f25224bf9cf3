"""EDGE. The broker: one connection, what is published, what machines say of themselves."""
