"""The whole chain under fire: payments flow, things break at random, and the money must come out right."""
