"""Write the generated files of the client libraries: ``python -m sdk.generator``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from .document import ROOT, read_contents
from .python_code import models_code, resources_code
from .typescript_code import typescript_code

PYTHON = ROOT / "sdk" / "python" / "paygate_client"
NODE = ROOT / "sdk" / "js" / "server" / "src"


def generated() -> Mapping[Path, str]:
    """Return the content of every generated file."""
    contents = read_contents()
    return {
        PYTHON / "models.py": models_code(contents),
        PYTHON / "resources.py": resources_code(contents, is_async=False),
        PYTHON / "async_resources.py": resources_code(contents, is_async=True),
        NODE / "generated.ts": typescript_code(contents),
    }


def main() -> int:
    """Write the files; with ``--check`` only name those that are stale."""
    files = generated()
    stale = [path for path, code in files.items() if not path.exists() or path.read_text() != code]
    for path in stale:
        if "--check" not in sys.argv:
            path.write_text(files[path])
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
