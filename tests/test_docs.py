"""The documentation says what the code does: links, commands, options, variables, names, codes.

docs/problems.md is made from the catalogs: `.venv/bin/python -m tests.test_docs --update-docs` writes it again.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import os
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from connectors import push_verdicts, registry
from connectors.errors import Failure, MappingProblem, RefusalReason, Refused, UnknownOutcome
from connectors.platform import AccountingPlatform, CommercePlatform
from connectors.push_verdicts import Verdict
from connectors.session import MapContext, Session
from connectors.wire import Request, Response
from ledger import adding_up
from ledger.book import Book
from ledger.calendar import DayRule
from ledger.commerce import Deleted
from ledger.documents import Header, Journal, Line
from ledger.problems import CATALOG
from ledger.rules import expand

PROJECT = Path(__file__).parents[1]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
PROSE = [page for page in PAGES if page.name != "posting.md"]
DECISIONS = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
PROBLEMS = PROJECT / "docs" / "problems.md"
APPS = "ledger|connectors|commerce_sync|health"

# What to do about a sync that ended with this code; the sync's own sentence and remedy are more exact.
STATUS_REMEDIES = {
    1000: "Wait.",
    1010: "Wait; if it lasts for hours: `manage.py doctor`.",
    2000: "Nothing.",
    2040: "Nothing.",
    4000: "Correct the mapping or connect the accounting software; the next sync catches up.",
    4040: "Nothing: there is nobody to sync.",
    4220: "The merchant connects the platform again.",
    4260: "The merchant renews the subscription, then syncs again.",
    5000: "Support reads the dead job's last error: `manage.py doctor`.",
    5080: "Wait for the running sync to end, then ask again if still needed.",
    5120: "Read the sync's sentence: usually the sales platform was down, and the next run catches up.",
    5130: "Read the refused documents' sentences, remove the cause, then retry (runbook).",
}


def problems_page() -> str:
    """docs/problems.md, whole."""
    from commerce_sync.status import CODES

    lines = [
        "# Problems, failures and status codes",
        "",
        "This page is made from the catalogs in the code (`python -m tests.test_docs --update-docs`) and held current",
        "by a test. Text in *italics* stands for a fact of the case.",
        "",
        "- A **problem** is about a record: it cannot be posted, or somebody should look at it. It is data",
        "  (`ledger/problems.py`), stays open until a newer version of the record or of the book cures it, and never",
        "  stops its neighbors (unless the book says that it holds its day).",
        "- A **failure** is about the outside: a platform, a network or a credential stopped a step. It is an",
        "  exception (`connectors/errors.py`); its class says what happens next.",
        "- A **status code** is what a sync came to (`commerce_sync/status.py`).",
        "",
        "*Whose turn* says who can do something: the merchant, the partner (who sends the sales), support, or nobody.",
        "",
        "## Problems that keep a record out of the books",
        "",
        *_problem_table("blocks"),
        "",
        "## Notices: posted (or rightly left out), but worth a look",
        "",
        *_problem_table("notice"),
        "",
        "## Failures",
        "",
        *_table(("failure", "what happened", "what to do", "whose turn"), _failures()),
        "",
        "### Reasons for which a platform refuses",
        "",
        "Where the platform's own sentence says what is to be changed, that is told instead, as the merchant's turn.",
        "",
        *_table(
            ("reason", "what to do", "whose turn"),
            (
                (f"`{why.value}`", said.remedy, said.whose_turn.value)
                for why in RefusalReason
                for said in [Refused(reason=why)]
            ),
        ),
        "",
        "### Verdicts of the delivery itself",
        "",
        "A refused or unknown document carries one of the reasons above, the name of a failure, or one of these.",
        "",
        *_table(("verdict", "what happened", "what to do", "whose turn"), _verdicts()),
        "",
        "## Status codes of a sync",
        "",
        *_table(
            ("code", "meaning", "what to do"),
            ((str(code), CODES[code], STATUS_REMEDIES[code]) for code in sorted(CODES)),
        ),
        "",
        "31 failing business days in a row pause a company (see the [runbook](runbook.md#a-company-is-paused)).",
    ]
    return "\n".join(lines) + "\n"


def _problem_table(severity: str) -> list[str]:
    rows = (
        (f"`{code}`", _worded(reason.sentence), _worded(reason.remedy), reason.turn)
        for code, reason in CATALOG.items()
        if reason.severity == severity
    )
    return _table(("code", "what happened", "what to do", "whose turn"), rows)


def _worded(template: str) -> str:
    """A template for people: its facts in italics."""
    return "".join(text + (f"*{field}*" if field else "") for text, field, *_ in Formatter().parse(template))


def _failures() -> Iterator[tuple[str, ...]]:
    importlib.import_module("connectors.credentials")  # has a failure of its own
    for failure in _below(Failure):
        if failure.__module__.startswith("connectors."):
            said = " ".join((failure.__doc__ or "").split())
            hint = "see the reasons below" if failure.__name__ == "Refused" else failure.hint
            turn = "see below" if failure.__name__ == "Refused" else failure.turn.value
            yield f"`{failure.__name__}`", said, hint, turn


def _below(base: type[Failure]) -> Iterator[type[Failure]]:
    for each in base.__subclasses__():
        yield each
        yield from _below(each)


def _verdicts() -> Iterator[tuple[str, ...]]:
    for verdict in vars(push_verdicts).values():
        if isinstance(verdict, Verdict):
            yield f"`{verdict.code}`", verdict.sentence, verdict.remedy, verdict.turn


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    shown = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *shown]


@cache
def text_of(page: Path) -> str:
    return page.read_text()


def name_of(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings make."""
    without_code = re.sub(r"```.*?```", "", text_of(page), flags=re.S)
    headings = re.findall(r"^#+ (.+)$", without_code, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_page_about_problems_is_what_the_catalogs_say() -> None:
    assert PROBLEMS.read_text() == problems_page(), "run: .venv/bin/python -m tests.test_docs --update-docs"


def test_the_page_about_platforms_is_what_they_declare() -> None:
    from commerce_sync.management.commands.platforms import platforms_page

    assert text_of(PROJECT / "docs" / "platforms.md") == platforms_page(), "run: manage.py platforms --markdown"


def test_every_problem_code_is_explained() -> None:
    assert [code for code in CATALOG if f"| `{code}` |" not in text_of(PROBLEMS)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text_of(page), flags=re.S)):
        path, _, fragment = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        if target.startswith(("http:", "https:")):
            continue
        if not other.exists() or (fragment and other.suffix == ".md" and fragment not in anchors(other)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(rf"`((?:{APPS}|tests|docs|templates|\.ci)/[\w/.*-]*)`", text_of(page)))
    assert {name for name in named if not any(PROJECT.glob(name.rstrip("/")))} == set()


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_every_name_in_the_code_that_is_mentioned_exists(page: Path) -> None:
    named = set(re.findall(rf"`((?:{APPS})(?:\.\w+)+)(?:\(\))?`", text_of(page)))
    named |= {f"{module}.{name}" for module, name in re.findall(r"from ([\w.]+) import (\w+)", text_of(page))}
    assert {name for name in named if not _resolves(name)} == set()


def _resolves(dotted: str) -> bool:
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_every_command_that_is_named_exists_with_its_options(page: Path) -> None:
    from django.core.management import get_commands, load_command_class

    wrong = []
    for name, rest in re.findall(r"manage\.py ([a-z_]+)([^`\n|&#]*)", text_of(page)):
        app = get_commands().get(name)
        if not isinstance(app, str):
            wrong.append(name)
            continue
        known = load_command_class(app, name).create_parser("manage.py", name)._option_string_actions
        wrong += [f"{name} {option}" for option in re.findall(r"(?<!\S)--[\w-]+", rest) if option not in known]
    assert wrong == []


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_every_module_that_is_to_be_run_exists(page: Path) -> None:
    modules = set(re.findall(r"python3? -m ([\w.]+)", text_of(page)))
    assert {module for module in modules if importlib.util.find_spec(module) is None} == set()


def variables_read() -> dict[str, str]:
    """Every environment variable that the settings read → its default, "" where it has none or a computed one."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse((PROJECT / "commerce_sync" / "settings.py").read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            asked = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if asked in {"text", "flag", "whole", "word", "words", "web_address", "secret", "db_url"}:
                has_default = asked in {"whole", "word"} and isinstance(node.args[1], ast.Constant)
                default = node.args[1].value if has_default else ""  # type: ignore[attr-defined]
                found[str(node.args[0].value)] = found.get(str(node.args[0].value)) or str(default)
    return found


def test_every_environment_variable_is_documented_and_no_other() -> None:
    from commerce_sync.environment import VARIABLES

    read = variables_read()
    assert {name for name in read if name.startswith("COMMERCE_SYNC_")} == VARIABLES
    rows = {name: line for line in text_of(PAGES[0]).splitlines() for name in re.findall(r"^\| `([A-Z_]+)", line)}
    assert rows.keys() == read.keys()
    assert {name: default for name, default in read.items() if default not in rows[name].replace(",", "")} == {}


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_no_page_names_a_variable_that_nothing_reads(page: Path) -> None:
    named = set(re.findall(r"\bCOMMERCE_SYNC_[A-Z_]*[A-Z]\b", text_of(page)))
    assert named - variables_read().keys() == set()


def test_the_command_for_the_tests_is_what_ci_runs() -> None:
    ours = [line.strip() for line in text_of(PAGES[0]).splitlines() if line.startswith("    python3 -m venv")]
    assert [line.split(" && ")[-1] for line in ours] == [".venv/bin/python manage.py demo", ".venv/bin/pytest -n 2"]
    ci = (PROJECT / ".ci" / "run").read_text()
    steps = [step for step in ours[1].split(" && ") if " install " not in step]  # the gate installs what is locked
    locked = [
        line.strip() for line in text_of(PAGES[0]).splitlines() if line.startswith("    .venv/bin/pip install -q --")
    ]
    assert len(steps) == len(locked) == 2
    steps += [line.replace("run.txt", "develop.txt") for line in locked]
    assert [step for step in steps if not re.search(rf"{re.escape(step)}( |$)", ci, re.M)] == []


def test_the_snippets_of_the_runbook_call_what_there_is() -> None:
    text = text_of(PROJECT / "docs" / "runbook.md")
    snippets = [textwrap.dedent(block) for block in re.findall(r"```python\n(.*?)```", text, flags=re.S)]
    assert len(snippets) > 3
    known: dict[str, object] = {}
    for node in (node for snippet in snippets for node in ast.walk(ast.parse(snippet))):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            known |= {alias.name: getattr(module, alias.name) for alias in node.names}
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and inspect.isfunction(known.get(node.func.id))
        ):
            given = {str(keyword.arg): None for keyword in node.keywords}
            inspect.signature(known[node.func.id]).bind(*node.args, **given)  # type: ignore[arg-type]
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"filter", "get"}
        ):
            _insist_on_fields(node, known)


def _insist_on_fields(call: ast.Call, known: dict[str, object]) -> None:
    """Every field by which a snippet looks rows up is one of the model's."""
    model = known.get(ast.unparse(call.func).split(".")[0])
    for keyword in call.keywords:
        if model is not None:
            model._meta.get_field(str(keyword.arg).split("__")[0])  # type: ignore[attr-defined]


def test_decisions_are_numbered_have_four_parts_and_are_listed() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    listed = text_of(PROJECT / "docs" / "architecture.md")
    for page in DECISIONS:
        parts = re.findall(r"^\*\*(\w+)\.\*\*", text_of(page), re.M)
        assert parts == ["Context", "Decision", "Why", "Consequences"], page.name
        assert f"](decisions/{page.name})" in listed, page.name


def test_what_postgresql_refuses_is_listed_by_its_real_names() -> None:
    from django.apps import apps

    models = [model for app in APPS.split("|") for model in apps.get_app_config(app).get_models()]
    real = {constraint.name for model in models for constraint in model._meta.constraints}
    dropped: set[str] = set()
    for script in PROJECT.glob("*/migrations/sql/*.sql"):
        if not script.name.startswith("no_"):  # those that lead back
            text = script.read_text()
            made = re.findall(r"CREATE (?:CONSTRAINT )?TRIGGER (\w+)|CONSTRAINT = '(\w+)'", text)
            own = {name for each in made for name in each if name}
            dropped |= set(re.findall(r"DROP TRIGGER (\w+)", text)) - own
            real |= own
    real -= dropped
    page = text_of(PROJECT / "docs" / "architecture.md")
    section = page.partition("## Tables")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|(.*)$", section, re.M)
    assert {table for table, _ in rows} == {model._meta.db_table for model in models}
    assert {name for _, rest in rows for name in re.findall(r"`(\w+)`", rest)} == real


ADDING = PROJECT / "docs" / "adding-a-platform.md"


@pytest.fixture
def example_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The two files of the page as packages of their own."""
    blocks = re.findall(r"```python\n(.*?)```", text_of(ADDING), flags=re.S)
    for name, block in zip(("doc_commerce", "doc_accounting"), blocks, strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "example.py").write_text(block)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "doc_commerce", "doc_accounting"


def test_the_example_of_a_commerce_platform_works(example_files: tuple[str, str]) -> None:
    lemon = registry.collect(example_files[0], CommercePlatform)["lemon"]
    [row] = re.findall(r"```json\n(.*?)```", text_of(ADDING), flags=re.S)
    context = MapContext("GBP", "Europe/London")
    [order] = lemon.map("sales", row.encode(), context)
    assert adding_up.check(order) is None
    assert lemon.identify("sales", row.encode())[0] == "S-1"
    days = (DayRule(date(2020, 1, 1), "Europe/London", 0),)
    legs = {(leg.role, leg.amount) for leg in expand(order, Book("GBP", days))}
    assert legs == {("sales:Home", -1000), ("tax:vat", -200), ("tender:card", 1200)}
    [gone] = lemon.map("sales", row.replace('"total"', '"void": true, "total"').encode(), context)
    assert isinstance(gone, Deleted)
    with pytest.raises(MappingProblem, match="unknown_word at payments") as strange:
        lemon.map("sales", row.replace("CARD", "BARTER").encode(), context)
    assert strange.value.facts == {"word": "BARTER", "field": "type"}


class Answers:
    """The other side of the wire: the body for each path."""

    def __init__(self, **bodies: str) -> None:
        self.bodies = bodies
        self.sent: list[Request] = []

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        body = self.bodies[f"{request.method}_{request.path.strip('/').split('/')[-1]}"]
        return Response(200, {}, body.encode(), request.path, request.write)


def test_the_example_of_an_accounting_platform_works(example_files: tuple[str, str]) -> None:
    quince = registry.collect(example_files[1], AccountingPlatform)["quince"]
    lines = (Line("1", 500, "cash"), Line("2", -500, "sales"))
    document = Journal(Header("k", "CS-1", date(2026, 11, 20), "GBP", "a day"), lines)
    door = Answers(
        POST_journals='{"id": "J1"}', GET_journals='{"journals": []}', POST_void="{}",
        GET_company='{"currency": "GBP"}', GET_accounts='[{"id": "1", "name": "Cash"}]',
        POST_accounts='{"id": "9", "name": "New"}',
    )  # fmt: skip
    session = Session(1, 1, door=door)
    assert quince.push(session, document).remote_id == "J1"
    assert quince.find(session, document) is None
    door.bodies["GET_journals"] = '{"journals": [{"id": "J1"}]}'
    found = quince.find(session, document)
    assert found is not None
    assert found.remote_id == "J1"
    door.bodies["GET_journals"] = '{"journals": [{"id": "J1"}, {"id": "J2"}]}'
    with pytest.raises(Refused, match="twice"):
        quince.find(session, document)
    quince.void(session, "J1", "journal")
    assert quince.facts(session).base_currency == "GBP"
    assert [option.id for option in quince.options(session)] == ["1"]
    assert quince.create_account(session, name="New", type="asset").id == "9"
    door.bodies["POST_journals"] = "<html>log in</html>"
    with pytest.raises(UnknownOutcome):
        quince.push(session, document)
    refusal = quince.refusal(Response(400, {}, b"PERIOD_CLOSED", "/journals", True))
    assert isinstance(refusal, Refused)
    assert refusal.reason == "period_locked"


if __name__ == "__main__":
    if sys.argv[1:] != ["--update-docs"]:
        sys.exit("usage: python -m tests.test_docs --update-docs")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commerce_sync.settings")
    import django

    django.setup()
    PROBLEMS.write_text(problems_page())
