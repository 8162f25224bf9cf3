"""The fleet: the operator's book and page; what every machine earned, counted and suffered."""
