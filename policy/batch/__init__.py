"""Questions to whole tables of facts, in files and on clusters (extras `columns`, `spark`); and drawn paths."""
