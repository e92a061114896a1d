"""Write the Node library's types and resources."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from .document import Contents, Method, Parameter, Resource, Schema, name_of, sentence

WRITTEN = "Written by `make clients` from paygate's OpenAPI document; do not edit."
# Longer lists, such as the codes of all currencies, are plain text.
_LITERALS_MAX = 12
_COLUMNS = 100
_SCALARS = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}
HEAD = f"""// The API's responses, requests and resources.
// {WRITTEN}

import {{ type KeyedOptions, type Page, type Send, eachRow, keyOf, path }} from "./calls.js";
"""


def typescript_code(contents: Contents) -> str:
    """Return the module of the types and the resources."""
    methods = [each for resource in contents.everything() for each in resource.methods]
    bodies = {each.body_name: each for each in methods if each.body is not None}
    parts = [
        HEAD,
        *(_interface(name, schema) for name, schema in contents.models.items()),
        *(_interface(name, schema, is_given=True) for name, schema in contents.bodies.items()),
        *(_body(each) for each in bodies.values()),
        *(_query(each) for each in methods if each.query),
        *("\n".join(_resource(each)) + "\n" for each in contents.everything()),
        "\n".join(_roots(contents)) + "\n",
    ]
    return "\n".join(parts)


def _interface(name: str, schema: Schema, *, is_given: bool = False) -> str:
    required = schema.get("required", ())
    lines = [*_comment(schema.get("description") or name), f"export interface {name} {{"]
    for field, part in schema.get("properties", {}).items():
        about = sentence(part.get("description", ""))
        is_optional = field not in required
        lines += _field(field, part, about, is_optional=is_optional, is_given=is_given)
    if schema.get("additionalProperties") is True:
        lines += _comment("Fields of a plugin's payment method.", 2)
        lines.append("  [field: string]: unknown;")
    return "\n".join([*lines, "}"]) + "\n"


def _body(method: Method) -> str:
    assert method.body is not None, "asked for methods with a body only"
    about = f"What `{method.operation_id}` is given."
    return _given_interface(method.body_name, about, method.body, is_open=method.is_open)


def _query(method: Method) -> str:
    about = "What a list is filtered by." if method.is_page else "Parameters of the query."
    return _given_interface(_query_name(method), about, method.query)


def _given_interface(
    name: str, about: str, fields: list[Parameter], *, is_open: bool = False
) -> str:
    lines = [*_comment(about), f"export interface {name} {{"]
    for each in fields:
        text = sentence(each.about)
        lines += _field(each.name, each.schema, text, is_optional=not each.required, is_given=True)
    if is_open:
        lines += _comment("Fields of a plugin's payment method.", 2)
        lines.append("  [field: string]: unknown;")
    return "\n".join([*lines, "}"]) + "\n"


def _field(
    name: str, schema: Schema, about: str, *, is_optional: bool, is_given: bool
) -> Iterator[str]:
    if about:
        yield from _comment(about, 2)
    type = _typed(schema, is_given=is_given)
    undefined = " | undefined" if is_optional and is_given else ""
    yield f"  {name}{'?' if is_optional else ''}: {type}{undefined};"


def _query_name(method: Method) -> str:
    return f"{method.operation_id[0].upper()}{method.operation_id[1:]}Query"


def _resource(resource: Resource) -> Iterator[str]:
    yield from _comment(resource.about)
    yield f"export class {_class(resource)} {{"
    yield "  readonly #send: Send;"
    for part in resource.parts:
        yield from _comment(part.about, 2)
        yield f"  readonly {_camel(part.name)}: {_class(part)};"
    yield ""
    yield "  constructor(send: Send) {"
    yield "    this.#send = send;"
    for part in resource.parts:
        yield f"    this.{_camel(part.name)} = new {_class(part)}(send);"
    yield "  }"
    for method in resource.methods:
        yield ""
        yield from _method(method)
        if method.is_page:
            yield ""
            yield from _iterate(method)
    yield "}"


def _roots(contents: Contents) -> Iterator[str]:
    yield from _comment("The resources of a client.")
    yield "export class Resources {"
    for resource in contents.resources:
        yield from _comment(resource.about, 2)
        yield f"  readonly {_camel(resource.name)}: {_class(resource)};"
    yield ""
    yield "  constructor(send: Send) {"
    for resource in contents.resources:
        yield f"    this.{_camel(resource.name)} = new {_class(resource)}(send);"
    yield "  }"
    yield "}"


def _class(resource: Resource) -> str:
    name = _camel(resource.name)
    return name[0].upper() + name[1:]


def _method(method: Method) -> Iterator[str]:
    returns = f"Page<{method.returns}>" if method.is_page else method.returns
    arguments = [f"{_camel(place)}: string" for place in method.places]
    call = [f'verb: "{method.verb}"', f"path: {_path(method)}"]
    if method.query and not method.takes_key:
        arguments.append(f"query: {_query_name(method)} = {{}}")
        call.append(f"query: {{ ...query{_defaults(method)} }}")
    if method.body is not None:
        is_optional = not any(each.required for each in method.body)
        arguments.append(f"body: {method.body_name}{' = {}' if is_optional else ''}")
        call.append("body")
    if method.takes_key:
        also = f" & {_query_name(method)}" if method.query else ""
        arguments.append(f"options: KeyedOptions{also} = {{}}")
        if method.query:
            named = ", ".join(f"{each.name}: options.{each.name}" for each in method.query)
            call.append(f"query: {{ {named} }}")
        call.append("idempotencyKey: keyOf(options.idempotencyKey)")
    yield from _comment(method.summary, 2)
    yield f"  {_camel(method.name)}({', '.join(arguments)}): Promise<{returns}> {{"
    yield from _sent(call)
    yield "  }"


def _sent(call: list[str]) -> Iterator[str]:
    line = f"    return this.#send({{ {', '.join(call)} }});"
    if len(line) <= _COLUMNS:
        yield line
        return
    yield "    return this.#send({"
    yield from (f"      {each}," for each in call)
    yield "    });"


def _iterate(method: Method) -> Iterator[str]:
    first = method.summary.partition("\n")[0].rstrip(".")
    about = f"{first}: every one, newest first.\n\nA page is requested when its first row is."
    arguments = [f"{_camel(place)}: string" for place in method.places]
    arguments.append(f'query: Omit<{_query_name(method)}, "limit" | "cursor"> = {{}}')
    name, returns = (
        _camel(method.name_for_all_pages),
        f"AsyncGenerator<{method.returns}, void, void>",
    )
    yield from _comment(about, 2)
    yield f"  {name}({', '.join(arguments)}): {returns} {{"
    yield f'    return eachRow(this.#send, {{ verb: "GET", path: {_path(method)}, query }});'
    yield "  }"


def _defaults(method: Method) -> str:
    """Return the parameters that are always sent: with a limit the server answers a page."""
    found: Mapping[str, int] = {
        each.name: each.schema["default"]
        for each in method.query
        if isinstance(each.schema.get("default"), int)
    }
    return "".join(f", {name}: query.{name} ?? {value}" for name, value in found.items())


def _path(method: Method) -> str:
    if not method.places:
        return f'"{method.path}"'
    filled = re.sub(r"\{(\w+)\}", lambda each: f"${{{_camel(each[1])}}}", method.path)
    return f"path`{filled}`"


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda each: each[1].upper(), name)


def _typed(schema: Schema, *, is_given: bool) -> str:
    name = name_of(schema)
    if name is not None:
        return name
    if "anyOf" in schema:
        options = [_typed(each, is_given=is_given) for each in schema["anyOf"]]
        return " | ".join(dict.fromkeys(options))
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if 1 <= len(values) <= _LITERALS_MAX:
        return " | ".join(json.dumps(each) for each in values)
    match schema.get("type"):
        case "array":
            item = _typed(schema.get("items", {}), is_given=is_given)
            many = f"({item})[]" if "|" in item else f"{item}[]"
            return f"readonly {many}" if is_given else many
        case "object":
            inner = schema.get("additionalProperties")
            kind = _typed(inner, is_given=is_given) if isinstance(inner, dict) else "unknown"
            return f"Record<string, {kind}>"
        case kinds:
            names = kinds if isinstance(kinds, list) else [kinds]
            found = " | ".join(dict.fromkeys(_SCALARS.get(str(each), "unknown") for each in names))
            is_time = is_given and schema.get("format") == "date-time"
            return f"{found} | Date" if is_time else found


def _comment(text: str, columns: int = 0) -> Iterator[str]:
    indent = " " * columns
    text = text.replace("``", "`").replace("*/", "* /")
    if "\n" not in text and len(text) + columns + 7 <= _COLUMNS:
        yield f"{indent}/** {text} */"
        return
    yield f"{indent}/**"
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield f"{indent} *"
        for line in textwrap.wrap(paragraph, _COLUMNS - columns - 3):
            yield f"{indent} * {line}"
    yield f"{indent} */"
