"""Find changes of the OpenAPI document that break clients of an older one.

Additions are no such changes: new paths, new fields of responses, new optional fields of requests,
further values that a request may have.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]
ROOT = Path(__file__).parents[2]
BASELINE = Path(__file__).with_name("openapi_baseline.json")
_REFERENCE = "#/components/schemas/"


def current_document() -> dict[str, Any]:
    """Return the document of this version, with the plugins that come with paygate."""
    program = runpy.run_path(str(ROOT / "dashboard" / "openapi.py"))
    document: dict[str, Any] = program["document"](with_webhooks=True)
    return document


def breaking_changes(old: Json, new: Json) -> list[str]:
    """Return a sentence for each change that breaks a client of the old document."""
    return list(dict.fromkeys(_Comparison(old, new).problems()))


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def problems(self) -> Iterator[str]:
        for section in ("paths", "webhooks"):
            for path, item in self._old[section].items():
                after = self._new[section].get(path)
                if after is None:
                    yield f"{path} was removed."
                    continue
                for method, operation in item.items():
                    name = f"{method.upper()} {path}"
                    if method not in after:
                        yield f"{name} was removed."
                    else:
                        is_sent = section == "webhooks"
                        yield from self._operation(name, operation, after[method], is_sent=is_sent)

    def _operation(self, name: str, old: Json, new: Json, *, is_sent: bool) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            ids = f"{old['operationId']} to {new['operationId']}"
            yield f"The operationId of {name} was changed from {ids}."
        yield from self._parameters(name, old, new)
        before, after = _body(old), _body(new)
        if before is None and after is not None and new["requestBody"].get("required"):
            yield f"{name} has a required body, which it had not."
        elif before is not None and after is not None:
            is_newly_required = new["requestBody"].get("required") and not old["requestBody"].get(
                "required"
            )
            if is_newly_required:
                yield f"The body of {name} was optional and is required."
            kind = "body" if is_sent else "request"
            yield from self._schema(f"the {kind} of {name}", before, after, is_sent=is_sent)
        for status, response in old["responses"].items():
            if status >= "300":
                continue
            if status not in new["responses"]:
                yield f"{name} no longer has the response {status}."
                continue
            now = new["responses"][status].get("content", {})
            for media, content in response.get("content", {}).items():
                if media not in now:
                    yield f"The response {status} of {name} is no longer {media}."
                    continue
                where = f"the response of {name}"
                schemas = (content["schema"], now[media]["schema"])
                yield from self._schema(where, *schemas, is_sent=True)

    def _parameters(self, name: str, old: Json, new: Json) -> Iterator[str]:
        before, after = (
            {(each["in"], each["name"]): each for each in one.get("parameters", ())}
            for one in (old, new)
        )
        for place, each in after.items():
            was_required = before.get(place, {}).get("required", False)
            if each.get("required") and not was_required and place[0] != "path":
                yield f"The parameter {place[1]} of {name} is newly required."
        for place, each in before.items():
            if place not in after:
                yield f"The parameter {place[1]} of {name} was removed."
            else:
                where = f"the parameter {place[1]} of {name}"
                yield from self._schema(
                    where, each["schema"], after[place]["schema"], is_sent=False
                )

    def _schema(self, where: str, old: Json, new: Json, *, is_sent: bool) -> Iterator[str]:
        """Compare two schemas; ``is_sent`` says that paygate sends the value."""
        names = (old.get("$ref"), new.get("$ref"))
        if names[0] and names[1]:
            # A shared model is reported once, under its own name.
            key = (names[0], names[1], is_sent)
            if key in self._seen:
                return
            self._seen.add(key)
            where = names[0].removeprefix(_REFERENCE)
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        options, now = _options(old), _options(new)
        if len(options) > 1 or len(now) > 1:
            yield from self._alternatives(where, options, now, is_sent=is_sent)
            return
        yield from self._values(where, old, new, is_sent=is_sent)
        yield from self._fields(where, old, new, is_sent=is_sent)
        for part, after in zip(old.get("allOf", ()), new.get("allOf", ()), strict=False):
            yield from self._schema(where, part, after, is_sent=is_sent)
        if "items" in old and "items" in new:
            inside = (old["items"], new["items"])
            yield from self._schema(f"an item of {where}", *inside, is_sent=is_sent)

    def _values(self, where: str, old: Json, new: Json, *, is_sent: bool) -> Iterator[str]:
        before, after = _types(old), _types(new)
        if before and after and not (after <= before if is_sent else before <= after):
            now = " or ".join(sorted(after))
            yield f"The type of {where} was {' or '.join(sorted(before))} and is {now}."
        allowed, now_allowed = _enum(old), _enum(new)
        if allowed is None and now_allowed is not None and not is_sent:
            yield f"{_capital(where)} may only be one of {', '.join(map(str, now_allowed))} now."
        if allowed is not None and now_allowed is not None:
            gone = [str(value) for value in allowed if value not in now_allowed]
            if gone:
                yield f"{_capital(where)} no longer has the value {', '.join(gone)}."

    def _fields(self, where: str, old: Json, new: Json, *, is_sent: bool) -> Iterator[str]:
        if "properties" not in old or "properties" not in new:
            return
        required, now_required = set(old.get("required", ())), set(new.get("required", ()))
        for field, schema in old["properties"].items():
            if field not in new["properties"]:
                yield f"The field {field} of {where} was removed."
                continue
            if is_sent and field in required - now_required:
                yield f"The field {field} of {where} may be missing now."
            after = new["properties"][field]
            yield from self._schema(f"{where}.{field}", schema, after, is_sent=is_sent)
        if not is_sent:
            for field in sorted(now_required - required):
                yield f"The field {field} of {where} is newly required."

    def _alternatives(
        self, where: str, old: Mapping[str, Json], new: Mapping[str, Json], *, is_sent: bool
    ) -> Iterator[str]:
        for name, schema in old.items():
            if name in new:
                yield from self._schema(where, schema, new[name], is_sent=is_sent)
            elif not is_sent:
                yield f"{_capital(where)} may no longer be {name}."
        if is_sent:
            for name in sorted(new.keys() - old.keys()):
                yield f"{_capital(where)} may be {name} now."


def _body(operation: Json) -> Json | None:
    content = operation.get("requestBody", {}).get("content", {})
    found: Json | None = content.get("application/json", {}).get("schema")
    return found


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].removeprefix(_REFERENCE)]
    return schema


def _types(schema: Json) -> set[str]:
    found = schema.get("type", ())
    return {found} if isinstance(found, str) else set(found)


def _enum(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _options(schema: Json) -> Mapping[str, Json]:
    """Return what a value may be, by name: a model, a titled shape, or a type."""
    found: dict[str, Json] = {}
    for option in schema.get("anyOf") or schema.get("oneOf") or [schema]:
        reference = str(option.get("$ref", "")).removeprefix(_REFERENCE)
        if reference or "title" in option:
            found[reference or option["title"]] = option
            continue
        types = sorted(_types(option))
        found |= {name: {**option, "type": name} for name in types} or {"value": option}
    return found


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


if __name__ == "__main__":
    text = json.dumps(current_document(), indent=0, sort_keys=True, ensure_ascii=False)
    BASELINE.write_text(f"{text}\n")
