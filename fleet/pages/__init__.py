"""What pages say: texts and tables from figures; no I/O, no clock."""
