"""How it is drawn, on pygame's surfaces."""
