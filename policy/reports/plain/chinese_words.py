"""What Chinese calls comparisons, calculations, roundings and kinds of things. Part of `chinese`.

In: nothing. Out: a word or a pattern for each member of a closed set. Absent: grammar.
"""

from __future__ import annotations

from policy.reports.plain.wording import Calculation, Comparison
from policy.vocabulary import AggregateKind, RoundingMode

VERBS: dict[Calculation, str] = {"+": "加", "-": "減", "*": "乘以", "/": "除以"}
NUMBERS: dict[Comparison, str] = {
    "is": "為",
    "is not": "並非",
    "<": "少於",
    "<=": "不多於",
    ">": "多於",
    ">=": "不少於",
}
AMOUNTS: dict[Comparison, str] = NUMBERS | {"<=": "不超過", ">": "超過"}
TIMES: dict[Comparison, str] = NUMBERS | {"<": "早於", "<=": "不晚於", ">": "晚於", ">=": "不早於"}
RANKS: dict[Comparison, str] = NUMBERS | {"<": "低於", "<=": "不高於", ">": "高於", ">=": "不低於"}
MODES: dict[RoundingMode, str] = {
    "down": "向下取整至{}",
    "up": "向上取整至{}",
    "half up": "四捨五入至{}",
    "half even": "取整至最接近的{}（恰為一半時取偶數）",
}
KINDS: dict[AggregateKind, str] = {
    "sum": "的總和",
    "min": "的最小值",
    "max": "的最大值",
    "count": "的數目",
    "average": "的平均值",
    "median": "的中位數",
    "list": "",
}
PASSED: dict[Comparison, str] = {"<": "已逾", "<=": "已滿", ">": "未滿", ">=": "不逾"}
THING = "事項"
ORDINALS = "甲乙丙丁"
NOUNS = {
    "money": "款額",
    "price": "價格",
    "quantity": "數量",
    "rate": "比率",
    "duration": "時間",
    "period": "期間",
    "number": "數字",
}
NIL: dict[Comparison, str] = {
    "is": "為零",
    "is not": "並非零",
    "<": "為負數",
    "<=": "為零或負數",
    ">": "大於零",
    ">=": "並非負數",
}
NEAR: dict[bool, str] = {
    True: "{0}不晚於{1}，且距{1}不逾{2}",
    False: "{0}晚於{1}，或距{1}已逾{2}",
}
