"""Whole books at once: questions asked of tables in files and on clusters (the extras `columns` and `spark`)."""
