"""How it is measured: clocks, load on the machine, and what many figures say together."""
