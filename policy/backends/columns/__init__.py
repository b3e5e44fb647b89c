"""A table at a time: questions of a program as Polars expressions over scaled integers (the extra `columns`).

`graph` holds operations on columns, equal ones once. `compile` builds them from the program: its `Compiler`
descends into expressions and has a `QuestionGraph` (facts, needs, faults), a `Logic`, `Lists` and `Tables` that
combine values, with exact arithmetic in `numbers`. `plan` runs them over the frames that `facts.from_table` reads;
`evaluator` is the entry.
"""
