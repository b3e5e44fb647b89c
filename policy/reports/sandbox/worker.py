"""The worker: prints one page by untrusted templates, in a process of its own that the client starts.

In: on standard input the texts of all templates and the figures, as JSON; bounds as arguments. Out: the page on
standard output; or what is wrong, as JSON on standard error, and exit code 1. Before the first template is read the
process has given up opening files, sockets and processes, and all but so much memory, time and output.
"""

from __future__ import annotations

import codecs
import html  # noqa: F401  # as `pprint` and `textwrap`: it is imported when it is needed, which would be too late
import json
import pprint  # noqa: F401
import resource
import signal
import sys
import textwrap  # noqa: F401
from collections.abc import Generator, Mapping
from typing import NoReturn, cast

from attrs import asdict, frozen
from jinja2 import BaseLoader, Environment, StrictUndefined, nodes
from jinja2.exceptions import (
    SecurityError,
    TemplateAssertionError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
)

from policy.diagnostics import did_you_mean
from policy.reports.render import Templates

_SPARE = 64 << 20  # bytes of memory to say that there was no more
_LONGEST = 500  # characters of a message
_ALWAYS = "everything printed is escaped, and that cannot be switched off"
_PRINT_IT = "print it as it is; what is to be markup stands in the template"


class LimitExceeded(BaseException):
    """The page takes too long or is too long; no template can catch it."""


class Refused(TemplateSyntaxError):
    """A construct that would let text become markup."""


@frozen
class Problem:
    """What is wrong, and where; a template without a name is the one that was asked for."""

    code: str
    message: str
    help: str
    template: str = ""
    line: int = 0


class TemplateTexts(BaseLoader):
    """Templates out of memory, each under its own name in messages."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        if template not in self.texts:
            raise TemplateNotFound(template)
        return self.texts[template], template, None


class UnknownName(StrictUndefined):
    """An unknown name; the message lists the known ones."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        name, of = self._undefined_name, self._undefined_obj
        if not isinstance(of, dict):
            return f"there is no `{name}` here"
        known = did_you_mean(str(name), of) or "it has " + ", ".join(f"`{n}`" for n in of)
        return f"there is no `{name}` in this figure\n{known}"


class UntrustedTemplates(Templates):
    """The environment of all templates, without the ways by which text could become markup after all."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(TemplateTexts(texts), UnknownName)
        del self.filters["safe"]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all((nodes.EvalContextModifier, nodes.Filter, nodes.FilterBlock, nodes.AssignBlock)):
            what = _unescaping(node)
            if what:
                raise Refused(what, node.lineno, name, filename)
        return tree

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        return attr != "translate" and super().is_safe_attribute(obj, attr, value)

    def handle_exception(self, source: str | None = None) -> NoReturn:
        """As it was raised: where it happened is read off the frames."""
        raise


def _unescaping(node: nodes.Node) -> str:
    match node:
        case nodes.EvalContextModifier():
            return "`autoescape` has no place in a template"
        case nodes.Filter(name="safe"):
            return "there is no `safe` here"
        case nodes.FilterBlock():  # whose result nobody escapes
            return "a `filter` block has no place in a template"
        case nodes.AssignBlock(filter=nodes.Filter()):
            return "a `set` block takes no filter"
    return ""


def wrong(code: str, message: str, help: str, error: BaseException, own: list[str]) -> Problem:
    return Problem(code, message[:_LONGEST], help, *_place(error, own))


def _place(error: BaseException, own: list[str]) -> tuple[str, int]:
    """Where it happened: the last step inside a template of the reader's own, or else inside any."""
    if isinstance(error, TemplateSyntaxError):
        return error.name or "", error.lineno
    places = []
    step = error.__traceback__
    while step:
        template = step.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            places.append((template.name, template.get_corresponding_lineno(step.tb_lineno)))
        step = step.tb_next
    places = [p for p in places if p[0] in own] or places
    return places[-1] if places else ("", 0)


def finding(error: BaseException, own: list[str], known: list[str], figures: list[str]) -> Problem:
    """What an exception means to whoever wrote the template."""
    text = str(error.message if isinstance(error, TemplateSyntaxError) else error)
    match error:
        case Refused():
            return wrong("template-refused", text + ": " + _ALWAYS, _PRINT_IT, error, own)
        case TemplateNotFound():
            help = did_you_mean(text, known) or "a name begins at the folder; those we ship begin with `shipped/`"
            return wrong("template-name", f"there is no template `{text}`", help, error, own)
        case SecurityError():
            help = "a template sees the figures and nothing else of the program"
            return wrong("template-refused", _lowered(text), help, error, own)
        case UndefinedError():
            message, _, help = text.partition("\n")
            help = help or "the page has " + ", ".join(f"`{n}`" for n in figures)
            return wrong("template-name", message, help, error, own)
        case TemplateAssertionError() | TemplateRuntimeError():  # a filter or test that is not there
            help = "a template has the filters and tests of Jinja, and those that the shipped templates use"
            return wrong("template-name", _lowered(text), help, error, own)
        case TemplateSyntaxError():
            return wrong("template-syntax", _lowered(text), "use the syntax of Jinja", error, own)
        case LimitExceeded():
            return wrong("template-bounds", text, "print less, or loop over it once", error, own)
        case OverflowError():
            return wrong("template-bounds", _lowered(text), "go through what is there", error, own)
        case MemoryError():
            message = "there is no more memory for this page"
            return wrong("template-bounds", message, "keep no long texts in variables", error, own)
        case RecursionError():
            message = "this calls itself without an end"
            return wrong("template-bounds", message, "limit its depth", error, own)
    help = "`--format json` shows every figure as a template is given it"
    return wrong("template-failed", f"{_lowered(text)} ({type(error).__name__})", help, error, own)


def _lowered(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".")


def _give_up(seconds: int, memory: int, output: int) -> None:
    """Gives up what no template needs: files, sockets, processes, and more than the bounds."""

    def time_is_up(_signal: int, _frame: object) -> NoReturn:
        raise LimitExceeded(f"the time for a page, {seconds} s, is up")

    codecs.lookup("unicode-escape")  # a file of Python's, which texts in templates are read by
    signal.signal(signal.SIGXCPU, time_is_up)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory + _SPARE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output + _LONGEST * 100, output + _LONGEST * 100))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _print(template: str, figures: dict[str, object], texts: dict[str, str], output: int) -> None:
    stream = cast(Generator[str], UntrustedTemplates(texts).get_template(template).generate(figures))
    written = 0
    for piece in stream:
        data = piece.encode()
        written += len(data)
        if written > output:
            stream.throw(LimitExceeded(f"the page is longer than {output:,} bytes"))
        sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def main() -> int:
    """Exit code 0 with the page, or 1 with what is wrong."""
    seconds, memory, output = map(int, sys.argv[1:])
    _give_up(seconds, memory, output)
    own: list[str] = []
    known: list[str] = []
    figures: list[str] = []
    try:
        asked = json.load(sys.stdin.buffer)
        own, known, figures = asked["own"], list(asked["texts"]), list(asked["figures"])
        _print(asked["template"], asked["figures"], asked["texts"], output)
    except (Exception, LimitExceeded) as error:
        resource.setrlimit(resource.RLIMIT_AS, (memory + _SPARE, memory + _SPARE))
        told = finding(error, own, known, figures)
        json.dump(asdict(told), sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
