"""Write the Python library's models and resources."""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator

from .document import ROOT, Contents, Method, Parameter, Resource, Schema, name_of, sentence

WRITTEN = "Written by `make clients` from paygate's OpenAPI document; do not edit."
# Longer lists, such as the codes of all currencies, are plain text.
_LITERALS_MAX = 12
# Shown in no text.
_SECRET = re.compile(r"(^|_)(secret|api_key)$")
# What an argument may be, instead of the exact type.
_AS_ARGUMENT = {"list[": "Sequence[", "dict[": "Mapping["}
_GENERAL = re.compile(r"\b(?:list|dict)\[")
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

MODELS_HEAD = f'''"""The API's responses. {WRITTEN}"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from .decoding import Model

'''
RESOURCES_HEAD = f'''"""The API's resources{{how}}.

{WRITTEN}
"""

from __future__ import annotations

from collections.abc import {{iterator}}, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from . import models
from .calls import {{send}}, Call, {{each_row}}, key_of, page_of, path
from .decoding import UNSET, Unset
from .pages import Page

'''


def models_code(contents: Contents) -> str:
    """Return the module of the models."""
    parts = [_model(name, schema) for name, schema in contents.models.items()]
    inputs = [_typed_dict(name, schema) for name, schema in contents.bodies.items()]
    return _formatted(MODELS_HEAD + "\n\n".join([*parts, *inputs]))


def resources_code(contents: Contents, *, is_async: bool) -> str:
    """Return the module of the resources, with methods that block or methods to await."""
    head = RESOURCES_HEAD.format(
        how=", with methods to await" if is_async else "",
        iterator="AsyncIterator" if is_async else "Iterator",
        send="AsyncSend" if is_async else "Send",
        each_row="each_row_async" if is_async else "each_row",
    )
    parts = [_resource(each, is_async=is_async) for each in contents.everything()]
    return _formatted(head + "\n\n".join([*parts, _roots(contents, is_async=is_async)]))


def _formatted(code: str) -> str:
    for command in (["check", "--quiet", "--fix", "--select", "F401,I"], ["format", "--quiet"]):
        ran = subprocess.run(  # noqa: S603 - the same interpreter
            [sys.executable, "-m", "ruff", *command, "--line-length", "100", "-"],
            cwd=ROOT,
            input=code,
            check=True,
            capture_output=True,
            text=True,
        )
        code = ran.stdout
    return code


def _model(name: str, schema: Schema) -> str:
    required = schema.get("required", ())
    lines = [
        "@dataclass(frozen=True, kw_only=True, slots=True)",
        f"class {name}(Model):",
        _indented(_docstring(schema.get("description") or name)),
        "",
    ]
    for field, part in schema.get("properties", {}).items():
        type = _answered(part)
        if field not in required and not type.endswith("| None"):
            type = f"{type} | None"
        hidden = " = field(repr=False)" if _SECRET.search(field) else ""
        about = "" if type.startswith("datetime") else part.get("description")
        lines.append(f"    {field}: {type}{hidden}")
        if about:
            lines.append(_indented(_docstring(sentence(about))))
    return "\n".join(lines) + "\n"


def _typed_dict(name: str, schema: Schema) -> str:
    required = schema.get("required", ())
    lines = [f"class {name}(TypedDict):", _indented(_docstring(schema["description"])), ""]
    for field, part in schema["properties"].items():
        type = _given(part)
        lines.append(f"    {field}: {type if field in required else f'NotRequired[{type}]'}")
    return "\n".join(lines) + "\n"


def _resource(resource: Resource, *, is_async: bool) -> str:
    name = _class(resource, is_async=is_async)
    send = "AsyncSend" if is_async else "Send"
    lines = [
        f"class {name}:",
        _indented(_docstring(resource.about)),
        "",
        f"    def __init__(self, send: {send}) -> None:",
        "        self._send = send",
    ]
    for part in resource.parts:
        lines.append(f"        self.{part.name} = {_class(part, is_async=is_async)}(send)")
        lines.append(_indented(_docstring(part.about), 8))
    for method in resource.methods:
        lines += ["", *_method(method, is_async=is_async)]
        if method.is_page:
            lines += ["", *_iterate(method, is_async=is_async)]
    return "\n".join(lines) + "\n"


def _roots(contents: Contents, *, is_async: bool) -> str:
    lines = [
        f"class {'AsyncResources' if is_async else 'Resources'}:",
        '    """The resources of a client."""',
        "",
        f"    def __init__(self, send: {'AsyncSend' if is_async else 'Send'}) -> None:",
    ]
    for resource in contents.resources:
        lines.append(f"        self.{resource.name} = {_class(resource, is_async=is_async)}(send)")
        lines.append(_indented(_docstring(resource.about), 8))
    return "\n".join(lines) + "\n"


def _class(resource: Resource, *, is_async: bool) -> str:
    name = "".join(word[0].upper() + word[1:] for word in resource.name.split("_"))
    return f"Async{name}" if is_async else name


def _method(method: Method, *, is_async: bool) -> Iterator[str]:
    returns = f"Page[models.{method.returns}]" if method.is_page else f"models.{method.returns}"
    signature = ", ".join(_signature(method, method.query))
    yield f"    {'async ' if is_async else ''}def {method.name}({signature}) -> {returns}:"
    yield _indented(_docstring(method.summary, _arguments(method, method.query)), 8)
    yield f"        call = {_call(method, method.query)}"
    yield f"        return {'await ' if is_async else ''}self._send(call)"


def _iterate(method: Method, *, is_async: bool) -> Iterator[str]:
    query = [each for each in method.query if each.name not in {"limit", "cursor"}]
    iterator = "AsyncIterator" if is_async else "Iterator"
    signature = ", ".join(_signature(method, query))
    name, returns = method.name_for_all_pages, f"{iterator}[models.{method.returns}]"
    yield f"    def {name}({signature}) -> {returns}:"
    first = method.summary.partition("\n")[0].rstrip(".")
    about = f"{first}: every one, newest first.\n\nA page is requested when its first row is."
    yield _indented(_docstring(about, _arguments(method, query)), 8)
    yield f"        call = {_call(method, query)}"
    yield f"        return {'each_row_async' if is_async else 'each_row'}(self._send, call)"


def _signature(method: Method, query: list[Parameter]) -> Iterator[str]:
    yield "self"
    yield from (f"{place}: str" for place in method.places)
    named = [*query, *(method.body or ())]
    if named or method.takes_key:
        yield "*"
    for each in named:
        yield f"{_python_name(each.name)}: {_argument(each, is_partial=method.is_partial)}"
    if method.takes_key:
        yield "idempotency_key: str | None = None"
    if method.is_open:
        yield "further: Mapping[str, Any] | None = None"


def _argument(each: Parameter, *, is_partial: bool) -> str:
    type = _given(each.schema)
    if each.required:
        return type
    if is_partial:
        optional = " | None" if type.endswith("| None") else ""
        return f"{type.removesuffix(optional)} | Unset{optional} = UNSET"
    default = each.schema.get("default")
    if isinstance(default, int) and not isinstance(default, bool):
        return f"{type} = {default}"
    return f"{type.removesuffix(' | None')} | None = None"


def _arguments(method: Method, query: list[Parameter]) -> list[tuple[str, str]]:
    named = [
        (_python_name(each.name), sentence(each.about))
        for each in [*query, *(method.body or ())]
        if each.about
    ]
    if method.takes_key:
        key = "The same for repeated requests. Without it, each call has a new key."
        named.append(("idempotency_key", key))
    if method.is_open:
        named.append(("further", "Fields of a plugin's payment method."))
    return named


def _call(method: Method, query: list[Parameter]) -> str:
    template = method.path
    for place in method.places:
        template = template.replace(f"{{{place}}}", "{}")
    places = "".join(f", {place}" for place in method.places)
    model = f"models.{method.returns}"
    parts = [
        f'"{method.verb}"',
        f'path("{template}"{places})' if places else f'"{template}"',
        f"page_of({model})" if method.is_page else f"{model}.from_json",
    ]
    if query:
        parts.append(f"query={_mapping(query)}")
    if method.body is not None:
        further = ", **(further or {})" if method.is_open else ""
        parts.append(f"body={_mapping(method.body, further)}")
    if method.takes_key:
        parts.append("idempotency_key=key_of(idempotency_key)")
    return f"Call({', '.join(parts)})"


def _mapping(named: list[Parameter], further: str = "") -> str:
    pairs = ", ".join(f'"{each.name}": {_python_name(each.name)}' for each in named)
    return f"{{{pairs}{further}}}"


def _python_name(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _answered(schema: Schema) -> str:
    """Return the type of a response's field."""
    return _typed(schema, is_given=False)


def _given(schema: Schema) -> str:
    """Return the type of an argument, which may be more general."""
    return _typed(schema, is_given=True)


def _typed(schema: Schema, *, is_given: bool) -> str:
    name = name_of(schema)
    if name is not None:
        return f"models.{name}" if is_given else name
    if "anyOf" in schema:
        options = [_typed(each, is_given=is_given) for each in schema["anyOf"]]
        return " | ".join(dict.fromkeys(options))
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if 1 <= len(values) <= _LITERALS_MAX:
        return f"Literal[{', '.join(map(repr, values))}]"
    match schema.get("type"):
        case "array":
            found = f"list[{_typed(schema.get('items', {}), is_given=is_given)}]"
        case "object":
            inner = schema.get("additionalProperties")
            kind = _typed(inner, is_given=is_given) if isinstance(inner, dict) else "Any"
            found = f"dict[str, {kind}]"
        case "string" if schema.get("format") == "date-time":
            return "datetime | str" if is_given else "datetime"
        case kinds:
            names = kinds if isinstance(kinds, list) else [kinds]
            found = " | ".join(_SCALARS.get(str(each), "Any") for each in names)
    return _GENERAL.sub(lambda each: _AS_ARGUMENT[each[0]], found) if is_given else found


def _docstring(text: str, arguments: list[tuple[str, str]] | None = None) -> str:
    text = text.replace("``", "`").replace("\\", "\\\\")
    paragraphs = [textwrap.fill(part, 88) for part in text.split("\n\n")]
    if arguments:
        lines = [
            textwrap.fill(f"{name}: {about}", 84, subsequent_indent="    ").replace("``", "`")
            for name, about in arguments
        ]
        listed = textwrap.indent("\n".join(lines), "    ")
        paragraphs.append(f"Args:\n{listed}")
    joined = "\n\n".join(paragraphs)
    return f'"""{joined}\n"""' if "\n" in joined else f'"""{joined}"""'


def _indented(text: str, columns: int = 4) -> str:
    return textwrap.indent(text, " " * columns)
