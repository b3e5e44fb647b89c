"""The kinds of document that `policy report` writes, one file a kind."""
