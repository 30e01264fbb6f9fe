"""Reads a package with `ast` and says in plain words what breaks the table. It imports nothing of what it judges."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from shape import table

Function = ast.FunctionDef | ast.AsyncFunctionDef
SAYS_PURE = re.compile(r"\bPure( data)?[.:]")


@dataclass(frozen=True, slots=True)
class Module:
    where: str
    """Path below the package, such as `calls/run.py`."""
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str:
        return self.name.split(".")[0]

    @property
    def worker_side(self) -> bool:
        return self.room in table.WORKER_ROOMS and not self.matches(table.API_SIDE)

    @property
    def pure(self) -> bool:
        return self.matches(table.PURE) or bool(SAYS_PURE.search(ast.get_docstring(self.tree) or ""))

    def matches(self, patterns: Sequence[str]) -> bool:
        return any(fnmatch(self.where, pattern) for pattern in patterns)


def read(root: Path) -> list[Module]:
    paths = sorted(root.rglob("*.py"))
    return [Module(path.relative_to(root).as_posix(), text := path.read_text(), ast.parse(text)) for path in paths]


# ---- sizes --------------------------------------------------------------------------------------


def sizes(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        if (lines := module.text.count("\n")) > table.MODULE_LINES and module.where not in table.GENERATED:
            yield f"{module.where} has {lines} lines: find the second idea in it and give it its own file"
        for node in ast.walk(module.tree):
            if isinstance(node, Function) and (lines := _length(node)) > table.FUNCTION_LINES:
                yield f"{module.where}:{node.lineno} {node.name} has {lines} lines"


def _length(function: Function) -> int:
    """Lines of code; a docstring is free."""
    return _span(function) - (_span(function.body[0]) if ast.get_docstring(function) else 0)


def _span(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def opening_paragraphs(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        if not ast.get_docstring(module.tree):
            yield f"{module.where} does not say in an opening paragraph what it owns"


# ---- who imports whom ---------------------------------------------------------------------------


def wrong_ways(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        if module.room not in table.ROOMS and module.room not in table.KIT | {"__init__"}:
            yield f"{module.where} is in no room of the table"
            continue
        for target in _ours(module):
            if module.room in table.KIT:
                if target.split(".")[0] not in table.KIT:
                    yield f"{module.where} is kit and may import nothing of ours, but imports {target}"
            elif not _allowed(target, module.room):
                yield f"{module.where} may not import {target}"


def _allowed(target: str, room: str) -> bool:
    may = table.ROOMS.get(room, frozenset())
    if may is table.ANYTHING:
        return True
    return any(target == name or target.startswith(name + ".") for name in may | table.KIT | {room})


def worker_reaches(modules: Sequence[Module]) -> Iterator[str]:
    """What a worker loads, followed through every import, must stay clear of the web and the database."""
    by_name = {module.name: module for module in modules}
    for module in modules:
        if not module.worker_side:
            continue
        for reached, via in _reached(module, by_name).items():
            if reached.split(".")[0] in table.NOT_IN_A_WORKER_ROOMS:
                yield f"{module.where} is loaded by workers but reaches {reached} (by {via})"
            for foreign in _foreign(by_name[reached]) & table.NOT_IN_A_WORKER:
                yield f"{module.where} is loaded by workers but reaches {foreign} (by {reached})"


def narrower(modules: Sequence[Module]) -> Iterator[str]:
    by_name = {module.name: module for module in modules}
    for module in modules:
        if (may := table.NARROWER.get(module.where)) is None:
            continue
        for reached, via in _reached(module, by_name).items():
            own_package = (module.name + ".").startswith(reached + ".")
            if not own_package and reached and reached.split(".")[0] not in may:
                yield f"{module.where} may reach {', '.join(sorted(may))} only, but reaches {reached} (by {via})"


def _reached(start: Module, by_name: dict[str, Module]) -> dict[str, str]:
    """Every module of ours that importing `start` may load, with the module that asks for it."""
    reached: dict[str, str] = {start.name: "itself"}
    todo = [start]
    while todo:
        module = todo.pop()
        for target in _ours(module):
            for name in _with_packages(target):
                if name in by_name and name not in reached:
                    reached[name] = module.name
                    todo.append(by_name[name])
    return reached


def _with_packages(name: str) -> Iterator[str]:
    """`a.b.c` loads `a` and `a.b` on the way; the last part may be a name inside `a.b`."""
    parts = name.split(".")
    yield from (".".join(parts[: n + 1]) for n in range(len(parts)))


def _ours(module: Module) -> Iterator[str]:
    package = table.PACKAGE
    for node in _loaded(module.tree):
        match node:
            case ast.ImportFrom(module=str(name), level=0) if name == package or name.startswith(package + "."):
                base = name.removeprefix(package).removeprefix(".")
                yield from (f"{base}.{alias.name}".removeprefix(".") for alias in node.names)
            case ast.ImportFrom(level=level) if level:
                yield f"{module.room}.(relative import)"
            case ast.Import():
                yield from (a.name.removeprefix(package + ".") for a in node.names if a.name.startswith(package + "."))


def _foreign(module: Module) -> set[str]:
    found: set[str] = set()
    for node in _loaded(module.tree):
        match node:
            case ast.ImportFrom(module=str(name), level=0):
                found.add(name.split(".")[0])
            case ast.Import():
                found |= {alias.name.split(".")[0] for alias in node.names}
    return found


def _loaded(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under `if TYPE_CHECKING`, which no process ever loads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _loaded(node)


# ---- purity -------------------------------------------------------------------------------------


def impurities(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        if module.pure:
            yield from (
                f"{module.where} is pure and may not import {name}" for name in sorted(_foreign(module) & table.IMPURE)
            )
            yield from _impure_nodes(module)


def _impure_nodes(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        match node:
            case ast.AsyncFunctionDef() | ast.Await():
                yield f"{module.where}:{node.lineno} is pure and may not wait"
            case ast.Call(func=ast.Name(id=name)) if name in table.IMPURE_CALLS:
                yield f"{module.where}:{node.lineno} is pure and may not call {name}"
            case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today")):
                yield f"{module.where}:{node.lineno} is pure and may not read the clock"


def unmirrored(modules: Sequence[Module], tests: Path) -> Iterator[str]:
    """Each pure module that does something has a unit test of its own name at its own path."""
    for module in modules:
        if module.pure and any(map(_does_something, ast.walk(module.tree))):
            folder, _, name = module.where.rpartition("/")
            mirror = tests / "unit" / folder / f"test_{name}"
            if not mirror.exists():
                yield f"{module.where} is pure and has no {mirror.relative_to(tests.parent)}"


def _does_something(node: ast.AST) -> bool:
    """A function with a body; a class of fields or a port is only a word."""
    return isinstance(node, Function) and ast.unparse(node.body[-1]) != "..."


# ---- habits -------------------------------------------------------------------------------------


def swallowers(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node) and module.where not in table.OUTERMOST:
                yield f"{module.where}:{node.lineno} catches everything: name what can happen"


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """`except:` and `except Exception:`, and `except BaseException:` that does not raise again."""
    caught = ast.unparse(handler.type) if handler.type else "BaseException"
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    return caught == "Exception" or (caught == "BaseException" and not raises)


def foreign_words(modules: Sequence[Module]) -> Iterator[str]:
    """A vendor's name in code, outside the files that speak to it. Docstrings may explain."""
    for module in modules:
        if module.matches(table.VENDOR_FILES):
            continue
        docstrings = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(module.tree):
            for word in _words(node, docstrings) & table.VENDORS:
                yield f"{module.where}:{getattr(node, 'lineno', 0)} names {word}"


def _words(node: ast.AST, docstrings: set[int]) -> set[str]:
    match node:
        case ast.Constant(value=str(text)) if id(node) not in docstrings:
            return set(_split(text))
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return set(_split(name))
    return set()


def _split(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def unknown_kinds(modules: Sequence[Module], kinds: Collection[str]) -> Iterator[str]:
    """A line for the journal whose kind is not in its table would be a line that no page explains."""
    for module in modules:
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(func=ast.Name(id="Noted"), args=[ast.Constant(value=str(kind)), *_]) if kind not in kinds:
                    yield f"{module.where}:{node.lineno} notes {kind}, which is no kind of event"


def untimely(tests: Sequence[Module]) -> Iterator[str]:
    """Unit tests neither wait nor replace what they test."""
    for test in tests:
        for node in ast.walk(test.tree):
            match node:
                case ast.Name(id="sleep") | ast.Attribute(attr="sleep"):
                    yield f"{test.where}:{node.lineno} sleeps"
                case ast.ImportFrom(module=str(name)) if "mock" in name:
                    yield f"{test.where}:{node.lineno} mocks"
                case ast.Import() if any("mock" in alias.name for alias in node.names):
                    yield f"{test.where}:{node.lineno} mocks"
                case ast.arg(arg="monkeypatch" | "mocker"):
                    yield f"{test.where}:{node.lineno} patches"
