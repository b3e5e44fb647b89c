"""The colouring of rules for editors, as files in their formats: `python tests/support/editor_files.py` writes them.

In: `policy.syntax.highlighting`. Out: a TextMate grammar, for VS Code, Sublime Text and JetBrains, and a syntax file
for Vim and Neovim. Absent: Pygments, which reads the patterns themselves.
"""

from __future__ import annotations

import json
from pathlib import Path

import policy
from policy.syntax import highlighting
from policy.syntax.highlighting import Category

EDITORS = Path(policy.__file__).parent.parent / "grammar" / "editors"
TEXTMATE = EDITORS / "vscode" / "syntaxes" / "policy.tmLanguage.json"
VIM = EDITORS / "vim" / "syntax" / "policy.vim"

SCOPES: dict[Category, str] = {
    "comment": "comment.line.number-sign",
    "string": "string.quoted.double",
    "date": "constant.other.date",
    "number": "constant.numeric",
    "citation": "entity.name.tag.citation",
    "declaration": "keyword.declaration",
    "declared": "entity.name.function",
    "type": "storage.type",
    "constant": "constant.language",
    "effect": "keyword.control.effect",
    "operator": "keyword.operator.word",
    "phrase": "keyword.operator.phrase",
    "keyword": "keyword.control",
    "capitals": "constant.other.member",
    "function": "support.function",
    "attribute": "variable.other.property",
    "name": "variable.other",
    "sign": "punctuation",
    "rule line": "comment.block.rule-line",
}
HIGHLIGHTS: dict[Category, str] = {
    "declaration": "Structure", "type": "Type", "constant": "Constant", "effect": "Statement", "operator": "Operator",
    "keyword": "Keyword",
}  # fmt: skip


def textmate() -> str:
    """The patterns as a TextMate grammar."""
    rules: list[dict[str, object]] = []
    for p in highlighting.patterns():
        names = [f"{SCOPES[category]}.policy" for category in p.categories]
        rule: dict[str, object] = {"match": p.regex}
        if p.categories == ("string",):
            escape = {"match": r"\\[\"\\]", "name": "constant.character.escape.policy"}
            rule |= {"name": names[0], "captures": {"0": {"patterns": [escape]}}}
        elif len(names) == 1:
            rule["name"] = names[0]
        else:
            rule["captures"] = {str(n): {"name": name} for n, name in enumerate(names, 1)}
        rules.append(rule)
    grammar = {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "information_for_contributors": ["generated: python tests/support/editor_files.py"],
        "name": "Policy",
        "scopeName": "source.policy",
        "fileTypes": ["policy"],
        "patterns": rules,
    }
    return json.dumps(grammar, indent=2, ensure_ascii=False) + "\n"


def vim() -> str:
    """The words, with what Vim's own regular expressions need for the rest."""
    lines = [
        '" Vim and Neovim: colours of rules in the language of `policy`.',
        '" generated: python tests/support/editor_files.py',
        "if exists('b:current_syntax') | finish | endif",
        "syn case match",
    ]
    for category, words in highlighting.words().items():
        lines.append(f"syn keyword {_group(category)} {' '.join(sorted(words))}")
    lines += [
        r"syn match policyAttribute '\<\h\w*\ze\s*:'",
        r"syn match policyAttribute '\.\@1<=\h\w*'",
        r"syn match policyNumber '\<\d[0-9_]*\%(\.\d\+\)\?%\?'",
        r"syn match policyDate '\<\d\{4}-\d\d-\d\d\%(T[0-9:.]\+\%(Z\|[+-]\d\d:\d\d\)\)\?'",
        r"syn match policyCitation '\<[A-Z][A-Z0-9_]*/\w\+\%([.()-]*\w\+\)*)\?'",
        r"syn region policyString start='\"' skip='\\[\"\\]' end='\"' oneline",
        "syn match policyComment '#.*$'",
        r"syn match policyComment '|\s*-\{3,}[-| \t]*|'",
        *(f"hi def link {_group(c)} {link}" for c, link in HIGHLIGHTS.items()),
        "hi def link policyAttribute Identifier",
        "hi def link policyNumber Number",
        "hi def link policyDate Number",
        "hi def link policyCitation Tag",
        "hi def link policyString String",
        "hi def link policyComment Comment",
        "let b:current_syntax = 'policy'",
    ]
    return "\n".join(lines) + "\n"


def _group(category: Category) -> str:
    return f"policy{category.title()}"


FILES = {TEXTMATE: textmate, VIM: vim}

if __name__ == "__main__":
    for file, made in FILES.items():
        file.write_text(made(), encoding="utf-8")
        print(file)
