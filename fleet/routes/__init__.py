"""The fleet's pages and files over HTTP: thin, with what they show made elsewhere."""
