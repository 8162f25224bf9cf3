"""EDGE. `python -m cloud_relay setup`: what the relay stands between, set up by commands."""
