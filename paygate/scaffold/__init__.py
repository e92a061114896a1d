"""``paygate new``: create a plugin's package with passing tests.

Every file is a template in ``templates``: those of ``common`` go into every package,
those of the kind beside them. Names are filled in as ``$name``; a file's own name may
hold ``NAME`` too.
"""

from __future__ import annotations

import keyword
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from string import Template
from typing import Literal, get_args

from ..core.errors import OperatorError

Kind = Literal["method", "processor", "sink", "policy", "router", "risk_check", "dialect"]
KINDS: tuple[Kind, ...] = get_args(Kind)

SUFFIX = ".tmpl"
RESERVED = {
    "defaults": "is used by the built-in retry policies",
    "test": "would read its settings from PAYGATE_TEST_*, which are reserved for tests",
}
# Longer names would break lines of the package.
NAME_CHARS_MAX = 24
# Adjacent underscores become adjacent hyphens, which package indexes reject.
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewPlugin:
    """A plugin to create.

    Args:
        kind: What the plugin offers.
        name: Lower-case letters, digits and single underscores, such as ``acme_bank``.
        folder: Where the package's own folder goes.
        method: For a processor: the payment method it carries out.
        flow: For a processor: the flow of that method.
    """

    kind: Kind
    name: str
    folder: Path
    method: str = "upi"
    flow: str = "collect"

    @property
    def distribution(self) -> str:
        """The distribution's name, such as ``paygate-acme-bank``."""
        return f"paygate-{self.name.replace('_', '-')}"

    @property
    def root(self) -> Path:
        """The package's folder."""
        return self.folder / self.distribution


def write_package(plugin: NewPlugin) -> Path:
    """Write the complete package or nothing; return its folder.

    Raises:
        OperatorError: The name is no name, the folder is there, or cannot be written.
    """
    _check(plugin)
    if plugin.root.exists():
        raise _refusal(f"{plugin.root} exists already", "Choose another name, or remove it")
    try:
        plugin.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=plugin.folder, prefix=".paygate-new-") as draft:
            _write_all(plugin, Path(draft))
            # An interrupted run leaves no incomplete package.
            shutil.copytree(draft, plugin.root)
    except OSError as error:
        raise _refusal(
            f"{plugin.folder} cannot be written ({error.strerror})", "Choose another folder"
        ) from error
    return plugin.root


def _check(plugin: NewPlugin) -> None:
    named = {"NAME": plugin.name, "--method": plugin.method, "--flow": plugin.flow}
    for where, name in named.items():
        if not _NAME.fullmatch(name) or len(name) > NAME_CHARS_MAX:
            raise _refusal(
                f"{where} is {name!r}, which is not a valid name",
                "Write lower-case letters, digits and single underscores, such as acme_bank, "
                f"at most {NAME_CHARS_MAX}",
            )
    _check_free(plugin.name)


def _check_free(name: str) -> None:
    """Refuse a name that is in use: the plugin could not be imported or loaded."""
    if keyword.iskeyword(name):
        raise _refusal(f"{name!r} is a keyword of Python", f"Write {name}_bank, for example")
    if name in RESERVED:
        raise _refusal(f"the name {name!r} {RESERVED[name]}", "Choose another name")
    for point in entry_points(group="paygate"):
        if point.name == name:
            owner = point.dist.name if point.dist else "another distribution"
            problem = f"a plugin {name!r} is installed already, from {owner}"
            raise _refusal(problem, "Choose another name, or uninstall that one")
    if find_spec(f"paygate_{name}") is not None:
        problem = f"a package paygate_{name} is installed already"
        raise _refusal(problem, "Choose another name, or uninstall that one")


def _refusal(problem: str, remedy: str) -> OperatorError:
    return OperatorError(setting="paygate new", problem=problem, remedy=remedy)


def _write_all(plugin: NewPlugin, root: Path) -> None:
    words = _words(plugin)
    templates = files(__package__) / "templates"
    for part in ("common", plugin.kind):
        for path, text in _read(templates / part, PurePosixPath()):
            target = root / str(path).replace("NAME", plugin.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(Template(text).substitute(words), encoding="utf-8")


def _read(folder: Traversable, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _read(entry, at / entry.name)
        elif entry.name.endswith(SUFFIX):
            yield at / entry.name.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")


def _words(plugin: NewPlugin) -> Mapping[str, str]:
    parts = plugin.name.split("_")
    return {
        "kind": plugin.kind.replace("_", " "),
        "name": plugin.name,
        "Name": "".join(part.capitalize() for part in parts),
        "NAME": plugin.name.upper(),
        "label": " ".join(parts).capitalize(),
        "package": f"paygate_{plugin.name}",
        "distribution": plugin.distribution,
        "method": plugin.method,
        "flow": plugin.flow,
    }
