"""The rulebook as a book: rows computed from the model; templates print them."""
