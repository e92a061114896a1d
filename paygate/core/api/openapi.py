"""Generate the OpenAPI document from the routes and their models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from quart import Quart
from typing_extensions import override
from werkzeug.routing import Rule

from ..accounts.model import Role
from ..event import EventType
from ..idempotency import KEY_CHARS_MAX
from ..registry import Registry
from .documented import Documented, find_documented
from .openapi_links import add_links
from .openapi_webhooks import body_kind, webhooks_section
from .resources.payments import PaymentRequest
from .shapes import ErrorJson

Json = dict[str, Any]
VERSION = "3.1.0"
FIRST_TAGS = (
    "orders",
    "payment_links",
    "payments",
    "refunds",
    "checkout",
    "webhooks",
    "endpoints",
    "stream",
)
"""The order of the reference; the others follow by name."""
TITLES = {
    "dialects": "Aliases",
    "endpoints": "Webhook endpoints",
    "keys": "API keys",
    "operations": "Manual reviews",
    "payment_links": "Payment links",
    "stream": "Event stream",
    "testing": "Test tools",
}
DIALECTS = "dialects"
NO_CONTENT = 204
REFUSALS: Mapping[int, str] = {
    400: "A field is missing or wrong, or the state of the resource does not allow this.",
    401: "The credentials are missing or invalid.",
    403: "The role is too low, or a session's request lacks its X-Csrf-Token or comes from a "
    "foreign page.",
    404: "No such resource, or another merchant's.",
    408: "The body was sent too slowly.",
    409: "A request with this Idempotency-Key is still in progress; see Retry-After.",
    413: "The body is too large.",
    422: "The Idempotency-Key was used for another request, or no processor supports this.",
    429: "Too many requests of this key, session, address or order, or too many concurrent "
    "streams; see Retry-After.",
    500: "Internal server error.",
    502: "The plugin of this route failed.",
    503: "Temporarily unavailable; see Retry-After.",
}
RATE_HEADERS: Json = {
    "Retry-After": {
        "schema": {"type": "integer", "minimum": 1},
        "description": "seconds until a request is allowed again",
    },
    "RateLimit": {
        "schema": {"type": "string", "examples": ['"writes";r=0;t=10']},
        "description": "the limit, the requests that it allows now, and the seconds until it "
        "allows all of them; in all responses once half of it is used",
    },
    "RateLimit-Policy": {
        "schema": {"type": "string", "examples": ['"writes";q=1000;w=10']},
        "description": "the limit: requests within a window of seconds",
    },
}
ABOUT = (
    "Amounts are whole minor units of their currency. Times are UTC. Send `Idempotency-Key` with "
    "every change: the same request gets the same response for 24 hours. Every response has an "
    "`X-Request-Id`: the one of the request, or a new one.\n\n"
    "Aliases for clients of other gateways are in `/openapi/aliases.json`."
)
ABOUT_ALIASES = (
    "Paths of other gateways. Each has the function of an operation in `/openapi.json`, "
    "which new clients use."
)
_MODEL_SUFFIX = re.compile(r'(?<=\w)Json(?=[_"])')
_PAGE = re.compile(r"\bPage_([A-Za-z]+)_(?=\")")
_WORD = re.compile(r"\w+")
_CONVERTER = re.compile(r"<(?:[a-z]+:)?(\w+)>")


def openapi_document(app: Quart, registry: Registry, *, version: str) -> Json:
    """Return the OpenAPI 3.1 document of paygate's own routes, and of its webhooks."""
    routes = [each for each in _documented_routes(app) if _tag(each[0]) != DIALECTS]
    kinds = {type: body_kind(type) for type in EventType}
    schemas = Schemas((doc for _, doc in routes), further=kinds.values())
    document = _document(routes, schemas, registry, version=version, about=ABOUT)
    webhooks = webhooks_section({type: schemas.answer(kind) for type, kind in kinds.items()})
    return {**document, "webhooks": webhooks}


def aliases_document(app: Quart, registry: Registry, *, version: str) -> Json:
    """Return the OpenAPI 3.1 document of the aliases for clients of other gateways."""
    routes = [each for each in _documented_routes(app) if _tag(each[0]) == DIALECTS]
    schemas = Schemas(doc for _, doc in routes)
    return _document(routes, schemas, registry, version=version, about=ABOUT_ALIASES)


def _document(
    routes: Sequence[tuple[Rule, Documented]],
    schemas: Schemas,
    registry: Registry,
    *,
    version: str,
    about: str,
) -> Json:
    paths: dict[str, Json] = {}
    for rule, doc in routes:
        item = paths.setdefault(template(rule), {})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            item[method.lower()] = _operation(rule, method, doc, schemas, registry)
    add_links(paths)
    tags = sorted({_tag(rule) for rule, _ in routes}, key=_place)
    return {
        "openapi": VERSION,
        "info": {"title": "paygate", "version": version, "description": about},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "x-displayName": _title(name)} for name in tags],
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
    """Return the rule's path in the form of OpenAPI."""
    return _CONVERTER.sub(r"{\1}", rule.rule)


def _documented_routes(app: Quart) -> Iterable[tuple[Rule, Documented]]:
    for rule in app.url_map.iter_rules():
        doc = find_documented(app.view_functions[rule.endpoint])
        if doc is not None:
            yield rule, doc


class _Schema(GenerateJsonSchema):
    """Generates schemas whose fields have no titles: these would only repeat their names."""

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False, whatever the field."""
        return False


class Schemas:
    """The schemas of all operations, each defined once.

    Args:
        operations: The documentation of the routes.
        further: Further types that are sent.
    """

    def __init__(self, operations: Iterable[Documented], further: Iterable[Any] = ()) -> None:
        wanted: dict[tuple[str, JsonSchemaMode], Any] = {("Error", "serialization"): ErrorJson}
        wanted |= {(repr(kind), "serialization"): kind for kind in further}
        for doc in operations:
            wanted[repr(doc.answer), "serialization"] = doc.answer
            if doc.body is not None and doc.body is not PaymentRequest:
                wanted[repr(doc.body), "validation"] = doc.body
        inputs = [(name, mode, TypeAdapter(kind)) for (name, mode), kind in wanted.items()]
        found, shared = TypeAdapter.json_schemas(
            inputs, ref_template="#/components/schemas/{model}", schema_generator=_Schema
        )
        self._found = {key: _public_names(schema) for key, schema in found.items()}
        defined: Json = _public_names(shared.get("$defs", {}))
        # Each has its name as its title: models of pages would have the same one.
        self.definitions: Json = {
            name: {**schema, "title": name} for name, schema in defined.items()
        }

    def answer(self, kind: Any) -> Json:
        """Return the schema of a response."""
        return dict(self._found[repr(kind), "serialization"])

    def body(self, model: type[BaseModel]) -> Json:
        """Return the schema of a request body."""
        return dict(self._found[repr(model), "validation"])

    @property
    def error(self) -> Json:
        """Return the schema of every error."""
        return dict(self._found["Error", "serialization"])


def _public_names(schema: Json) -> Json:
    """Name models as the API does: a payment's model is ``PaymentJson``, its schema ``Payment``.

    A page of them is a ``PaymentPage``.
    """
    named: Json = json.loads(_PAGE.sub(r"\1Page", _MODEL_SUFFIX.sub("", json.dumps(schema))))
    return named


def _operation(
    rule: Rule, method: str, doc: Documented, schemas: Schemas, registry: Registry
) -> Json:
    written: Json = {
        "operationId": _operation_id(rule, method, doc),
        "summary": doc.summary,
        "tags": [_tag(rule)],
        "parameters": list(_parameters(rule, doc)),
        "responses": _responses(rule, method, doc, schemas),
        "security": _security(method, doc),
    }
    about = " ".join(filter(None, (doc.about, _needs(doc))))
    if about:
        written["description"] = about
    if doc.plugin is not None:
        written["x-paygate-plugin"] = doc.plugin
        written["responses"]["default"] = {
            "description": "The response of the plugin.",
            "content": _content({}, {}),
        }
    if doc.body is not None:
        written["requestBody"] = _body(doc, doc.body, schemas, registry)
    return written


def _security(method: str, doc: Documented) -> list[Json]:
    by_session: Json = {"Session": []} if method == "GET" else {"Session": [], "CsrfToken": []}
    if doc.access == "session":
        return [by_session]
    return [{"ApiKey": [], "ApiSecret": []}, by_session] if doc.access == "merchant" else []


def _needs(doc: Documented) -> str:
    """Describe the required role, if there is one."""
    operator = "Needs an operator." if doc.needs_operator else ""
    if doc.needs is Role.READ_ONLY:
        return operator
    if doc.access == "anyone":
        return f"Requests with credentials need the role {doc.needs}."
    return f"Needs the role {doc.needs}. {operator}".strip()


def _tag(rule: Rule) -> str:
    tag = str(rule.endpoint).partition(".")[0].partition("_")[0]
    return {"extensions": "plugins", "panels": "plugins"}.get(tag, tag)


def _place(tag: str) -> tuple[int, str]:
    return (FIRST_TAGS.index(tag) if tag in FIRST_TAGS else len(FIRST_TAGS), tag)


def _title(tag: str) -> str:
    return TITLES.get(tag, tag.replace("_", " ").capitalize())


def _operation_id(rule: Rule, method: str, doc: Documented) -> str:
    """``createPayment`` for "Create a payment"; the path for aliases, which share a summary."""
    if _tag(rule) == DIALECTS or doc.plugin is not None:
        return "_".join([method.lower(), *_WORD.findall(rule.rule)])
    for place, further in doc.further_ids.items():
        if place == method or rule.rule.endswith(place):
            return further
    if doc.operation_id:
        return doc.operation_id
    words: list[str] = _WORD.findall(doc.summary.replace("'s", ""))
    first, *others = (word for word in words if word.lower() not in {"a", "an", "the"})
    return first.lower() + "".join(word[0].upper() + word[1:].lower() for word in others)


def _parameters(rule: Rule, doc: Documented) -> Iterable[Json]:
    for name in sorted(rule.arguments):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if doc.query is not None:
        for name, schema in doc.query.model_json_schema(schema_generator=_Schema)[
            "properties"
        ].items():
            yield {"name": name, "in": "query", "schema": schema}
    if doc.access == "browser":
        about = "the order's secret, if the app requires it"
        schema = {"type": "string"}
        yield {"name": "client_secret", "in": "query", "schema": schema, "description": about}
    if doc.takes_key:
        # The schema allows quotes around a key and spaces, which are removed.
        schema = {"type": "string", "pattern": "^[ -~]*$", "maxLength": KEY_CHARS_MAX + 2}
        about = (
            "repeated requests with the same key are executed once; 1 to 255 printable ASCII "
            "characters, with or without quotes around them; an empty key counts as missing"
        )
        yield {"name": "Idempotency-Key", "in": "header", "schema": schema, "description": about}


def _responses(rule: Rule, method: str, doc: Documented, schemas: Schemas) -> Json:
    good: Json = {
        "description": "Done." if method != "GET" else "Found.",
        "content": _content(
            schemas.answer(doc.answer), {"example": {"value": doc.example}}, doc.media_type
        ),
    }
    if doc.status == NO_CONTENT:
        del good["content"]
    if doc.takes_key:
        good["headers"] = {
            "Idempotent-Replayed": {
                "schema": {"const": "true", "type": "string"},
                "description": "the response is a stored one",
            }
        }
    refusals = {
        str(status): {"description": REFUSALS[status], "content": _content(schemas.error, {})}
        for status in sorted(_refused(rule, method, doc))
    }
    if "429" in refusals:
        refusals["429"]["headers"] = RATE_HEADERS
    also = {
        str(status): {
            "description": REFUSALS[status],
            "content": _content(schemas.answer(doc.answer), {}, doc.media_type),
        }
        for status in sorted(doc.also)
    }
    return {str(doc.status): good, **refusals, **also}


def _refused(rule: Rule, method: str, doc: Documented) -> set[int]:
    statuses = {408, 413, 503, *doc.refuses}
    if doc.rate_class(method) is not None:
        statuses |= {429}
    if doc.access != "anyone":
        statuses |= {401}
    if _needs(doc) or (doc.access in {"merchant", "session"} and method != "GET"):
        statuses |= {403}
    if doc.access == "browser":
        # Orders of a suspended merchant.
        statuses |= {403}
    if doc.body is not None or doc.query is not None or doc.takes_key or method != "GET":
        statuses |= {400}
    if rule.arguments:
        statuses |= {404}
    if doc.takes_key:
        statuses |= {409, 422}
    return statuses


def _content(schema: Json, examples: Json, media_type: str = "application/json") -> Json:
    return {media_type: {"schema": schema, **({"examples": examples} if examples else {})}}


def _body(doc: Documented, model: type[BaseModel], schemas: Schemas, registry: Registry) -> Json:
    schema = payment_schema(registry) if model is PaymentRequest else schemas.body(model)
    examples = {name: {"value": value} for name, value in doc.body_examples.items()}
    return {"required": not doc.body_is_optional, "content": _content(schema, examples)}


def payment_schema(registry: Registry) -> Json:
    """Return the schema of a payment request: one shape per installed method."""
    shapes = []
    for code, method in registry.methods.items():
        try:
            shape = TypeAdapter(method.info.input_model).json_schema(
                mode="validation", schema_generator=_Schema
            )
        except PydanticUserError:
            # The model has no JSON Schema; requests work anyway.
            shape = {}
        shapes.append(_payment_by(code, method.info.label, _inlined(shape)))
    return {"oneOf": shapes}


def _payment_by(code: str, label: str, shape: Json) -> Json:
    own = TypeAdapter(PaymentRequest).json_schema(mode="validation", schema_generator=_Schema)
    common: Json = {**own["properties"], "method": {"const": code, "type": "string"}}
    return {
        "title": f"Pay by {label}",
        "type": "object",
        "properties": {**common, **shape.get("properties", {})},
        "required": [*own["required"], *shape.get("required", [])],
    }


def _inlined(schema: Json) -> Json:
    """Return the schema without references, because a plugin's definitions are its own."""
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
