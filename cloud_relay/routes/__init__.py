"""EDGE. The endpoints."""
