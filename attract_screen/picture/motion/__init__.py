"""What moves, and how one page takes another's turn."""
