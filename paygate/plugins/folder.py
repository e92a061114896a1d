"""Plugins of a folder: a file each, for work on one machine."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from ..core.errors import OperatorError
from .collecting import Found, refuse
from .results import words

SETTING = "PAYGATE_PLUGIN_FOLDER"
_MODULE = "paygate_plugin_folder_{name}"
_UNVERSIONED = "0"


def plugin_files(folder: str) -> list[Path]:
    """Return the files of a folder that are plugins: each ``*.py`` without a leading underscore.

    Args:
        folder: The folder; empty for none.

    Raises:
        OperatorError: There is no such folder, or a file's name is no name for a plugin.
    """
    if not folder:
        return []
    path = Path(folder).resolve()
    if not path.is_dir():
        raise OperatorError(
            setting=SETTING,
            problem=f"there is no folder {path}",
            remedy="Make it, or name another one",
        )
    files = sorted(each for each in path.glob("*.py") if not each.name.startswith("_"))
    for each in files:
        if not each.stem.isidentifier():
            raise OperatorError(
                setting=SETTING,
                problem=f"{each} cannot be a plugin: {each.stem!r} is no name of a Python module",
                remedy=f"Rename it to {_identifier(each.stem)}.py, or begin its name with _",
            )
    return files


def import_file(path: Path) -> Found:
    """Import a plugin from its file. A file that is imported already is not executed again.

    Raises:
        OperatorError: It cannot be imported; the message names the file and the mistake.
    """
    name = path.stem
    module = _imported(name, path) or _execute(name, path)
    version = getattr(module, "__version__", _UNVERSIONED)
    return Found(name, module, str(version))


def _imported(name: str, path: Path) -> ModuleType | None:
    module = sys.modules.get(_MODULE.format(name=name))
    return module if module is not None and module.__file__ == str(path) else None


def _execute(name: str, path: Path) -> ModuleType:
    spec = spec_from_file_location(_MODULE.format(name=name), path)
    assert spec is not None, "a file that ends in .py has a loader"
    assert spec.loader is not None, "a file that ends in .py has a loader"
    module = module_from_spec(spec)
    # Dataclasses and pydantic look their module up there.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - importing a plugin may raise anything, SystemExit included
        del sys.modules[spec.name]
        refuse(name, f"{path} cannot be imported ({words(error)})", "Repair the file", cause=error)
    return module


def _identifier(stem: str) -> str:
    replaced = "".join(each if each.isalnum() else "_" for each in stem)
    return replaced if replaced.isidentifier() else f"plugin_{replaced}"
