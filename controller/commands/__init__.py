"""The technician's commands: what `cabinet` can do beside running the controller."""
