"""Routes that cost nothing until somebody asks where they lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quart.routing import QuartRule


class LazyRule(QuartRule):
    """A route that can be matched at once, and builds URLs when one is first wanted.

    werkzeug compiles a function for that with each route, twice, which takes most of the
    time that putting an app together takes; nothing here asks for URLs.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        compiled: list[Callable[..., Any]] = []

        def build(rule: QuartRule, *args: Any, **kwargs: Any) -> Any:
            if not compiled:
                compiled.append(super(LazyRule, self)._compile_builder(append_unknown))
            return compiled[0](rule, *args, **kwargs)

        return build
