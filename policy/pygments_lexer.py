"""The lexer of Pygments: Sphinx, MkDocs, LaTeX and `pygmentize` colour rules with it.

In: the patterns of `policy.syntax.highlighting`. Out: `PolicyLexer`, which Pygments finds as `policy` and for
`*.policy`.
"""

from __future__ import annotations

from typing import Any

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, Punctuation, String, Text

from policy.syntax.highlighting import Category, patterns

TOKENS: dict[Category, Any] = {
    "comment": Comment.Single,
    "string": String.Double,
    "date": Literal.Date,
    "number": Number,
    "citation": Name.Label,
    "declaration": Keyword.Declaration,
    "declared": Name.Function,
    "type": Keyword.Type,
    "constant": Keyword.Constant,
    "effect": Keyword,
    "operator": Operator.Word,
    "phrase": Operator.Word,
    "keyword": Keyword,
    "capitals": Name.Constant,
    "function": Name.Function,
    "attribute": Name.Attribute,
    "name": Name,
    "sign": Punctuation,
    "rule line": Comment.Special,
}


def _rules() -> list[tuple[Any, ...]]:
    rules: list[tuple[Any, ...]] = [(r"\s+", Text.Whitespace)]
    for p in patterns():
        kinds = [TOKENS[category] for category in p.categories]
        rules.append((p.regex, kinds[0] if len(kinds) == 1 else bygroups(*kinds)))
    return rules


class PolicyLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """Rules in the language of `policy`."""

    name = "Policy"
    aliases = ("policy",)
    filenames = ("*.policy",)
    tokens = {"root": _rules()}  # noqa: RUF012  # as Pygments declares it
