"""EDGE. What `python -m cloud_relay check` looks at, one module for each part of the cloud."""
