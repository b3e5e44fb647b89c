"""Documents for people: rows are built from a model, an answer or a journal, and templates print them."""
