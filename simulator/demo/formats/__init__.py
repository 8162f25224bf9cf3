"""PURE. What the demo's page is sent."""
