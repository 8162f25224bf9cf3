"""EDGE. The wires to the arcade board: the coin line's own process, and the inputs."""
