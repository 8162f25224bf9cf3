"""EDGE. The whole chain as processes on this machine."""
