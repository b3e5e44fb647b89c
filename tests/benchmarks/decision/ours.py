"""This project's engine, on the same decision: `order_acceptance.policy`, as of 22 November 2026.

To be written when the engine exists; until then the table says that these rows are not available. What is
needed, with `Facts` and `Order` from `by_hand`:

`prepare(facts: Facts) -> Any`
    One order as the three functions below take it: whatever record the engine reads fastest, with money as
    an integer of a hundred-millionth of a dollar. It is called once for each order and is not timed, as the
    making of an `Order` for the hand-written functions is not. The rows are set against the hand-written
    functions over records.

`load_fast() -> Callable[[Any], bool]`
    Compiles the policy; what it returns says whether the order is accepted, and stops as early as it likes.

`load_reasons() -> Callable[[Any], Iterable[str]]`
    What it returns gives the names of all the rules that deny the order, in any order: nothing for an
    accepted one.

`load_explained() -> Callable[[Any], Any]`
    What it returns gives the engine's full `Decision`, with provisions, titles and whatever else it tells.

`reasons_of(decision: Any) -> Iterable[str]`
    The names of the rules that deny the order, read off such a `Decision`. It is used in checking and not
    timed.

The functions that the loaders return are called as they are, a few hundred thousand times each, so they had
better be the generated function itself and not a wrapper. A loader may raise: its row then says what it
raised.
"""
