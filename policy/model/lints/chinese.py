"""Texts for people that have no Traditional Chinese, and denials that tell no reason.

A ruleset is written in the languages of its title: one with an English title and no Chinese at all is in English.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from attrs import frozen

from policy.answers import BilingualText
from policy.diagnostics import Diagnostic, Severity
from policy.model import rules
from policy.model.reuse import remembered
from policy.source import Span

Words = tuple[str, BilingualText, Span]  # what they are, as a finding says it, the text, and its place


def in_english(model: rules.Model) -> bool:
    """Whether no text of the rulebook has any Chinese."""
    return not any(part.has_chinese for parts in _texts(model).values() for part in parts)


@frozen(eq=False)
class _Texts:
    """Some texts of a ruleset, and what is found in them where it is in English alone and where it is not."""

    words: tuple[Words, ...]
    has_chinese: bool

    def findings(self, in_english: bool) -> tuple[Diagnostic, ...]:
        return _found(self, in_english)


def _together(words: Iterable[Words]) -> _Texts:
    kept = tuple(words)
    return _Texts(kept, any(text.zh for _, text, _ in kept))


@remembered
def _found(texts: _Texts, in_english: bool) -> tuple[Diagnostic, ...]:
    return tuple(_findings(texts.words, in_english))


@remembered
def _declared(declared: rules.Declaration) -> _Texts:
    return _together(_of(declared))


@remembered
def _test(test: rules.Test) -> _Texts:
    return _together([(f"the title of test `{test.title.en}`", test.title, test.span)])


def _texts(model: rules.Model) -> dict[str, list[_Texts]]:
    """The texts of each ruleset, by what they are of."""
    texts: defaultdict[str, list[Words]] = defaultdict(list)
    for ruleset in model.rulesets.values():
        texts[ruleset.name].append((f"the title of `{ruleset.name}`", ruleset.title, ruleset.span))
    of_file = {ruleset.span.source: ruleset.name for ruleset in model.rulesets.values()}
    for source in model.sources.values():
        own = texts[of_file.get(source.span.source, "")]
        own.append((f"the title of source `{source.id}`", source.title, source.span))
        own.append((f"the note of source `{source.id}`", source.note, source.span))
    for provision in model.provisions.values():
        texts[provision.ruleset].append((f"the text of `{provision.id}`", provision.title, provision.span))
        if provision.excused:
            texts[provision.ruleset].append((f"why `{provision.id}` is excused", provision.excused, provision.span))
    for currency in model.currencies.values():
        texts[currency.ruleset].append((f"the title of `{currency.id}`", currency.title, currency.span))
    for amendment in model.amendments:
        reasons = ((f"the reason of `{rule.name}`", rule.because, rule.span) for rule in amendment.rules)
        texts[amendment.ruleset].extend(reasons)
    parts = {name: [_together(words)] for name, words in texts.items()}
    for declared in model.declared.values():
        parts[declared.ruleset].append(_declared(declared))
    for test in model.tests:
        parts[test.ruleset].append(_test(test))
    return parts


def _of(declared: rules.Declaration) -> Iterator[Words]:
    if not isinstance(declared, rules.Property):
        yield f"the title of `{declared.name}`", declared.title, declared.span
    yield from _phrases(declared.name, declared.phrases, declared.span)
    if isinstance(declared, rules.Asking):
        for (name, _), (title, phrases) in zip(declared.parameters, declared.called, strict=False):
            yield f"the title of `{name}`", title, declared.span
            yield from _phrases(name, phrases, declared.span)
    if isinstance(declared, rules.EnumOf):
        for name, words in declared.members:
            yield f"the title of `{name}`", words, declared.span
    elif isinstance(declared, rules.RecordType):
        for field in declared.fields:
            yield f"the title of `{field.name}`", field.title, field.span
            yield from _phrases(field.name, field.phrases, field.span)
    elif isinstance(declared, rules.Decision):
        for rule in declared.rules:
            yield f"the reason of `{rule.name}`", rule.because, rule.span
        yield f"the `otherwise` of `{declared.name}`", declared.because, declared.span
    elif isinstance(declared, rules.Calendar):
        for version in declared.versions:
            for _, words in version.holidays:
                yield f"the title of a holiday of `{declared.name}`", words, version.span
    elif isinstance(declared, rules.Parameter) and declared.unset is not None:
        yield f"why `{declared.name}` is unset", declared.unset, declared.span
    if isinstance(declared, rules.Parameter | rules.Value | rules.Table) and declared.leniency is not None:
        leniency = declared.leniency
        yield f"why `{declared.name}` is rounded {leniency.mode}", leniency.because, leniency.span
    for mark in declared.refuted if isinstance(declared, rules.Asking) else ():
        yield f"why a claim about `{declared.name}` is refuted", mark.because, mark.span


def _phrases(name: str, phrases: rules.Phrases, span: Span) -> Iterator[Words]:
    yield f"what `{name}` says", phrases.says, span
    yield f"what `{name}` says otherwise", phrases.otherwise, span


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for name, parts in _texts(model).items():
        titled = name in model.rulesets and bool(model.rulesets[name].title.en)
        in_english = titled and not any(part.has_chinese for part in parts)
        for part in parts:
            yield from part.findings(in_english)


def _findings(texts: Iterable[Words], in_english: bool) -> Iterator[Diagnostic]:
    for what, words, span in texts:
        if words.en and not words.zh and not in_english:
            yield Diagnostic(
                "missing-chinese",
                f"{what} has no Chinese",
                span,
                'add `zh "…"` after the English text',
                Severity.WARNING,
            )
        elif not words.en and what.startswith("the reason"):
            yield Diagnostic(
                "missing-reason",
                f"{what.removeprefix('the reason of ')} does not say why",
                span,
                'add `because "…" zh "…"`: the client reads it',
                Severity.WARNING,
            )
