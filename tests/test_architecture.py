"""The promises about the shape of the code. Exceptions are listed, and the lists only shrink."""

from __future__ import annotations

import ast
import io
import re
import socket
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
APPS = ("ledger", "connectors", "commerce_sync", "health")
MODULE_LINES = 250
FUNCTION_LINES = 50

TOP_LEVEL = {
    *(
        "manage.py",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "templates",
        "tests",
        "docs",
        ".ci",
        ".gitignore",
    ),
    *APPS,
}
# "path" or "path:function" → the lines it has now. May only shrink: a new entry needs a decision record.
LONG_MODULES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}

# The modules of ledger that may know Django; every other module there is pure.
LEDGER_SHELL = {"models", "migrations", "management", "services", "selectors", "admin", "admin_base", "apps", "checks"}
LEDGER_SHELL |= {"sql", "intake", "record_rows", "problem_rows", "post_due", "post_rows", "settling", "withdraw"}
LEDGER_SHELL |= {
    "set_aside",
    "restating",
    "reversal_rows",
    "tied_rows",
    "admin_filters",
    "admin_lists",
    "company_search",
    "faultpoints",
    "home",
}
NOT_PURE = {
    "django",
    "requests",
    "urllib3",
    "psycopg",
    "os",
    "random",
    "secrets",
    "time",
    "socket",
    "subprocess",
}


@cache
def modules() -> tuple[Path, ...]:
    """Every Python module of the four apps, migrations aside: those are generated."""
    found = (path for app in APPS for path in sorted((PROJECT / app).rglob("*.py")))
    return tuple(path for path in found if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), name_of(path))


def function_lengths() -> dict[str, int]:
    found: dict[str, int] = {}
    for path in modules():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                key = f"{name_of(path)}:{node.name}"
                found[key] = max(found.get(key, 0), node.end_lineno - node.lineno + 1)
    return found


def assert_within(found: dict[str, int], limit: int, exceptions: dict[str, int]) -> None:
    """Nothing is longer than the limit; an exception is exactly as long as it was when listed."""
    too_long = {name: lines for name, lines in found.items() if lines > exceptions.get(name, limit)}
    assert not too_long, f"longer than {limit} lines: {too_long}"
    needless = {name for name in exceptions if found.get(name, 0) <= limit}
    assert not needless, f"no longer needed, remove from the exceptions: {sorted(needless)}"
    shrunk = {name: found[name] for name, lines in exceptions.items() if found[name] < lines}
    assert not shrunk, f"shorter than listed, lower the exceptions: {shrunk}"


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def code_with(pattern: str) -> list[str]:
    """Where a pattern occurs in the code of the apps; comments and strings do not count."""
    return [f"{name_of(path)}:{n}" for path in modules() for n, code in code_of(path) if re.search(pattern, code)]


@cache
def code_of(path: Path) -> tuple[tuple[int, str], ...]:
    """The numbered lines of a module's code, its words apart."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    lines: dict[int, list[str]] = {}
    for token in tokens:
        if token.type not in {tokenize.COMMENT, tokenize.STRING}:
            lines.setdefault(token.start[0], []).append(token.string)
    return tuple((number, " ".join(words)) for number, words in lines.items())


def test_no_module_is_longer_than_it_may_be() -> None:
    assert_within({name_of(p): len(p.read_text().splitlines()) for p in modules()}, MODULE_LINES, LONG_MODULES)


def test_no_function_is_longer_than_it_may_be() -> None:
    assert_within(function_lengths(), FUNCTION_LINES, LONG_FUNCTIONS)


def test_every_module_is_named_for_its_subject() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [name_of(path) for path in modules() if {path.stem, *path.parts} & vague] == []


@pytest.mark.case("E02")
def test_no_float_comes_near_money() -> None:
    assert code_with(r"\bfloat \(") == []


@pytest.mark.case("S12", "S32")
def test_no_markup_is_declared_safe() -> None:
    assert code_with(r"\bmark_safe\b") == []


def test_nothing_is_left_to_do() -> None:
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X:)")
    paths = (*modules(), *(PROJECT / "tests").rglob("*.py"))
    assert [name_of(path) for path in paths if words.search(path.read_text())] == []


def test_no_two_test_files_have_one_name() -> None:
    names = Counter(path.name for path in (PROJECT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []  # pytest would collect the first alone


def test_one_model_per_file() -> None:
    crowded = []
    for path in modules():
        if "models" in path.parts:
            classes = [node for node in tree_of(path).body if isinstance(node, ast.ClassDef)]
            models = [node.name for node in classes if any("Model" in ast.unparse(base) for base in node.bases)]
            crowded += [f"{name_of(path)}: {models}"] if len(models) > 1 else []
    assert crowded == []


def pure_ledger_modules() -> list[Path]:
    return [path for path in modules() if path.parts[len(PROJECT.parts)] == "ledger" and is_pure(path)]


def is_pure(path: Path) -> bool:
    inside = path.relative_to(PROJECT / "ledger")
    return not {part.removesuffix(".py") for part in inside.parts} & LEDGER_SHELL


def test_the_accounting_core_is_pure() -> None:
    shell = {f"ledger.{name}" for name in LEDGER_SHELL}
    impure = [
        f"{name_of(path)}: {name}"
        for path in pure_ledger_modules()
        for name in imports_of(path)
        if name.split(".")[0] in NOT_PURE or name in shell or name.startswith("ledger.models.")
    ]
    assert impure == []


def test_the_accounting_core_reads_no_clock() -> None:
    clocks = {"now", "utcnow", "today"}
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in pure_ledger_modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in clocks
    ]
    assert found == []


def test_nothing_but_the_agreed_lies_at_the_top_level() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("not a git work tree: what is generated cannot be told from what is ours")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top - TOP_LEVEL if not name.startswith(".")} == set()


def test_an_exception_that_is_no_longer_needed_is_reported() -> None:
    with pytest.raises(AssertionError, match="no longer needed"):
        assert_within({"short.py": 10}, 250, {"short.py": 300})
    with pytest.raises(AssertionError, match="lower the exceptions"):
        assert_within({"long.py": 280}, 250, {"long.py": 300})
    with pytest.raises(AssertionError, match="longer than"):
        assert_within({"long.py": 301}, 250, {"long.py": 300})


def test_no_test_reaches_beyond_this_machine() -> None:
    with pytest.raises(AssertionError, match=r"tried to connect to .*192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
