"""A copy of the tree that is changed and thrown away, with an environment that imports it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .declared import HERE, Mutant
from .recorder import OUTCOMES

DISTRIBUTIONS = (
    "plugins/upi_sim",
    "plugins/card_sim",
    "plugins/webhook_http",
    "plugins/razorpay_wire",
    "plugins/stripe_wire",
    "plugins/http_bank",
    "sdk/python",
)
"""Those beside paygate that the Makefile installs as editable."""
STARTING_S = 60
"""How long pytest may take beside its tests."""


class NotACopyError(Exception):
    """Something was imported from the tree itself and not from its copy."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of pytest has recorded.

    Args:
        tests: The records of ``recorder``.
        output: What pytest has printed.
        is_killed: Whether it took too long and was killed.
    """

    tests: Sequence[Mapping[str, Any]]
    output: str
    is_killed: bool = False


@dataclass
class Copy:
    """A copied tree with an environment of its own, in which nothing of the original is found.

    The editable installation of paygate names the original tree in files that only the folder
    of its own environment has. This environment has the libraries of that folder on its path,
    and not those files.
    """

    original: Path
    root: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    _changes: int = 0

    @classmethod
    def of(cls, original: Path, root: Path, environ: Mapping[str, str]) -> Copy:
        """Copy what git would commit, and make the environment."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=original,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (original / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(original / name, root / name)
        copy = cls(original, root, environ)
        copy._make_environment()
        return copy

    @property
    def python(self) -> Path:
        """The Python of its environment."""
        return self.root / ".venv" / "bin" / "python"

    def _make_environment(self) -> None:
        venv = self.root / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        (packages,) = venv.glob("lib/python*/site-packages")
        libraries = sysconfig.get_path("purelib")
        own = [self.root / each for each in DISTRIBUTIONS if (self.root / each).is_dir()]
        lines = "\n".join(map(str, [self.root, *own, libraries]))
        (packages / "copied_tree.pth").write_text(f"{lines}\n")
        shutil.copy(HERE / "recorder.py", packages / "mutant_recorder.py")
        tools = Path(sys.prefix) / "tools"
        if tools.is_dir():
            (venv / "tools").symlink_to(tools)

    @contextmanager
    def without(self, mutant: Mutant) -> Iterator[None]:
        """Remove the safeguard for the length of a block."""
        paths = [self.root / each.file for each in mutant.replacements]
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
        try:
            for each, path in zip(mutant.replacements, paths, strict=True):
                text = path.read_text(encoding="utf-8")
                assert text.count(each.old) == 1, f"{mutant.name}: checked before"
                path.write_text(text.replace(each.old, each.new), encoding="utf-8")
            for path in paths:
                self._date(path)
            yield
        finally:
            for path, (content, changed_at_ns) in before.items():
                path.write_bytes(content)
                os.utime(path, ns=(changed_at_ns, changed_at_ns))

    def _date(self, path: Path) -> None:
        """Give a changed file a second of its own: compiled code is kept by size and second."""
        self._changes += 1
        at = path.stat().st_mtime + self._changes
        os.utime(path, (at, at))

    def run(self, tests: Sequence[str], *, deadline_s: int, options: Sequence[str] = ()) -> Run:
        """Run tests in the copy.

        Args:
            tests: As pytest names them.
            deadline_s: How long each of them may take.
            options: Further options of pytest.

        Raises:
            NotACopyError: It imported the original.
        """
        outcomes = self.root / ".outcomes.json"
        outcomes.unlink(missing_ok=True)
        command = [str(self.python), "-m", "pytest", "-q", "--tb=short", "-p", "mutant_recorder"]
        command += ["-p", "no:cacheprovider", f"--timeout={deadline_s}", *options, *tests]
        environ = {**self._clean_environ(), **self.environ, OUTCOMES: str(outcomes)}
        output, is_killed = _run(
            command, self.root, environ, within_s=STARTING_S + deadline_s * len(tests)
        )
        if not outcomes.exists():
            return Run((), output, is_killed)
        recorded = json.loads(outcomes.read_text())
        self._require_copy(recorded["imported"])
        return Run(recorded["tests"], output, is_killed)

    def _clean_environ(self) -> dict[str, str]:
        given = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "VIRTUAL_ENV"}
        return {name: value for name, value in os.environ.items() if name not in given}

    def _require_copy(self, imported: Sequence[str]) -> None:
        libraries = Path(sysconfig.get_path("purelib"))
        for file in map(Path, imported):
            if file.is_relative_to(self.original) and not file.is_relative_to(libraries):
                raise NotACopyError(f"{file} was imported, which is not in the copy {self.root}")


def _run(
    command: Sequence[str], cwd: Path, environ: Mapping[str, str], *, within_s: float
) -> tuple[str, bool]:
    """Run a command; return its output, and whether it was killed with all its children."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=within_s)[0], False
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0], True
