"""A journal as rows, read as a stream: the memory is that of what is open, never of what has happened."""
