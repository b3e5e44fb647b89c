"""Texts for people that are not in every language of their ruleset, and denials that tell no reason.

A ruleset is written in the languages of its title: one with an English title and no Chinese at all is in English.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText
from policy.diagnostics import Diagnostic, Severity, did_you_mean
from policy.model import rules
from policy.remembered import remembered, remembered_items
from policy.source import Span

Words = tuple[str, BilingualText, Span]  # what they are, as a finding says it, the text, and its place


def languages_of(model: rules.Model) -> tuple[str, ...]:
    """The languages of a rulebook's texts by their tags: English, Chinese where a text has any, and all others."""
    parts = [part for parts in _texts(model).values() for part in parts]
    others = dict.fromkeys(tag for part in parts for tag in part.others)
    return ("en", *(("zh",) if any(part.has_chinese for part in parts) else ()), *others)


@frozen(eq=False)
class _Texts:
    """Some texts of a ruleset, and the tags of their languages but English and Chinese."""

    words: tuple[Words, ...]
    has_chinese: bool
    others: tuple[str, ...]


def _together(words: Iterable[Words]) -> _Texts:
    kept = tuple(words)
    others = dict.fromkeys(tag for _, text, _ in kept for tag, _ in text.others)
    return _Texts(kept, any(text.zh for _, text, _ in kept), tuple(others))


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
            if words.en != words.zh:  # a member without a title is called by its first spelling, in every language
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
        title = model.rulesets[name].title if name in model.rulesets else NO_WORDS
        in_english = bool(title.en) and not any(part.has_chinese for part in parts)
        for part in parts:
            yield from _findings(part, in_english)
        if title.others or any(part.others for part in parts):
            yield from _in_others([w for part in parts for w in part.words], [tag for tag, _ in title.others])


def _in_others(texts: list[Words], declared: list[str]) -> Iterator[Diagnostic]:
    """Texts without a language that the ruleset's title has, and the first with one that it has not."""
    known = set(declared)
    for what, words, span in texts:
        tags = dict(words.others)
        for tag in [t for t in tags if t not in known]:
            known.add(tag)
            title = did_you_mean(tag, declared) or f'add `{tag} "…"` to the title of the ruleset'
            message = f"{what} is in `{tag}`, and the title of its ruleset is not"
            yield Diagnostic("undeclared-language", message, span, title, Severity.WARNING)
        for tag in declared:
            if words.en and tag not in tags and not what.startswith("what "):  # sentences are told in ours
                help = f'add `{tag} "…"` after the text'
                yield Diagnostic("missing-language", f"{what} has no `{tag}`", span, help, Severity.WARNING)


@remembered_items
def _findings(texts: _Texts, in_english: bool) -> Iterator[Diagnostic]:
    for what, words, span in texts.words:
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
