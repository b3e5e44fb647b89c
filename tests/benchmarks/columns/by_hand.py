"""The lending value of positions, written by hand for each engine: what ours is held to, and compared with.

Each takes the same columns and gives the total in cents, so that a difference of one cent in ten million rows shows.
The exact ones split the quantity, for one product in a hundred is beyond 64 bits. What an engine's decimals make of
it is what they make of it: the difference is in the table.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from positions import CAPS, KEPT, lending_rules

SPLIT = 10**8
ROWS_ONE_BY_ONE = 100_000  # of the row-at-a-time engines; their time is taken to grow with the rows


def numpy_int64(table: pl.DataFrame) -> Callable[[], int]:
    quantity, price = table["quantity"].to_numpy(), table["price"].to_numpy()
    codes = table["class"].to_physical().to_numpy()

    def run() -> int:
        top, bottom = np.divmod(quantity, SPLIT)
        worth = (top * price + bottom * price // SPLIT) // 100
        return int(np.minimum(worth * KEPT[codes] // 100, CAPS[codes]).sum())

    return run


def polars_int64(table: pl.DataFrame) -> Callable[[], int]:
    kept, caps = pl.lit(pl.Series(KEPT)), pl.lit(pl.Series(CAPS))
    given = table.with_columns(pl.col("class").to_physical()).lazy()
    quantity, price, code = pl.col("quantity"), pl.col("price"), pl.col("class")
    top = quantity // SPLIT
    worth = (top * price + (quantity - top * SPLIT) * price // SPLIT) // 100
    lent = worth * kept.gather(code) // 100
    cap = caps.gather(code)
    plan = given.select(lent=lent, cap=cap).select(
        pl.when(pl.col("lent") < pl.col("cap")).then("lent").otherwise("cap")
    )

    def run() -> int:
        return int(plan.sum().collect().item())

    return run


def polars_int64_join(table: pl.DataFrame) -> Callable[[], int]:
    rates = pl.DataFrame({"class": pl.Series(range(12), dtype=pl.UInt8), "kept": KEPT, "cap": CAPS}).lazy()
    given = table.with_columns(pl.col("class").to_physical()).lazy().join(rates, on="class", how="left")
    quantity, price = pl.col("quantity"), pl.col("price")
    top = quantity // SPLIT
    worth = (top * price + (quantity - top * SPLIT) * price // SPLIT) // 100
    plan = given.select(pl.min_horizontal(worth * pl.col("kept") // 100, "cap"))

    def run() -> int:
        return int(plan.sum().collect().item())

    return run


def polars_decimal(table: pl.DataFrame) -> Callable[[], int]:
    rates = pl.DataFrame({"class": pl.Series(range(12), dtype=pl.UInt8), "kept": KEPT, "cap": CAPS})
    rates = rates.with_columns(
        pl.col("kept").cast(pl.Int128).reinterpret(dtype=pl.Decimal(5, 2)),
        pl.col("cap").cast(pl.Int128).reinterpret(dtype=pl.Decimal(38, 2)),
    )
    given = _decimals(table).lazy().join(rates.lazy(), on="class", how="left")
    worth = (pl.col("quantity") * pl.col("price")).round(2)
    plan = given.select(pl.min_horizontal((worth * pl.col("kept")).round(2).cast(pl.Decimal(38, 2)), "cap"))

    def run() -> int:
        return int(plan.sum().collect().item().scaleb(2))

    return run


def _decimals(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(
        pl.col("class").to_physical(),
        pl.col("quantity").cast(pl.Int128).reinterpret(dtype=pl.Decimal(38, 8)),
        pl.col("price").cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 4)),
    )


def duckdb_decimal(table: pl.DataFrame) -> Callable[[], int]:
    import duckdb

    connection = duckdb.connect()
    rates = pa.table(
        {"class": pa.array(range(12), pa.uint8()), "kept": _money(KEPT, 3, 2), "cap": _money(CAPS, 18, 2)}
    )
    given = _decimals(table).to_arrow()
    connection.execute("create table given as select * from given")
    connection.execute("create table rates as select * from rates")
    del given, rates
    query = """
        select sum(least(trunc(cast(worth as decimal(28, 2)) * kept, 2), cap)) from (
            select trunc(quantity * price, 2) as worth, class from given) join rates using (class)"""

    def run() -> int:
        return int(connection.execute(query).fetchone()[0].scaleb(2))

    return run


def _money(units: Any, digits: int, scale: int) -> Any:
    column = pl.Series(units).cast(pl.Int128).reinterpret(dtype=pl.Decimal(digits, scale))
    return column.to_frame().to_arrow().column(0)


def arrow_decimal(table: pl.DataFrame) -> Callable[[], int]:
    given = table.select(
        pl.col("class").to_physical(),
        pl.col("quantity").cast(pl.Int128).reinterpret(dtype=pl.Decimal(16, 8)),
        pl.col("price").cast(pl.Int128).reinterpret(dtype=pl.Decimal(16, 4)),
    ).to_arrow()
    kept, caps = _money(KEPT, 3, 2).combine_chunks(), _money(CAPS, 18, 2).combine_chunks()

    def floored(x: Any, digits: int) -> Any:
        return pc.cast(pc.floor(x) if x.type.scale == 0 else pc.round(x, 2, "towards_zero"), pa.decimal128(digits, 2))

    def run() -> int:
        total = 0
        for batch in given.to_batches(1_000_000):
            worth = floored(pc.multiply(batch["quantity"], batch["price"]), 25)
            lent = floored(pc.multiply(worth, kept.take(batch["class"])), 25)
            cap = pc.cast(caps.take(batch["class"]), pa.decimal128(25, 2))
            total += int(pc.sum(pc.if_else(pc.less(lent, cap), lent, cap)).as_py().scaleb(2))
        return total

    return run


def row_at_a_time(table: pl.DataFrame) -> Callable[[], int]:
    rulebook = lending_rules()
    asked = rulebook.evaluator("lending").fast
    position = rulebook.records["Position"]
    few = table.head(ROWS_ONE_BY_ONE)

    def run() -> int:
        columns = (few[name].to_list() for name in ("class", "quantity", "price"))
        rows = zip(*columns, strict=True)
        return sum(asked(position(class_=c, quantity=q, price=p)) for c, q, p in rows)

    return run
