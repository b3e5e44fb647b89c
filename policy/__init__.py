"""Law that runs: a language for a regulator's rules, compiled to exact, cited, dated evaluators.

import policy

rulebook = policy.load(on="2026-03-01")                    # the shipped Hong Kong rulebook
answer = rulebook.ask("lending_value", '{"position": …}')  # facts in JSON
answer.value, answer.basis.citations, answer.derivation

accept = rulebook.evaluator("order_accepted")              # for the trading loop
accept.fast(order)                                         # True or False
accept.answer(order).reasons                               # every reason, with its provisions

from policy import documents                               # what `policy report` writes

book = documents.rulebook(documents.edition(on="2026-03-01"))
book.printed("html", "en")
"""

from __future__ import annotations

from policy.lazy import lazily

TYPE_CHECKING = False  # `policy.interrupts` comes before anything that is slow to import
if TYPE_CHECKING:
    from policy.answers import (
        MISSING as MISSING,
        Answer as Answer,
        Basis as Basis,
        BilingualText as BilingualText,
        Citation as Citation,
        Derivation as Derivation,
        Outcome as Outcome,
        Reason as Reason,
        Status as Status,
        UndecidedError as UndecidedError,
        Verdict as Verdict,
    )
    from policy.backends.python import PythonEvaluator as PythonEvaluator
    from policy.diagnostics import Diagnostic as Diagnostic, PolicyError as PolicyError, Severity as Severity
    from policy.pipeline import load as load
    from policy.rulebook import Rulebook as Rulebook

_WHERE = {
    "Answer": "answers",
    "Basis": "answers",
    "BilingualText": "answers",
    "Citation": "answers",
    "Derivation": "answers",
    "Diagnostic": "diagnostics",
    "MISSING": "answers",
    "Outcome": "answers",
    "PolicyError": "diagnostics",
    "PythonEvaluator": "backends.python",
    "Reason": "answers",
    "Rulebook": "rulebook",
    "Severity": "diagnostics",
    "Status": "answers",
    "UndecidedError": "answers",
    "Verdict": "answers",
    "load": "pipeline",
}

__all__ = list(_WHERE)
__getattr__ = lazily(__name__, _WHERE)
