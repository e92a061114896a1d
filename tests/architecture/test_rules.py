"""Project rules that no linter checks."""

import ast
import inspect
import re
import statistics
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location

import pluggy
import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from paygate.adapters.postgres.database import APPS, tortoise_config
from paygate.adapters.postgres.database_url import parse_database_url
from paygate.core import errors
from paygate.core.errors import PaygateError
from paygate.core.payments.model import LIVE, TRANSITIONS
from paygate.plugins import defaults, hookspecs
from paygate.plugins.hookspecs import PROJECT
from paygate.plugins.host import installed_plugins
from tests.architecture.sources import ROOT, everything, host, plugins

HOOKS = [name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")]

CLOCKS = {"now", "utcnow", "today", "time", "time_ns"}
CLOCK_OWNERS = {"datetime", "date", "time", "dt"}

# Who may catch anything at all, and why.
CATCH_ALLS = {
    "paygate/plugins/guard.py": "a plugin may raise anything",
    "paygate/plugins/isolation.py": "and in its own task anything stays",
    "paygate/plugins/threads.py": "so may a function that it runs in a thread",
    "paygate/plugins/tracing.py": "it is traced whatever it was, and raised again",
    "paygate/plugins/guard_extensions.py": "a command may, and the validator of a route's body",
    "paygate/plugins/results.py": "the text of a value that a plugin returned or raised may",
    "paygate/plugins/settings.py": "a validator of its settings may, and when they are read",
    "paygate/plugins/host.py": "its import may",
    "paygate/plugins/folder.py": "so may that of a file",
    "paygate/plugins/collecting.py": "its hooks may, and its description of itself",
    "paygate/core/queue/queue_worker.py": "a queue worker goes on after any error",
    "paygate/core/queue/worker.py": "housekeeping goes on in the next minute",
    "paygate/core/webhooks/stream.py": "so does the reader of all streams",
    "paygate/core/queue/background.py": "a background task goes on after any error",
    "paygate/cli/serve.py": "a worker that failed ends its process with a sentence",
    "paygate/adapters/serving/http1.py": "a request that failed is answered with 500",
    "paygate/core/batching.py": "the callers of a batch get what its work raised",
    "paygate/core/payments/group_commit.py": "one request's failure costs no other request",
    "paygate/core/queue/work.py": "one row's failure costs no other row its result",
    "paygate/testing/kit/calls.py": "the kit keeps whatever a plugin raises, to judge it",
    "paygate/testing/kit/judge.py": "and what its description of itself raises",
    "paygate/testing/chaos.py": "a test's own handler may, and ends the test",
    "paygate/adapters/traces/otel.py": "a span shows that it failed, and the error is raised again",
    "paygate/adapters/embedded/children.py": "a child is reaped whatever ends its parent's wait",
}

# Modules in which there is no float at all.
MONEY = (
    "paygate/core/money.py",
    "paygate/core/outcome.py",
    "paygate/core/payments/call.py",
    "paygate/core/payments/conclude.py",
    "paygate/core/payments/create.py",
    "paygate/core/payments/follow_up.py",
    "paygate/core/payments/model.py",
    "paygate/core/payments/operation.py",
    "paygate/core/payments/process.py",
    "paygate/core/payments/store.py",
    "paygate/core/registry.py",
    "paygate/adapters/postgres/tables/operations.py",
    "paygate/adapters/postgres/tables/orders.py",
    "paygate/adapters/postgres/tables/payments.py",
    "paygate/adapters/postgres/tables/refunds.py",
    "paygate/plugins/results.py",
)
# Names of amounts, which no float touches anywhere.
AMOUNT = re.compile(r"(^|_)(amounts?|minor|captured|refunded|authorized)(_|$)", re.IGNORECASE)

SECRETS = re.compile(r"secret|signature|token|hash|digest|password", re.IGNORECASE)
FUNCTION_LINES_MEDIAN_MAX = 12
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 650
FILE_LINES_MIN = 25
FOLDER_FILES_MAX = 25
# Files that are shorter, and why.
SHORT = {
    "paygate/__main__.py": "Python wants this name",
    "paygate/testing/defaults.py": "paygate dev --ephemeral reads it without the test kit",
    "plugins/card_sim/paygate_card_sim/settings.py": "a plugin's settings have their own file",
    "plugins/upi_sim/paygate_upi_sim/settings.py": "a plugin's settings have their own file",
}


def found(files, is_wrong):
    """Return where something is wrong, as ``file:line``."""
    return [
        f"{source.name}:{node.lineno}"
        for source in files
        for node in ast.walk(source.tree)
        if is_wrong(source, node)
    ]


def test_only_the_clock_adapter_reads_the_time():
    def asks(source, node):
        return (
            isinstance(node, ast.Attribute)
            and node.attr in CLOCKS
            and isinstance(node.value, ast.Name)
            and node.value.id in CLOCK_OWNERS
            and not source.name.startswith("paygate/adapters/clock/")
        )

    assert found([*host(), *plugins()], asks) == []


def test_no_module_uses_the_shared_generator():
    def draws(_source, node):
        if isinstance(node, ast.Import):
            return any(alias.name == "random" for alias in node.names)
        is_from = isinstance(node, ast.ImportFrom) and node.module == "random" and not node.level
        return is_from and any(alias.name != "Random" for alias in node.names)

    assert found([*host(), *plugins()], draws) == []


def test_secrets_are_made_in_one_place():
    makers = {
        source.name
        for source in everything()
        for _, module in source.imports()
        if module == "secrets"
    }

    assert {name for name in makers if not name.startswith("paygate/cli/")} == {
        "paygate/adapters/ids/random_ids.py"
    }


def test_ids_are_created_in_adapters_and_entry_points_only():
    def draws(source, node):
        name = getattr(node, "id", None) or getattr(node, "attr", None)
        is_random = name in {"uuid1", "uuid4", "urandom", "token_hex", "token_urlsafe"}
        return is_random and not source.name.startswith(("paygate/adapters/", "paygate/cli/"))

    assert found([*host(), *plugins()], draws) == []


def test_amounts_never_use_floats():
    def is_float(_source, node):
        return (
            (isinstance(node, ast.Name) and node.id == "float")
            or (isinstance(node, ast.Constant) and isinstance(node.value, float))
            or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
        )

    files = [source for source in host() if source.name in MONEY]
    assert len(files) == len(MONEY)
    assert found(files, is_float) == []


def test_no_amount_is_divided_or_made_a_float():
    def is_amount(node):
        return any(AMOUNT.search(name) for name in identifiers(node))

    def mixes(_source, node):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            return is_amount(node)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"float", "round"}:
            return any(is_amount(argument) for argument in node.args)
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            name = node.arg if isinstance(node, ast.arg) else getattr(node.target, "id", "")
            return bool(AMOUNT.search(name)) and "float" in identifiers(node.annotation)
        return False

    assert found([*everything(), *plugins()], mixes) == []


def test_every_broad_except_is_listed():
    def catches_anything(source, node):
        if not isinstance(node, ast.ExceptHandler) or source.name in CATCH_ALLS:
            return False
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(
            kind is None or getattr(kind, "id", "") in {"Exception", "BaseException"}
            for kind in kinds
        )

    assert found(everything(), catches_anything) == []


def test_no_except_swallows_a_cancellation():
    """``asyncio.wait_for`` drops one that comes with the answer (Python 3.11): use ``timeout``."""

    def waits(_source, node):
        return isinstance(node, ast.Attribute) and node.attr == "wait_for"

    assert found([*host(), *plugins()], waits) == []


def test_every_listed_broad_except_exists():
    for name in CATCH_ALLS:
        assert re.search(r"except (Base)?Exception", (ROOT / name).read_text()), name


def test_no_module_suppresses_everything():
    def suppresses(_source, node):
        return (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) == "suppress"
            and any(getattr(kind, "id", "") in {"Exception", "BaseException"} for kind in node.args)
        )

    assert found(everything(), suppresses) == []


def test_only_the_guarded_client_opens_connections():
    openers = {
        source.name
        for source in everything()
        if re.search(r"ClientSession\(|httpx\.|requests\.(get|post)|urlopen\(", source.text)
    }

    assert {name for name in openers if not name.startswith("paygate/adapters/http/")} == set()


# ``file: comparison`` → why it may use ``==`` although a name in it says secret.
HARMLESS = {}

# Who decides whether a credential or a signature is right.
DECIDERS = {
    "paygate/core/accounts/authenticate.py": {"_refused", "is_csrf_token"},
    "paygate/core/payments/create.py": {"check_client_secret"},
    "paygate/simulator/calling_back.py": {"verify"},
}


def identifiers(node):
    """Return every name in an expression: also of a function whose result is compared."""
    for inner in ast.walk(node):
        name = getattr(inner, "id", None) or getattr(inner, "attr", None)
        if name:
            yield name


def test_secrets_are_never_compared_with_equals():
    def compares(source, node):
        if not isinstance(node, ast.Compare):
            return False
        if not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            return False
        sides = (node.left, *node.comparators)
        text = ast.unparse(node)
        return f"{source.name}: {text}" not in HARMLESS and any(
            SECRETS.search(name) for side in sides for name in identifiers(side)
        )

    assert found([*everything(), *plugins()], compares) == []


@pytest.mark.parametrize("name", DECIDERS)
def test_credentials_are_compared_in_constant_time(name):
    source = next(each for each in everything() if each.name == name)
    for function in ast.walk(source.tree):
        if getattr(function, "name", None) in DECIDERS[name]:
            assert "compare_digest" in set(identifiers(function)), function.name
            # One comparison in constant time does not make up for another that is not.
            equals = [
                ast.unparse(node)
                for node in ast.walk(function)
                if isinstance(node, ast.Compare)
                and any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops)
            ]
            assert equals == [], function.name
    defined = {getattr(node, "name", None) for node in ast.walk(source.tree)}
    assert defined >= DECIDERS[name]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_explained_under_a_heading_of_its_own(hook):
    page = (ROOT / "docs" / "reference" / "hooks.md").read_text()

    assert re.search(rf"^#+ .*\b{hook}\b", page, re.MULTILINE)


def test_every_hook_heading_names_an_existing_hook():
    page = (ROOT / "docs" / "reference" / "hooks.md").read_text()

    named = re.findall(rf"^#+ .*?\b({PROJECT}_\w+)", page, re.MULTILINE)

    assert sorted(named) == sorted(HOOKS)


def example_rules():
    """Return the example that moves no money, as its entry point would find it."""
    folder = ROOT / "examples" / "plugins" / "acme_rules" / "paygate_acme_rules"
    spec = spec_from_file_location("paygate_acme_rules", folder / "__init__.py")
    module = module_from_spec(spec)
    # Where dataclasses look for the names in their annotations.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_an_implementation(hook):
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins = (each.plugin for each in installed_plugins())
    for plugin in (defaults, example_rules(), *plugins):
        manager.register(plugin)

    assert getattr(manager.hook, hook).get_hookimpls()


def test_every_hook_has_a_docstring():
    assert len(HOOKS) >= 4
    for hook in HOOKS:
        assert inspect.getdoc(getattr(hookspecs, hook)), hook


def drawn_tree():
    """Class → base, as the docstring of ``errors`` draws it."""
    branch = re.compile(r"^(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+Error)\b", re.MULTILINE)
    drawn, above = {}, []
    for line in branch.finditer(inspect.getdoc(errors)):
        depth = (len(line["indent"]) - 4) // 4
        above[depth:] = [line["name"]]
        drawn[line["name"]] = above[depth - 1] if depth else None
    return drawn


def test_the_documented_error_tree_is_the_class_tree():
    built = {
        name: kind.__base__.__name__ if kind is not PaygateError else None
        for name, kind in vars(errors).items()
        if inspect.isclass(kind)
    }

    assert drawn_tree() == built


def test_an_error_has_one_base_only():
    for kind in vars(errors).values():
        if inspect.isclass(kind):
            assert len(kind.__bases__) == 1, kind


MIGRATIONS = ROOT / "paygate/adapters/postgres/migrations"


def newest_that_holds(text):
    return max(path for path in MIGRATIONS.glob("*.py") if text in path.read_text()).read_text()


def test_the_trigger_allows_the_transitions_of_the_model():
    trigger = newest_that_holds("FUNCTION paygate_payment_moves")
    table = trigger.partition("(o.status, n.status) NOT IN (")[2].partition(")) LIMIT 1")[0]

    moves = set(re.findall(r"\('(\w+)', '(\w+)'\)", table))

    assert moves == {
        (before, after) for before, actions in TRANSITIONS.items() for after in actions.values()
    }


def test_the_index_and_the_model_agree_on_live_statuses():
    index = newest_that_holds("CREATE UNIQUE INDEX payments_one_live_per_order")
    _, _, rest = index.partition("CREATE UNIQUE INDEX payments_one_live_per_order")

    assert set(re.findall(r"'(\w+)'", rest.partition(";")[0])) == LIVE


def test_functions_are_short():
    lengths = [
        node.end_lineno - node.lineno + 1
        for source in everything()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert statistics.median(lengths) <= FUNCTION_LINES_MEDIAN_MAX


def test_no_function_is_long():
    long = [
        f"{source.name}:{node.lineno} {node.name}"
        for source in everything()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]

    assert long == []


def test_files_are_neither_long_nor_short():
    lengths = {
        source.name: len(source.text.splitlines())
        for source in everything()
        # A tool writes migrations, and one that has shipped is never edited.
        if "/migrations/" not in source.name and source.path.name != "__init__.py"
    }
    short = {name for name, lines in lengths.items() if lines < FILE_LINES_MIN}

    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX} == {}
    assert short == set(SHORT)


def test_folders_have_at_most_25_files():
    folders = Counter(source.path.parent.relative_to(ROOT).as_posix() for source in everything())

    assert {folder: n for folder, n in folders.items() if n > FOLDER_FILES_MAX} == {}


async def test_the_migrations_create_the_models():
    """Otherwise the next ``tortoise makemigrations`` would include an unrelated change."""
    url = parse_database_url("postgresql://localhost/not_asked")
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(url, pool_size=1))
        changes = await MigrationAutodetector(context.apps, APPS).changes()

    assert [change.as_string() for change in changes] == []


def test_no_migration_deletes_data():
    """What the tool for migrations proposes, asked at the wrong moment, drops every table."""
    drops = re.compile(r"\b(DeleteModel|RemoveField)\(|\bDROP (TABLE|COLUMN)\b", re.IGNORECASE)
    files = sorted(MIGRATIONS.glob("[0-9]*.py"))

    assert [file.name for file in files if drops.search(file.read_text())] == []
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))


# What a session keeps until it ends, or until a statement resets it.
OF_A_SESSION = re.compile(
    r"\bSET\s+(?:SESSION\b|(?!LOCAL\b)\w+\s*(?:=|TO\b))(?=[^;]*;|\s*$)"
    r"|pg_(?:try_)?advisory_(?:lock|unlock)|set_config\([^)]*false\)|\bLISTEN\b|\bDECLARE\s+\w+\s+CURSOR"
)
# These open connections of their own, outside the pool.
OWN_CONNECTIONS = {"clock_moves.py", "migrate.py", "template_databases.py"}


def test_no_statement_of_the_pool_changes_its_session():
    """Connections return to the pool without a reset."""
    kept = [
        f"{path.name}:{node.lineno}"
        for path in sorted((ROOT / "paygate/adapters/postgres").rglob("*.py"))
        if path.name not in OWN_CONNECTIONS and "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if OF_A_SESSION.search(node.value)
    ]

    assert kept == []


def test_statements_that_change_a_session_are_recognized():
    for text in (
        "SET lock_timeout = 5;",
        "SET SESSION x TO 1;",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock(1)",
        "SELECT set_config('a', 'b', false)",
        "LISTEN channel",
    ):
        assert OF_A_SESSION.search(text), text
    for text in (
        "SET LOCAL lock_timeout = 5; SET LOCAL jit = off",
        "UPDATE t SET status = $1 WHERE id = $2",
        "SELECT pg_try_advisory_xact_lock(1, 2)",
    ):
        assert not OF_A_SESSION.search(text), text
