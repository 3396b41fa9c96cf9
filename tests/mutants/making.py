"""Mutants of a Python file: each is its text with one thing changed that a test should notice.

What is changed is found in the syntax tree and replaced in the text, so that a mutant reads like the line it came from.
Not changed, for no test should pin it: annotations, documentation, decorators, log lines, and the texts of errors.
Nothing here runs anything.

Made here and not by cosmic-ray: its parser knows no ``match``, in which our decisions are written, and it leaves no
statement, case or argument out, which is the kind of defect that was seen.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
}
_CALLED = {"min": "max", "max": "min"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed text of ``file``. ``place``: the function it is in; ``change``: the lines as they were and are."""

    file: str
    place: str
    change: str
    line: int
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what stays the same when lines are added elsewhere."""
        return self.file, self.place, self.change


@dataclass(frozen=True, slots=True)
class _Edit:
    node: ast.AST
    text: str
    place: str
    starts_at: tuple[int, int] | None = None
    ends_at: tuple[int, int] | None = None


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Return all mutants of a file, in its order; no two are the same program."""
    tree = ast.parse(source)
    text = _Text(source)
    seen = {ast.dump(tree)}
    made = []
    for edit in _Finder(text).edits(tree):
        changed, change = text.edited(edit)
        program = ast.dump(ast.parse(changed))
        if program not in seen:
            seen.add(program)
            made.append(Mutant(file, edit.place, change, getattr(edit.node, "lineno", 0), changed))
    return sorted(made, key=lambda mutant: mutant.line)


class _Text:
    """The file's text. Columns of the syntax tree count bytes."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def of(self, node: ast.expr | ast.pattern | ast.stmt) -> str:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start, end = self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)
        return self._bytes[start:end].decode()

    def colon_after(self, node: ast.pattern) -> tuple[int, int]:
        """Return the line and column of the first colon behind a node."""
        place = self._bytes.index(b":", self._at(node.end_lineno, node.end_col_offset))
        line = bisect_right(self._starts, place)
        return line, place - self._starts[line - 1]

    def edited(self, edit: _Edit) -> tuple[str, str]:
        """Return the whole text with the edit, and the lines that it changes, before and after."""
        node: ast.expr = edit.node  # type: ignore[assignment]
        first = edit.starts_at or (node.lineno, node.col_offset)
        last = edit.ends_at or (node.end_lineno or 0, node.end_col_offset or 0)
        start, end = self._at(*first), self._at(*last)
        changed = self._bytes[:start] + edit.text.encode() + self._bytes[end:]
        head, tail = self._bytes[self._at(first[0], 0) : start], self._bytes[end : self._starts[last[0]]]
        before = self._bytes[self._at(first[0], 0) : self._starts[last[0]]]
        after = head + edit.text.encode() + tail
        return changed.decode(), f"{_one_line(before)} -> {_one_line(after)}"


def _one_line(text: bytes) -> str:
    return " ".join(text.decode().split())


class _Finder:
    """Finds what can be changed, with the name of the function that it is in."""

    def __init__(self, text: _Text) -> None:
        self._text = text
        self._names: list[str] = []

    def edits(self, node: ast.AST) -> Iterator[_Edit]:
        """Return the edits of a node and of all in it."""
        is_named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_named:
            self._names.append(node.name)  # type: ignore[attr-defined]
        for edit in self._of(node):
            yield _Edit(edit.node, edit.text, ".".join(self._names), edit.starts_at, edit.ends_at)
        for child in _children(node):
            yield from self.edits(child)
        if is_named:
            self._names.pop()

    def _of(self, node: ast.AST) -> Iterator[_Edit]:
        match node:
            case ast.Compare():
                yield from self._compared(node)
            case ast.BoolOp():
                yield from self._joined(node)
            case ast.UnaryOp(op=ast.Not()):
                yield self._edit(node, f"({self._text.of(node.operand)})")
            case ast.BinOp() if type(node.op) in _COMPUTED:
                other = ast.BinOp(node.left, _COMPUTED[type(node.op)](), node.right)
                yield self._edit(node, f"({ast.unparse(other)})")
            case ast.Constant():
                yield from self._constant(node)
            case ast.If() | ast.IfExp():
                yield self._edit(node.test, "True")
                yield self._edit(node.test, "False")
            case ast.While():
                yield self._edit(node.test, "False")
            case ast.For() | ast.AsyncFor():
                yield self._edit(node.iter, "()")
            case ast.comprehension():
                yield self._edit(node.iter, "()")
                for condition in node.ifs:
                    yield self._edit(condition, "True")
            case ast.Call():
                yield from self._called(node)
            case ast.With() | ast.AsyncWith():
                yield from self._with(node)
            case ast.Match():
                for case in node.cases:
                    yield from self._case(case)
            case ast.MatchOr():
                yield from self._without_each(node, node.patterns, " | ".join)
            case ast.Set() if len(node.elts) > 1:
                yield from self._without_each(node, node.elts, lambda texts: "{" + ", ".join(texts) + "}")
            case ast.stmt():
                yield from self._dropped(node)
            case _:
                pass

    @staticmethod
    def _edit(node: ast.expr | ast.pattern | ast.stmt, text: str) -> _Edit:
        return _Edit(node, text, "")

    def _compared(self, node: ast.Compare) -> Iterator[_Edit]:
        for index, operator in enumerate(node.ops):
            for other in _COMPARED[type(operator)]:
                operators = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                yield self._edit(node, ast.unparse(ast.Compare(node.left, operators, node.comparators)))
            right = node.comparators[index]
            if isinstance(right, ast.Tuple) and len(right.elts) > 1:
                yield from self._without_each(right, right.elts, lambda texts: "(" + ", ".join(texts) + ",)")

    def _joined(self, node: ast.BoolOp) -> Iterator[_Edit]:
        texts = [self._text.of(value) for value in node.values]
        word = "or" if isinstance(node.op, ast.And) else "and"
        yield self._edit(node, "(" + f" {word} ".join(f"({text})" for text in texts) + ")")
        word = "and" if isinstance(node.op, ast.And) else "or"
        for index in range(len(texts)):
            rest = texts[:index] + texts[index + 1 :]
            yield self._edit(node, "(" + f" {word} ".join(rest) + ")")

    def _constant(self, node: ast.Constant) -> Iterator[_Edit]:
        match node.value:
            case bool():
                yield self._edit(node, str(not node.value))
            case int() | float():
                yield self._edit(node, f"({node.value + 1})")
                yield self._edit(node, f"({node.value - 1})")
            case str():
                yield self._edit(node, repr("x" + node.value))
            case _:
                pass

    def _called(self, node: ast.Call) -> Iterator[_Edit]:
        if isinstance(node.func, ast.Name) and node.func.id in _CALLED:
            yield self._edit(node.func, _CALLED[node.func.id])
        # All arguments in the order of the text, each dropped with the comma that belongs to it.
        arguments: list[ast.expr | ast.keyword] = sorted(
            [*node.args, *node.keywords], key=lambda one: (one.lineno, one.col_offset)
        )
        for index, one in enumerate(arguments):
            if not isinstance(one, ast.keyword) or one.arg is None or _says_only(one):
                continue
            starts_at, ends_at = (one.lineno, one.col_offset), (one.end_lineno or 0, one.end_col_offset or 0)
            if index + 1 < len(arguments):
                ends_at = arguments[index + 1].lineno, arguments[index + 1].col_offset
            elif index:
                starts_at = arguments[index - 1].end_lineno or 0, arguments[index - 1].end_col_offset or 0
            yield _Edit(one, "", "", starts_at, ends_at)

    def _with(self, node: ast.With | ast.AsyncWith) -> Iterator[_Edit]:
        if len(node.items) == 1 and node.items[0].optional_vars is None:
            body = node.body[0]
            context = node.items[0].context_expr
            ends_at = context.end_lineno or 0, context.end_col_offset or 0
            assert body.lineno > ends_at[0]
            yield _Edit(node, "if True", "", (node.lineno, node.col_offset), ends_at)

    def _case(self, case: ast.match_case) -> Iterator[_Edit]:
        if case.guard is not None:
            yield self._edit(case.guard, "True")
            yield self._edit(case.guard, "False")
        elif not _is_nothing(case.body):
            # Before the colon: a pattern of several lines stands in brackets, which are not part of it.
            colon = self._text.colon_after(case.pattern)
            yield _Edit(case.pattern, " if False", "", starts_at=colon, ends_at=colon)

    def _without_each(
        self,
        node: ast.expr | ast.pattern,
        elements: list[ast.expr] | list[ast.pattern],
        join: Callable[[list[str]], str],
    ) -> Iterator[_Edit]:
        texts = [self._text.of(one) for one in elements]
        for index in range(len(texts)):
            yield self._edit(node, join(texts[:index] + texts[index + 1 :]))

    def _dropped(self, node: ast.stmt) -> Iterator[_Edit]:
        """A statement left out. Without a local name's first value nothing runs; that is no mutant."""
        match node:
            case ast.Expr(ast.Constant()) | ast.Pass():
                return
            case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Break() | ast.Continue() | ast.Return(value=None):
                yield self._edit(node, "pass")
            case ast.Assign(targets=[ast.Attribute()]) | ast.AnnAssign(target=ast.Attribute()):
                yield self._edit(node, "pass")
            case _:
                pass


def _is_nothing(body: list[ast.stmt]) -> bool:
    match body:
        case [ast.Pass()] | [ast.Expr(ast.Call(func=ast.Name(id="assert_never")))]:
            return True
        case _:
            return False


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"} or (
            name == "target" and isinstance(node, ast.AnnAssign)
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _says_only(child):
                yield child


def _says_only(node: ast.AST) -> bool:
    """Whether a part is for people to read: documentation, log lines, texts of errors, formatted strings."""
    match node:
        case ast.JoinedStr() | ast.Raise() | ast.Assert() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(ast.Constant(str())):
            return True
        case ast.Expr(ast.Call(func=ast.Attribute(value=ast.Name(id="log")))):
            return True
        case ast.Assign(targets=[ast.Name(id="log")]):
            return True
        case ast.Expr(ast.Call(func=ast.Name(id="assert_never" | "failpoint"))):
            return True
        case ast.keyword(arg="name"):
            return True  # a task's
        case _:
            return False
