"""Texts for people that have no Traditional Chinese, and denials that tell no reason."""

from __future__ import annotations

from collections.abc import Iterator

from policy.answers import BilingualText
from policy.diagnostics import Diagnostic, Severity
from policy.model import rules
from policy.source import Span


def _texts(model: rules.Model) -> Iterator[tuple[str, BilingualText, Span]]:
    for ruleset in model.rulesets.values():
        yield f"the title of `{ruleset.name}`", ruleset.title, ruleset.span
    for source in model.sources.values():
        yield f"the title of source `{source.id}`", source.title, source.span
    for provision in model.provisions.values():
        yield f"the text of `{provision.id}`", provision.title, provision.span
    for declared in model.declared.values():
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
        elif isinstance(declared, rules.Parameter) and declared.unset is not None:
            yield f"why `{declared.name}` is unset", declared.unset, declared.span
        if isinstance(declared, rules.Parameter | rules.Value | rules.Table) and declared.leniency is not None:
            leniency = declared.leniency
            yield f"why `{declared.name}` is rounded {leniency.mode}", leniency.because, leniency.span
    for amendment in model.amendments:
        for rule in amendment.rules:
            yield f"the reason of `{rule.name}`", rule.because, rule.span


def _phrases(name: str, phrases: rules.Phrases, span: Span) -> Iterator[tuple[str, BilingualText, Span]]:
    yield f"what `{name}` says", phrases.says, span
    yield f"what `{name}` says otherwise", phrases.otherwise, span


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for what, words, span in _texts(model):
        if words.en and not words.zh:
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
