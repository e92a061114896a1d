"""The OpenAPI document and its page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from quart import Blueprint, Quart, Response

from ...deps import Deps
from ..bodies import write
from ..openapi import openapi_document

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


def blueprint(deps: Deps, app: Quart, *, version: str) -> Blueprint:
    """Serve ``/openapi.json`` and ``/docs/api``; the document is built on first use."""
    routes = Blueprint("docs", __name__)

    @cache
    def document() -> dict[str, object]:
        return openapi_document(app, deps.registry, version=version)

    @routes.get("/openapi.json")
    async def as_json() -> Response:
        return Response(write(document()), content_type="application/json")

    @routes.get("/docs/api")
    async def as_page() -> Response:
        response = Response(page(document()), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return routes


Json = Mapping[str, Any]
STYLE = (files("paygate.core.api") / "static" / "docs" / "style.css").read_text("utf-8")


def page(document: Json) -> str:
    """Return the whole document as a page."""
    groups: dict[str, list[tuple[str, str, Json]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            groups.setdefault(operation["tags"][0], []).append((method, path, operation))
    dialects = groups.pop("dialects", [])
    info = document["info"]
    sections = "".join(_section(tag, found, document) for tag, found in groups.items())
    about = "".join(f"<p>{escape(part)}</p>" for part in info["description"].split("\n\n"))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>paygate API</title><style>{STYLE}</style></head><body>"
        f'<nav aria-label="Operations"><h1>paygate API {escape(info["version"])}</h1>'
        f"{''.join(_contents(tag, found) for tag, found in groups.items())}"
        '<p><a href="/openapi.json">openapi.json</a></p></nav>'
        f"<main>{about}{sections}{_aliases(dialects)}</main></body></html>"
    )


def _contents(tag: str, found: Iterable[tuple[str, str, Json]]) -> str:
    entries = "".join(
        f'<li><a href="#{operation["operationId"]}">{escape(operation["summary"])}</a></li>'
        for _, _, operation in found
    )
    return f"<h2>{escape(tag)}</h2><ul>{entries}</ul>"


def _section(tag: str, found: Iterable[tuple[str, str, Json]], document: Json) -> str:
    articles = "".join(
        _article(method, path, operation, document) for method, path, operation in found
    )
    heading = f"<h2>{escape(tag.capitalize())}</h2>"
    return f'<section aria-label="{escape(tag)}">{heading}{articles}</section>'


def _article(method: str, path: str, operation: Json, document: Json) -> str:
    keys = "API keys" if operation["security"] else "no API keys"
    about = operation.get("description", "")
    return (
        f'<article id="{operation["operationId"]}"><h3>{escape(operation["summary"])}</h3>'
        f'<p><code><span class="method {method}">{method.upper()}</span>{escape(path)}</code> '
        f'<span class="soft">· {keys}</span></p>'
        f"{f'<p>{escape(about)}</p>' if about else ''}"
        f"{_parameters(operation)}{_request(operation, document)}{_answers(operation)}</article>"
    )


def _parameters(operation: Json) -> str:
    rows = [
        (each["name"], each["in"], each.get("description") or _kind(each["schema"]))
        for each in operation["parameters"]
        if each["in"] != "path"
    ]
    return _table(("Parameter", "In", "Description"), rows)


def _request(operation: Json, document: Json) -> str:
    body = operation.get("requestBody")
    if body is None:
        return ""
    content = body["content"]["application/json"]
    schema = _resolved(content["schema"], document)
    shapes = schema.get("oneOf", [schema])
    tables = "".join(_fields(_resolved(shape, document)) for shape in shapes)
    examples = "".join(
        f"<h4>Request{f': {escape(name)}' if name != 'example' else ''}</h4>{_code(each['value'])}"
        for name, each in content.get("examples", {}).items()
    )
    return tables + examples


def _fields(schema: Json) -> str:
    required = set(schema.get("required", []))
    rows = [
        (
            name,
            "required" if name in required else "optional",
            _described(field),
        )
        for name, field in schema.get("properties", {}).items()
    ]
    return _table((schema.get("title", "Field"), "", "Description"), rows)


def _described(field: Json) -> str:
    return " · ".join(part for part in (_kind(field), field.get("description", "")) if part)


def _kind(schema: Json) -> str:
    if "const" in schema:
        return f"always {schema['const']}"
    if "enum" in schema:
        shown = [str(each) for each in schema["enum"][:6]]
        return "one of " + ", ".join(shown) + (", …" if len(schema["enum"]) > len(shown) else "")
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    return str(schema.get("type", "anything"))


def _answers(operation: Json) -> str:
    parts = []
    refusals = []
    for status, answer in operation["responses"].items():
        content = next(iter(answer.get("content", {}).values()), None)
        examples = content.get("examples") if content else None
        if content is None:
            parts.append(f"<h4>Response {status}</h4><p>Without a body.</p>")
        elif examples:
            parts.append(f"<h4>Response {status}</h4>{_code(examples['example']['value'])}")
        else:
            refusals.append((status, answer["description"]))
    return "".join(parts) + _table(("Error", "When"), refusals)


def _aliases(found: Iterable[tuple[str, str, Json]]) -> str:
    rows = [(f"{method.upper()} {path}", operation["summary"]) for method, path, operation in found]
    if not rows:
        return ""
    return (
        "<section><h2>Dialects</h2>" + _table(("Also served", "What it does"), rows) + "</section>"
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>' if body else ""


def _code(value: object) -> str:
    # Values other than JSON are shown as they are sent.
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f"<pre><code>{escape(text)}</code></pre>"


def _resolved(schema: Json, document: Json) -> Json:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: Json = document["components"]["schemas"][name] if name else schema
    return found
