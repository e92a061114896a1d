"""Every documented route of an app."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paygate.core.api.documented import Documented, find_documented

from .apps import Answer, TestApp

SAFE = frozenset({"GET", "HEAD"})
ENDLESS = frozenset({"text/event-stream"})
_PLACE = re.compile(r"<(?:[a-z]+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    rule: str
    endpoint: str
    documentation: Documented

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def places(self) -> tuple[str, ...]:
        """Names of what varies in the path, as they stand there."""
        return tuple(_PLACE.findall(self.rule))

    @property
    def changes(self) -> bool:
        return self.method not in SAFE

    @property
    def body(self) -> Any:
        """A body that the document shows; None where none is read."""
        return next(iter(self.documentation.body_examples.values()), None)

    def path(self, values: Mapping[str, str]) -> str:
        return _PLACE.sub(lambda found: values[found[1]], self.rule)

    async def ask(
        self,
        app: TestApp,
        headers: Mapping[str, str],
        values: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """Send the request; return the response, of an endless stream only its head."""
        path = self.path(values or {})
        method = "HEAD" if self.documentation.media_type in ENDLESS else self.method
        given = {"json": self.body if body is None else body} if self.changes else {}
        if given == {"json": None}:
            given = {}
        answer = await app.client.open(path, method=method, headers=dict(headers), **given)
        content = await answer.get_data()
        parsed = await answer.get_json() if answer.is_json and content else None
        if method != "HEAD":
            app.contract.check(method, path, answer.status_code, parsed)
        return Answer(answer.status_code, parsed, answer.headers, content)


def routes_of(app: TestApp) -> Iterator[Route]:
    """Return all routes, with the aliases for older gateways."""
    web = app.contract.app
    for rule in web.url_map.iter_rules():
        documentation = find_documented(web.view_functions[rule.endpoint])
        if documentation is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(method, rule.rule, str(rule.endpoint), documentation)
