"""Rules of this project that no linter knows, over the code of the four apps; each is shown to find what it is for.

What a linter knows is left to it: the last test asks ruff whether it is still told to look.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_architecture import PROJECT, modules, name_of, tree_of

Rule = Callable[[ast.Module, str], Iterator[int]]

# Who may know of the network at all, and for what.
NETWORK = {
    "connectors/transport.py",  # the sockets of the door: addresses checked, deadlines, limits
    "connectors/verdict.py",  # what an exception of the network means
    "health/webhooks/call.py",  # through connectors.transport, with the deadlines of webhooks
    "health/alerts/sending.py",  # what an exception of the mail server means
    "commerce_sync/embedded.py",  # does the socket of PostgreSQL answer
    "commerce_sync/work_hold.py",  # the name of this host
    "commerce_sync/management/commands/demo.py",  # is the port free
}
CALLING = {"connectors/http.py", "health/webhooks/call.py"}  # who may say `session.request`
NETWORK_ROOTS = {
    "requests",
    "urllib3",
    "http.client",
    "httpx",
    "aiohttp",
    "socket",
    "ssl",
    "smtplib",
    "ftplib",
    "telnetlib",
}
SUBPROCESSES = {
    "commerce_sync/backup/programs.py",
    "commerce_sync/embedded_programs.py",
    "commerce_sync/management/commands/demo.py",
}
COMPRESSED = {"connectors/raw_pages.py", "commerce_sync/reconcile_raw.py"}
SHARES = {"connectors/accounting/_odoo_moves.py"}  # 100.0 percent, a constant that Odoo wants as such
# XML, archives and pictures are not read at all; what decides what runs is not read from data.
NOT_READ = {"xml", "lxml", "xmltodict", "html5lib", "zipfile", "tarfile", "gzip", "bz2", "lzma", "PIL", "imghdr"}
RUNS_DATA = {"pickle", "cPickle", "marshal", "shelve", "dill", "jsonpickle", "yaml", "runpy", "code"}
# Views that take a POST without a token of the session, because something else proves who sent it.
WITHOUT_TOKEN = {
    "commerce_sync/flow/views.py": {"start"},  # a code that works once
    "commerce_sync/flow/keys.py": {"keys"},  # a signed state
    "commerce_sync/webhook_views.py": {"of_connection", "of_app"},  # the platform's signature
}
CALLS_OUT = re.compile(r"(session|door|sender)\.(send|get|post|request|settle)$|open_door$|download$")
EDGES = re.compile(r"(^|/)(api|flow|console|merchant)/|views?\.py$|admin\w*\.py$")
# Who may be looked up by nothing but a number there, because the number is not the caller's.
UNSCOPED = {
    "health/console/alert_admin.py": {"Partner"},  # the partner of the person's own role
    "health/console/partner.py": {"Partner"},  # after it was compared with the partner of the person
    "health/console/changes.py": {"Partner"},  # the same
    "commerce_sync/admin_branding.py": {"Partner"},  # the same
    "commerce_sync/flow/merchant.py": {"Partner"},  # the partner of a signed link
}
IDENTITIES = re.compile(r"(pk|id|public_id|uuid)(__in|__exact)?$")
SECRET_WORDS = re.compile(
    r"(?<![a-z])(tokens?|secrets?|passwords?|passphrase|api_?keys?|authorization|credentials?|cookies?|signature)(?![a-z])"
)


def of_foreign_network(tree: ast.Module, name: str) -> Iterator[int]:
    """The network is reached through one door, which gives every call its time-outs."""
    if name not in NETWORK:
        yield from imports(tree, NETWORK_ROOTS | {"urllib.request"})
    for call in calls(tree):
        is_call = re.search(r"session\.request$|^requests\.(request|get|post|put|patch|delete|head)$", said(call))
        given = {keyword.arg for keyword in call.keywords}
        if is_call and not (name in CALLING and {"timeout", "allow_redirects", "stream"} <= given):
            yield call.lineno


def of_http_in_a_transaction(tree: ast.Module, _: str) -> Iterator[int]:
    """Nobody is waited for while locks are held; the door refuses it when it happens, this finds it before."""
    for block in nodes(tree):
        is_with = isinstance(block, ast.With) and any("atomic" in ast.unparse(item) for item in block.items)
        is_made = isinstance(block, ast.FunctionDef) and any("atomic" in ast.unparse(d) for d in block.decorator_list)
        if is_with or is_made:
            for call in calls(block):
                if CALLS_OUT.search(said(call)) and not said(call).endswith("request.session.get"):
                    yield call.lineno


def of_a_float_near_money(tree: ast.Module, name: str) -> Iterator[int]:
    """Where money is known no float is, neither written nor declared; seconds are counted elsewhere."""
    knows_money = name.startswith("ledger/") or any(
        isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ledger.money") for node in nodes(tree)
    )
    for node in nodes(tree) if knows_money else ():
        is_named = isinstance(node, ast.Name) and node.id == "float"
        if is_named or (isinstance(node, ast.Constant) and isinstance(node.value, float) and name not in SHARES):
            yield node.lineno


def of_a_missing_token(tree: ast.Module, name: str) -> Iterator[int]:
    """A view without a CSRF token is one of those that have another proof."""
    allowed = WITHOUT_TOKEN.get(name, set())
    decorators = {
        id(each)
        for node in nodes(tree)
        if isinstance(node, ast.FunctionDef) and node.name in allowed
        for each in node.decorator_list
    }
    for node in nodes(tree):
        is_exempt = isinstance(node, ast.Name | ast.Attribute) and dotted(node).endswith("csrf_exempt")
        if is_exempt and id(node) not in decorators:
            yield node.lineno


def of_data_that_runs(tree: ast.Module, _: str) -> Iterator[int]:
    """Nothing that is read decides what is run."""
    yield from imports(tree, RUNS_DATA)
    yield from (call.lineno for call in calls(tree) if said(call) in {"eval", "exec", "compile", "__import__"})


def of_unbounded_formats(tree: ast.Module, name: str) -> Iterator[int]:
    """No XML, no archive, no picture is parsed; what is compressed is opened in one place, up to a size."""
    yield from imports(tree, NOT_READ)
    if name not in COMPRESSED:
        yield from imports(tree, {"zstandard"})
    for call in calls(tree):
        is_limited = any(keyword.arg == "max_output_size" for keyword in call.keywords)
        if re.search(r"^zlib\.decompress(obj)?$|Zstd.*\.decompress$", said(call)) and not is_limited:
            yield call.lineno


def of_programs_started(tree: ast.Module, name: str) -> Iterator[int]:
    """Other programs are started by those who have to, with a list of words and never by a shell."""
    if name not in SUBPROCESSES:
        yield from imports(tree, {"subprocess", "pty", "pexpect"})
    for call in calls(tree):
        is_shell = any(keyword.arg == "shell" for keyword in call.keywords)
        if is_shell or re.fullmatch(r"os\.(system|popen|spawn\w+|exec\w+)", said(call)):
            yield call.lineno


def of_rows_of_anybody(tree: ast.Module, name: str) -> Iterator[int]:
    """At the edges a row is never found by its number alone: whose it must be is part of the question."""
    if not EDGES.search(name):
        return
    for call in calls(tree):
        words = said(call)
        model = words.split(".")[0]
        is_lookup = re.search(r"\.objects\.(get|aget)$", words) is not None
        if words.endswith(("get_object_or_404", "get_list_or_404")) and call.args:
            is_lookup, model = True, dotted(call.args[0]).split(".")[0]
        if words.endswith(".objects.filter"):
            is_lookup = _is_fetched(tree, call)
        if is_lookup and model not in UNSCOPED.get(name, set()):
            named = [keyword.arg or "**" for keyword in call.keywords]
            if named and all(IDENTITIES.fullmatch(each) for each in named):
                yield call.lineno


def _is_fetched(tree: ast.Module, call: ast.Call) -> bool:
    """Whether a filter is followed by `first`, `get` or `last`: one row is meant."""
    return any(
        isinstance(node, ast.Attribute) and node.value is call and node.attr in {"first", "get", "last"}
        for node in nodes(tree)
    )


def of_secrets_in_the_log(tree: ast.Module, _: str) -> Iterator[int]:
    """What is logged is never named like a secret; texts of others pass through the redaction of the door."""
    for call in calls(tree):
        if re.fullmatch(r"(logger|log|logging)\.\w+", said(call)):
            given = [*call.args[1:], *(keyword.value for keyword in call.keywords if keyword.arg != "exc_info")]
            given += [part for part in call.args[:1] if not isinstance(part, ast.Constant)]
            names = {word for each in given for word in identifiers(each)}
            if any(SECRET_WORDS.search(word.lower()) for word in names):
                yield call.lineno


RULES: dict[Rule, tuple[str, ...]] = {
    of_foreign_network: (
        "import requests",
        "from urllib.request import urlopen",
        "from http.client import HTTPConnection",
        "session.request('GET', url, timeout=5)",
    ),
    of_http_in_a_transaction: (
        "with transaction.atomic():\n    answer = session.send(request)",
        "@transaction.atomic\ndef push(self):\n    return self.door.post('/invoices', {})",
    ),
    of_a_float_near_money: (
        "from ledger.money import Money\nrate: float = rate_of(day)",
        "from ledger.money import Money\ntotal = net * 1.2",
    ),
    of_a_missing_token: ("@csrf_exempt\ndef save(request): ...", "save = csrf_exempt(save)"),
    of_data_that_runs: ("import pickle", "from yaml import load", "eval(text)"),
    of_unbounded_formats: (
        "from xml.etree import ElementTree",
        "import zipfile",
        "from PIL import Image",
        "import zstandard\nzstandard.ZstdDecompressor().decompress(body)",
        "zlib.decompress(body)",
    ),
    of_programs_started: ("import subprocess", "os.system('ls')", "run('ls', shell=True)"),
    of_rows_of_anybody: (
        "Company.objects.get(pk=company_id)",
        "get_object_or_404(Document, public_id=documentId)",
        "Sync.objects.filter(public_id=sync_id).first()",
    ),
    of_secrets_in_the_log: (
        "logger.info('renewed: %s', access_token)",
        "logger.warning('refused %s', request.headers['Authorization'], extra={'at': key.api_key})",
        "logger.error(f'{self.client_secret} was refused')",
    ),
}
PLANTED = [(rule, snippet) for rule, snippets in RULES.items() for snippet in snippets]


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


@cache
def calls(tree: ast.AST) -> tuple[ast.Call, ...]:
    return tuple(node for node in nodes(tree) if isinstance(node, ast.Call))


def dotted(node: ast.AST) -> str:
    """`a.b().c` of an expression; what is neither name, attribute nor call is nameless."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return node.id if isinstance(node, ast.Name) else ""


def said(call: ast.Call) -> str:
    """What is called."""
    return dotted(call.func)


def imports(tree: ast.AST, forbidden: set[str]) -> Iterator[int]:
    """The lines that import one of these modules, or something of it."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        if any(name == each or name.startswith(f"{each}.") for name in names for each in forbidden):
            yield node.lineno


def identifiers(tree: ast.AST) -> Iterator[str]:
    """The names, attributes and keys of an expression."""
    for node in nodes(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            yield str(node.slice.value)


@pytest.mark.case("S26", "S29", "S32")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_module_goes_against(rule: Rule) -> None:
    found = [f"{name_of(path)}:{line}" for path in modules() for line in rule(tree_of(path), name_of(path))]
    assert found == [], rule.__doc__


@pytest.mark.case("S32")
@pytest.mark.parametrize(("rule", "snippet"), PLANTED)
def test_what_goes_against_a_rule_is_found(rule: Rule, snippet: str) -> None:
    assert list(rule(ast.parse(snippet), "commerce_sync/api/planted.py")) != []


def test_every_module_that_may_do_more_still_does() -> None:
    """A permission that nobody uses any more is one too many."""
    for allowed, roots in ((NETWORK, NETWORK_ROOTS), (SUBPROCESSES, {"subprocess"}), (COMPRESSED, {"zstandard"})):
        for name in allowed:
            assert list(imports(ast.parse((PROJECT / name).read_text()), roots)), name
    for name, views in WITHOUT_TOKEN.items():
        text = (PROJECT / name).read_text()
        assert text.count("@csrf_exempt") == len(views), name


LINTED = {
    "S301": "import pickle\npickle.loads(body)\n",
    "S307": "eval(body)\n",
    "S324": "import hashlib\nhashlib.md5(body)\n",
    "S311": "import random\nrandom.random()\n",
    "S314": "from xml.etree import ElementTree\nElementTree.fromstring(body)\n",
    "S501": "import requests\nrequests.get(url, verify=False, timeout=1)\n",
    "S113": "import requests\nrequests.get(url)\n",
    "S602": "import subprocess\nsubprocess.run(words, shell=True)\n",
    "S608": "def rows(name):\n    return f\"SELECT * FROM t WHERE name = '{name}'\"\n",
    "S308": "from django.utils.safestring import mark_safe\nmark_safe(text)\n",
    "DTZ005": "from datetime import datetime\ndatetime.now()\n",
    "DTZ011": "from datetime import date\ndate.today()\n",
}


@pytest.mark.case("S32")
def test_the_linter_still_looks_for_what_it_knows(tmp_path: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    asked = [str(ruff), "check", "--no-cache", "--output-format=concise", "--stdin-filename", "ledger/planted.py", "-"]
    told = subprocess.run(asked, input="".join(LINTED.values()), capture_output=True, text=True, cwd=PROJECT)
    assert {code for code in LINTED if code not in told.stdout} == set()
