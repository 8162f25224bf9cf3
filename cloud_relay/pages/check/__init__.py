"""PURE. The page of the check, and what each of its parts found."""
