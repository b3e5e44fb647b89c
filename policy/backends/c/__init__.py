"""A rulebook as portable C11: one header, one source, for all dates (`policy compile --target c`).

In: an undated program and the questions to compile. Out: the text of the files. `operators` has what each operator
is in C, and the helpers in `runtime.c`; `shapes` what holds facts and values, `layout` the structs of facts and the
numbers of paths; `expressions` descends into the program with `writer`, `aggregates` and `branches`; `questions`
makes entry points that check facts; `header` and `examples` are for people; `compile` is the entry. Absent: running
a compiler.
"""
