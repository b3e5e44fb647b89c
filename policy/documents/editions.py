"""An edition: the rules that a document is about, as of a date and under an overlay.

In: texts of rules. Out: `Edition`, with its model, its program and the cover of a document about it. Files are named
from the folder that holds them all, so that a document is the same wherever that folder is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from attrs import frozen

from policy import resources
from policy.answers import BilingualText, Status
from policy.diagnostics import PolicyError
from policy.ir.program import Program
from policy.model.rules import Model
from policy.pipeline import Checked, RulesFile, check, dated, day_of, program, read_folder
from policy.reports.book.figures import Cover
from policy.reports.reach import Remark, reading_closed, remarks_on
from policy.reports.rows import by_status
from policy.rulebook import Rulebook

A_PLATFORM = "A licensed platform"  # on the cover, where no name is given
SHIPPED = "shipped"
WITHOUT_PROOFS = "leave proofs out (`--no-proofs`, or `proofs=False`); the document then says so"


@frozen(slots=False, eq=False)
class Edition:
    """Rules as of a date, with the overlay `under` laid over them; `name` is how a change calls them.

    Raises PolicyError where the rules have errors or no such overlay.
    """

    rules: Checked
    on: date
    under: str = ""
    name: str = SHIPPED

    def __attrs_post_init__(self) -> None:
        _ = self.model

    @cached_property
    def digest(self) -> str:
        return self.rules.digest(self.under)

    @cached_property
    def model(self) -> Model:
        return self.rules.under(self.under)

    @cached_property
    def undated(self) -> Program:
        return program(self.rules, self.under)

    @cached_property
    def rulebook(self) -> Rulebook:
        return dated(self.undated, self.on)

    def cover(
        self,
        title: BilingualText,
        platform: str,
        provisions: Iterable[tuple[str, Status]] | None = None,
        remarks: tuple[Remark, ...] | None = None,
        *,
        before: str = "",
        until: str = "",
    ) -> Cover:
        """The cover of a document that rests on these provisions, or on all; `before` is the digest compared with,
        `until` the last day where it is about several.
        """
        if provisions is None:
            provisions = [(p.id, p.status) for p in self.model.provisions.values()]
        if remarks is None:
            remarks = remarks_on(self.model, self.model.provisions, self.on.toordinal())
        sources = by_status(provisions)
        return Cover(
            title,
            platform,
            self.on.isoformat(),
            self.digest,
            self.under,
            sources,
            remarks,
            until=until if until > self.on.isoformat() else "",
            before=before,
            read=reading_closed(self.model),
            languages=self.model.languages,
        )


def edition(*paths: str | Path, on: date | str, under: str = "") -> Edition:
    """The rules in `paths`, the shipped ones if none is named, as of `on`. Raises PolicyError with every finding."""
    texts, wrong = read_folder(paths or (resources.folder("rulesets"),))
    if wrong:
        raise PolicyError(wrong)
    return Edition(rules_of(texts), day_of(on), under, name_of(paths, under))


def name_of(paths: Sequence[str | Path], under: str) -> str:
    """How a change calls an edition."""
    return (", ".join(map(str, paths)) or SHIPPED) + (f"+{under}" if under else "")


def rules_of(texts: Sequence[RulesFile]) -> Checked:
    """The checked rules of these texts, for any number of documents. Raises PolicyError where they have errors."""
    checked = _checked(tuple(_named_from_their_folder(texts)))
    if checked.errors:
        raise PolicyError(check(texts).errors)  # which name the files as the user does
    return checked


@lru_cache(maxsize=2)
def _checked(texts: tuple[RulesFile, ...]) -> Checked:
    """Kept, as both sides of a change may be the same rules."""
    return check(texts)


def _named_from_their_folder(texts: Sequence[RulesFile]) -> list[RulesFile]:
    folder = os.path.commonpath([os.path.dirname(os.path.abspath(t.name)) for t in texts])
    above = os.path.dirname(folder)
    return [RulesFile(os.path.relpath(t.name, above), t.data) for t in texts]
