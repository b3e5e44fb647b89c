"""A table at a time: questions of a program as Polars expressions over scaled integers (the extra `columns`).

`graph` holds operations on columns, each made once; `compile` makes them from the program, with `numbers`, `logic`
and `lists`; `plan` runs them over the frames that `facts.from_table` reads; `evaluator` is the face of it all.
"""
