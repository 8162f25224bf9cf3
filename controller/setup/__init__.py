"""EDGE. The first setup: cabinet.yaml on the card becomes config.yaml, and the screen says what is next."""
