"""Batch evaluation: questions to whole tables of facts, in files and on clusters (extras `columns`, `spark`)."""
