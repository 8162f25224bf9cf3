"""EDGE. `python -m cloud_relay setup ...`: each part of the cloud made, or mended, by its own API."""
