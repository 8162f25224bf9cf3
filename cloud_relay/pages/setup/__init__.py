"""PURE. What the setup commands say that they will do, or have done."""
