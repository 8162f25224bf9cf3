"""EDGE. How the commands reach the controller that runs."""
