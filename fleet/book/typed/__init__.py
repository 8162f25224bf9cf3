"""What people typed, which is the book's only own truth: places, machines, cash, forms, and who did it."""
