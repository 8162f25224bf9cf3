"""The database itself: opened, brought up to date, copied, and what each of the two says in its own words."""
