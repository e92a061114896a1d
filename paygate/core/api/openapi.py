"""The OpenAPI document, made from the routes that are served and the models they use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import JsonSchemaMode
from quart import Quart
from werkzeug.routing import Rule

from ..accounts.model import Role
from ..idempotency import KEY_CHARS_MAX
from ..registry import Registry
from .documented import Documented, find_documented
from .resources.payments import PaymentRequest
from .shapes import ErrorJson

Json = dict[str, Any]
VERSION = "3.1.0"
DIALECTS = "dialects"
NO_CONTENT = 204
REFUSALS: Mapping[int, str] = {
    400: "A field is missing or wrong, or the thing's state does not allow this.",
    401: "The credentials name nobody.",
    403: "The role is too low, or a session's request lacks its X-Csrf-Token or comes from a "
    "foreign page.",
    404: "There is no such thing, or it is not yours.",
    408: "The body came too slowly.",
    409: "A request with this Idempotency-Key is still in progress; see Retry-After.",
    413: "The body is too large.",
    422: "The Idempotency-Key was used for another request, or no processor can do this.",
    429: "There is as much of this at a time as there may be; see Retry-After.",
    500: "A mistake of ours.",
    502: "The plugin that answers here failed.",
    503: "We are not available; see Retry-After.",
}
ABOUT = (
    "Amounts are whole minor units of their currency. Times are UTC. Send `Idempotency-Key` with "
    "anything that changes something: the same request gets the same answer for 24 hours.\n\n"
    "Operations tagged *dialects* are other paths for the same things, kept for clients of older "
    "gateways."
)
_MODEL_SUFFIX = re.compile(r'(?<=\w)Json(?=[_"])')
_WORD = re.compile(r"\w+")
_CONVERTER = re.compile(r"<(?:[a-z]+:)?(\w+)>")


def openapi_document(app: Quart, registry: Registry, *, version: str) -> Json:
    """The OpenAPI 3.1 document of everything the app serves that is not a page."""
    routes = list(_documented_routes(app))
    schemas = Schemas(said for _, said in routes)
    paths: dict[str, Json] = {}
    for rule, said in routes:
        item = paths.setdefault(template(rule), {})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            item[method.lower()] = _operation(rule, method, said, schemas, registry)
    return {
        "openapi": VERSION,
        "info": {"title": "paygate", "version": version, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({_tag(rule) for rule, _ in routes})],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas.definitions,
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "ApiSecret": {"type": "apiKey", "in": "header", "name": "X-Api-Secret"},
                "Session": {"type": "apiKey", "in": "cookie", "name": "__Host-paygate"},
                "CsrfToken": {"type": "apiKey", "in": "header", "name": "X-Csrf-Token"},
            },
        },
    }


def template(rule: Rule) -> str:
    """The rule's path as the document writes it."""
    return _CONVERTER.sub(r"{\1}", rule.rule)


def _documented_routes(app: Quart) -> Iterable[tuple[Rule, Documented]]:
    for rule in app.url_map.iter_rules():
        said = find_documented(app.view_functions[rule.endpoint])
        if said is not None:
            yield rule, said


class Schemas:
    """The shapes that operations use, each written once.

    Args:
        operations: What the routes say of themselves.
    """

    def __init__(self, operations: Iterable[Documented]) -> None:
        wanted: dict[tuple[str, JsonSchemaMode], TypeAdapter[Any]] = {
            ("Error", "serialization"): TypeAdapter(ErrorJson)
        }
        for said in operations:
            wanted[repr(said.answer), "serialization"] = TypeAdapter(said.answer)
            if said.body is not None and said.body is not PaymentRequest:
                wanted[repr(said.body), "validation"] = TypeAdapter(said.body)
        inputs = [(name, mode, adapter) for (name, mode), adapter in wanted.items()]
        found, shared = TypeAdapter.json_schemas(
            inputs, ref_template="#/components/schemas/{model}"
        )
        self._found = {key: _public_names(schema) for key, schema in found.items()}
        self.definitions: Json = _public_names(shared.get("$defs", {}))

    def answer(self, kind: Any) -> Json:
        """The schema of an answer."""
        return dict(self._found[repr(kind), "serialization"])

    def body(self, model: type[BaseModel]) -> Json:
        """The schema of a request's body."""
        return dict(self._found[repr(model), "validation"])

    @property
    def error(self) -> Json:
        """The schema of every refusal."""
        return dict(self._found["Error", "serialization"])


def _public_names(schema: Json) -> Json:
    """Name models as the API does: a payment's model is ``PaymentJson``, its schema ``Payment``."""
    named: Json = json.loads(_MODEL_SUFFIX.sub("", json.dumps(schema)))
    return named


def _operation(
    rule: Rule, method: str, said: Documented, schemas: Schemas, registry: Registry
) -> Json:
    written: Json = {
        "operationId": _operation_id(rule, method),
        "summary": said.summary,
        "tags": [_tag(rule)],
        "parameters": list(_parameters(rule, said)),
        "responses": _responses(rule, method, said, schemas),
        "security": _security(method, said),
    }
    about = " ".join(filter(None, (said.about, _needs(said))))
    if about:
        written["description"] = about
    if _tag(rule) == DIALECTS:
        written["x-paygate-dialect"] = True
    if said.plugin is not None:
        written["x-paygate-plugin"] = said.plugin
        written["responses"]["default"] = {
            "description": "What the plugin says.",
            "content": _content({}, {}),
        }
    if said.body is not None:
        written["requestBody"] = _body(said, said.body, schemas, registry)
    return written


def _security(method: str, said: Documented) -> list[Json]:
    by_session: Json = {"Session": []} if method == "GET" else {"Session": [], "CsrfToken": []}
    if said.access == "session":
        return [by_session]
    return [{"ApiKey": [], "ApiSecret": []}, by_session] if said.access == "merchant" else []


def _needs(said: Documented) -> str:
    """Who may, where not everybody may."""
    operator = "Needs an operator." if said.needs_operator else ""
    if said.needs is Role.READ_ONLY:
        return operator
    if said.access == "anyone":
        return f"Whoever sends credentials needs the role {said.needs}."
    return f"Needs the role {said.needs}. {operator}".strip()


def _tag(rule: Rule) -> str:
    tag = str(rule.endpoint).partition(".")[0].partition("_")[0]
    return {"extensions": "plugins", "panels": "plugins"}.get(tag, tag)


def _operation_id(rule: Rule, method: str) -> str:
    words = _WORD.findall(rule.rule)
    return "_".join([method.lower(), *words])


def _parameters(rule: Rule, said: Documented) -> Iterable[Json]:
    for name in sorted(rule.arguments):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if said.query is not None:
        for name, schema in said.query.model_json_schema()["properties"].items():
            yield {"name": name, "in": "query", "schema": schema}
    if said.access == "browser":
        about = "the order's; required where the app says so"
        schema = {"type": "string"}
        yield {"name": "client_secret", "in": "query", "schema": schema, "description": about}
    if said.takes_key:
        # Quotes around a key are optional, and spaces around it are cut; an empty one is none.
        schema = {"type": "string", "pattern": "^[ -~]*$", "maxLength": KEY_CHARS_MAX + 2}
        about = (
            "makes this happen once, however often it is sent; 1 to 255 printable ASCII "
            "characters, with or without quotes around them; an empty one counts as left out"
        )
        yield {"name": "Idempotency-Key", "in": "header", "schema": schema, "description": about}


def _responses(rule: Rule, method: str, said: Documented, schemas: Schemas) -> Json:
    good: Json = {
        "description": "Done." if method != "GET" else "Found.",
        "content": _content(
            schemas.answer(said.answer), {"example": {"value": said.example}}, said.media_type
        ),
    }
    if said.status == NO_CONTENT:
        del good["content"]
    if said.takes_key:
        good["headers"] = {
            "Idempotent-Replayed": {
                "schema": {"const": "true", "type": "string"},
                "description": "this answer was given before",
            }
        }
    refusals = {
        str(status): {"description": REFUSALS[status], "content": _content(schemas.error, {})}
        for status in sorted(_refused(rule, method, said))
    }
    also = {
        str(status): {
            "description": REFUSALS[status],
            "content": _content(schemas.answer(said.answer), {}, said.media_type),
        }
        for status in sorted(said.also)
    }
    return {str(said.status): good, **refusals, **also}


def _refused(rule: Rule, method: str, said: Documented) -> set[int]:
    statuses = {408, 413, 503, *said.refuses}
    if said.access != "anyone":
        statuses |= {401}
    if _needs(said) or (said.access in {"merchant", "session"} and method != "GET"):
        statuses |= {403}
    if said.access == "browser":
        # A suspended merchant's orders.
        statuses |= {403}
    if said.body is not None or said.query is not None or said.takes_key or method != "GET":
        statuses |= {400}
    if rule.arguments:
        statuses |= {404}
    if said.takes_key:
        statuses |= {409, 422}
    return statuses


def _content(schema: Json, examples: Json, media_type: str = "application/json") -> Json:
    return {media_type: {"schema": schema, **({"examples": examples} if examples else {})}}


def _body(said: Documented, model: type[BaseModel], schemas: Schemas, registry: Registry) -> Json:
    schema = payment_schema(registry) if model is PaymentRequest else schemas.body(model)
    examples = {name: {"value": value} for name, value in said.body_examples.items()}
    return {"required": not said.body_is_optional, "content": _content(schema, examples)}


def payment_schema(registry: Registry) -> Json:
    """What a payment request may say: one shape for each method that is installed."""
    shapes = []
    for code, method in registry.methods.items():
        try:
            shape = TypeAdapter(method.info.input_model).json_schema(mode="validation")
        except PydanticUserError:
            # Such a model has no JSON Schema; requests by it work all the same.
            shape = {}
        shapes.append(_payment_by(code, method.info.label, _inlined(shape)))
    return {"oneOf": shapes}


def _payment_by(code: str, label: str, shape: Json) -> Json:
    common: Json = {
        "order_id": {"type": "string", "minLength": 1, "maxLength": 255},
        "method": {"const": code, "type": "string"},
    }
    return {
        "title": f"Pay by {label}",
        "type": "object",
        "properties": {**common, **shape.get("properties", {})},
        "required": [*common, *shape.get("required", [])],
    }


def _inlined(schema: Json) -> Json:
    """The schema without references: a plugin's own definitions are nobody else's."""
    definitions = schema.get("$defs", {})

    def put_in(part: Any) -> Any:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/$defs/")
            if name in definitions:
                return put_in(
                    {**definitions[name], **{k: v for k, v in part.items() if k != "$ref"}}
                )
            return {key: put_in(value) for key, value in part.items() if key != "$defs"}
        if isinstance(part, list):
            return [put_in(each) for each in part]
        return part

    inlined: Json = put_in(schema)
    return inlined
