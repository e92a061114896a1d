"""Check responses against the OpenAPI document."""

from __future__ import annotations

from typing import Any

import jsonschema
from quart import Quart
from werkzeug.exceptions import HTTPException

from paygate.core.api.documented import find_documented
from paygate.core.api.openapi import aliases_document, openapi_document, template
from paygate.core.registry import Registry


class Contract:
    """Checks answers against the document of the app that gave them."""

    def __init__(self, app: Quart, registry: Registry) -> None:
        self.app = app
        self.document = _document(app, registry)
        self.checked: set[tuple[str, str, int]] = set()

    def operation(self, method: str, path: str) -> tuple[str, Any]:
        """Return the path's template and its documentation; None if it is not documented."""
        try:
            rule, _ = self.app.url_map.bind("localhost").match(
                path.partition("?")[0], method, return_rule=True
            )
        except HTTPException:
            return "", None
        name = template(rule)
        return name, self.document["paths"].get(name, {}).get(method.lower())

    def check(self, method: str, path: str, status: int, body: Any) -> None:
        name, operation = self.operation(method, path)
        # No document promises our mistakes; a test that makes one on purpose says so itself.
        if operation is None or status == 500:
            return
        documented = operation["responses"]
        answer = documented.get(str(status)) or documented.get("default")
        assert answer is not None, f"{method} {name} answered {status}, which is not documented"
        if status == 204:
            assert body is None
            self.checked.add((method, name, status))
            return
        schema = answer["content"]["application/json"]["schema"]
        self.validator(schema).validate(body)
        self.checked.add((method, name, status))

    def validator(self, schema: Any) -> Any:
        whole = {**schema, "components": self.document["components"]}
        return jsonschema.Draft202012Validator(whole)


def _document(app: Quart, registry: Registry) -> Any:
    """Return the app's document, written once for all apps with the same routes and methods."""
    routes = [
        (rule.rule, rule.methods, documented)
        for rule in app.url_map.iter_rules()
        if (documented := find_documented(app.view_functions[rule.endpoint])) is not None
    ]
    methods = [
        (code, method.info.label, method.info.input_model)
        for code, method in registry.methods.items()
    ]
    for shape, written in _WRITTEN:
        if shape == (routes, methods):
            return written
    own = openapi_document(app, registry, version="test")
    aliases = aliases_document(app, registry, version="test")
    schemas = aliases["components"]["schemas"] | own["components"]["schemas"]
    written = {
        **own,
        # A path may have methods in both.
        "paths": {
            path: own["paths"].get(path, {}) | aliases["paths"].get(path, {})
            for path in own["paths"] | aliases["paths"]
        },
        "components": {**own["components"], "schemas": schemas},
    }
    _WRITTEN.append(((routes, methods), written))
    return written


_WRITTEN: list[tuple[Any, Any]] = []
