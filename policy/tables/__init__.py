"""Whole books at once: questions to tables in files and on clusters (the extras `columns` and `spark`)."""
