"""EDGE. The two that the cabinet talks to: the broker and the relay."""
