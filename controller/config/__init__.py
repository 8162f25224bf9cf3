"""EDGE. config.yaml: its keys, how it is read and checked, and what it means for the rules."""
