"""EDGE. The logins at the broker: made, taken away, and their connections ended."""
