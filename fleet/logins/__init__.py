"""Who somebody is: passwords, codes, and the sessions of browsers."""
