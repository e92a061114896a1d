"""Read what the client libraries offer: the table of operations, and paygate's OpenAPI document."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "sdk" / "operations.toml"
Schema = Mapping[str, Any]

_REFERENCE = "#/components/schemas/"
_PAGE = re.compile(r"(\w+)Page")
# Pages are read by cursor.
_LEFT_OUT = {"offset"}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A value that a caller gives.

    Args:
        name: On the wire.
        schema: Its JSON Schema.
        required: Whether it must be given.
    """

    name: str
    schema: Schema
    required: bool

    @property
    def about(self) -> str:
        """What it is, in words; empty if its name says it."""
        schemas = [self.schema, *self.schema.get("anyOf", ())]
        about = next((str(each["description"]) for each in schemas if "description" in each), "")
        # The alternative to a cursor is left out.
        return about.partition(";")[0] if self.name == "cursor" else about


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of both libraries.

    Args:
        name: In Python: ``rotate_secret``.
        operation_id: Of the OpenAPI document.
        verb: HTTP method.
        path: With the names of its parameters in braces, without ``/api/v1``.
        summary: A sentence about it.
        places: Parameters in the path.
        query: Parameters of the query.
        body: Fields of the body; None without a body.
        body_name: The model of the body.
        is_open: Whether the body may have further fields.
        returns: The model of the response, or of a row of its pages.
        is_page: Whether it returns a page of rows.
        takes_key: Whether it has an ``Idempotency-Key``.
    """

    name: str
    operation_id: str
    verb: str
    path: str
    summary: str
    places: list[str]
    query: list[Parameter]
    body: list[Parameter] | None
    body_name: str
    is_open: bool
    returns: str
    is_page: bool
    takes_key: bool

    @property
    def name_for_all_pages(self) -> str:
        """The name of the method that reads every page."""
        return "iterate" if self.name == "list" else f"iterate_{self.name}"

    @property
    def is_partial(self) -> bool:
        """Whether fields that are not given stay unchanged, so that null differs from missing."""
        return self.verb in {"PATCH", "PUT"}


@dataclass(frozen=True)
class Resource:
    """Methods of one kind of object, and the resources below it."""

    name: str
    about: str
    methods: list[Method]
    parts: list[Resource] = field(default_factory=list)

    def all(self) -> Iterator[Resource]:
        """Yield the parts, and then the resource itself."""
        for part in self.parts:
            yield from part.all()
        yield self


@dataclass(frozen=True)
class Contents:
    """What both libraries contain.

    Args:
        resources: In the order of the table.
        models: Responses by name, in the order in which they refer to each other.
        bodies: Parts of request bodies by name, such as the details of a card.
    """

    resources: list[Resource]
    models: Mapping[str, Schema]
    bodies: Mapping[str, Schema]

    def everything(self) -> Iterator[Resource]:
        """Yield all resources, parts first."""
        for resource in self.resources:
            yield from resource.all()


def read_contents() -> Contents:
    """Read the table and the document of this version of paygate."""
    return contents_of(tomllib.loads(TABLE.read_text()), read_document())


def read_document() -> dict[str, Any]:
    """Return the OpenAPI document, as the dashboard's types are made from it."""
    program = runpy.run_path(str(ROOT / "dashboard" / "openapi.py"))
    document: dict[str, Any] = program["document"]()
    return document


def contents_of(table: Mapping[str, Any], document: Mapping[str, Any]) -> Contents:
    """Combine the table with the document.

    Raises:
        KeyError: The table names an operation that the API does not have.
    """
    reader = _Reader(document)
    resources = [reader.resource(name, part) for name, part in table.items()]
    models = reader.models(sorted({m.returns for r in resources for m in _methods(r)}))
    return Contents(resources, models, reader.bodies)


def _methods(resource: Resource) -> Iterator[Method]:
    for part in resource.all():
        yield from part.methods


def sentence(text: str) -> str:
    """Return the text as a sentence: a capital first, a full stop at the end."""
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" if text else ""


def name_of(schema: Schema) -> str | None:
    """Return the name of the model that a schema refers to."""
    reference = str(schema.get("$ref", ""))
    return reference.removeprefix(_REFERENCE) if reference else None


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, Schema] = document["components"]["schemas"]
        self._operations = {
            operation["operationId"]: (verb.upper(), path, operation)
            for path, item in document["paths"].items()
            for verb, operation in item.items()
        }
        self.bodies: dict[str, Schema] = {}

    def resource(self, name: str, part: Mapping[str, Any]) -> Resource:
        methods = [self._method(*each) for each in part["methods"].items()]
        parts = [
            self.resource(other, below)
            for other, below in part.items()
            if other not in {"about", "methods"}
        ]
        return Resource(name, part["about"], methods, parts)

    def models(self, wanted: list[str]) -> Mapping[str, Schema]:
        """Return these models and those they refer to, the latter first."""
        found: dict[str, Schema] = {}

        def add(name: str) -> None:
            if name in found:
                return
            schema = self._schemas[name]
            for other in _references(schema):
                add(other)
            found[name] = schema

        for name in wanted:
            add(name)
        return found

    def _method(self, name: str, operation_id: str) -> Method:
        verb, path, operation = self._operations[operation_id]
        given = operation["parameters"]
        body, body_name, is_open = self._body(operation, operation_id)
        returns, is_page = _returned(operation)
        # How a list is paged is described by this library's own methods.
        about = "" if is_page else sentence(operation.get("description", ""))
        return Method(
            name=name,
            operation_id=operation_id,
            verb=verb,
            path=path.removeprefix("/api/v1"),
            summary=f"{sentence(operation['summary'])}\n\n{about}".strip(),
            places=[each["name"] for each in given if each["in"] == "path"],
            query=[
                Parameter(name=each["name"], schema=each["schema"], required=False)
                for each in given
                if each["in"] == "query" and each["name"] not in _LEFT_OUT
            ],
            body=body,
            body_name=body_name,
            is_open=is_open,
            returns=returns,
            is_page=is_page,
            takes_key=any(each["name"] == "Idempotency-Key" for each in given),
        )

    def _body(
        self, operation: Mapping[str, Any], operation_id: str
    ) -> tuple[list[Parameter] | None, str, bool]:
        if "requestBody" not in operation:
            return None, "", False
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        name = name_of(schema)
        if name is not None:
            return _fields(self._schemas[name]), name, False
        # One shape per payment method. Plugins add methods, so other fields are allowed.
        shapes = sorted(schema["oneOf"], key=lambda each: str(each["title"]), reverse=True)
        common = set.intersection(*(set(each["required"]) for each in shapes))
        merged: dict[str, Schema] = {}
        for shape in shapes:
            merged.update(shape["properties"])
        merged["method"] = {
            "type": "string",
            "description": "a payment method: upi, card, or that of a plugin",
        }
        self._name_parts(merged)
        fields = _fields({"properties": merged, "required": sorted(common)})
        fields.sort(key=lambda each: not each.required)
        return fields, f"{operation_id[0].upper()}{operation_id[1:]}Request", True

    def _name_parts(self, properties: dict[str, Schema]) -> None:
        for name, schema in properties.items():
            if schema.get("type") == "object" and "properties" in schema:
                self.bodies[schema["title"]] = schema
                properties[name] = {
                    "$ref": f"{_REFERENCE}{schema['title']}",
                    "description": schema.get("description", ""),
                }


def _returned(operation: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the model of the response, or of the rows of a page."""
    (answer,) = operation["responses"].values()
    schema = answer["content"]["application/json"]["schema"]
    # A list may answer an array too, if it is asked without any parameter.
    names = [name for each in schema.get("anyOf", [schema]) if (name := name_of(each))]
    (name,) = names
    page = _PAGE.fullmatch(name)
    return (page[1], True) if page else (name, False)


def _fields(schema: Schema) -> list[Parameter]:
    required = schema.get("required", ())
    fields = [
        Parameter(name=name, schema=part, required=name in required)
        for name, part in schema.get("properties", {}).items()
    ]
    return sorted(fields, key=lambda each: not each.required)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        name = name_of(schema)
        if name is not None:
            yield name
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)
