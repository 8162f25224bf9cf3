"""The demo: one sale in the terminal, or a page in the browser to watch and to play it."""
