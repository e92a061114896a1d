"""Customers. paygate has none: they are records of the dialect, and payments do not use them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from itertools import islice
from typing import Any

from paygate import Record, WireContext, WireRefusal, WireRequest

from .reading import COUNT_MAX, NO, body_of, key_of, notes_of, number

KIND, OWNER = "customer", "customer of a contact"
TEXTS = ("name", "email", "contact", "gstin")
CHARS_MAX = 255
READ_AT_ONCE = 101


async def create(asked: WireRequest, context: WireContext) -> Any:
    """``POST /v1/customers``.

    A customer with this e-mail address and this contact may exist already. It is refused, or with
    ``fail_existing`` 0 returned.

    Raises:
        WireRefusal: There is such a customer, or a field is invalid.
    """
    body = body_of(asked)
    data = {**dict.fromkeys(TEXTS), **_texts(body), "notes": notes_of(body)}
    # A request that is repeated with its key gets the customer of the first one.
    seed = key_of(asked) or asked.id
    id = f"cust_{sha256(seed.encode(errors='replace')).hexdigest()[:14]}"
    given_id = await _id_for(data, id, context)
    created = await context.records.put(KIND, given_id, data, version=0)
    if created is None and given_id != id and body.get("fail_existing") not in NO:
        raise already_exists()
    return customer_entity(created or await _customer(given_id, context))


async def update(asked: WireRequest, context: WireContext) -> Any:
    """``PUT /v1/customers/{customer_id}``: changes the fields that are given.

    Raises:
        WireRefusal: Another customer has this e-mail address and this contact.
    """
    body = body_of(asked)
    while True:
        customer = await _customer(asked.places["customer_id"], context)
        data = {**customer.data, **_texts(body)}
        if "notes" in body:
            data["notes"] = notes_of(body)
        if await _id_for(data, customer.id, context) != customer.id:
            raise already_exists()
        changed = await context.records.put(KIND, customer.id, data, version=customer.version)
        # Without it, another request has changed the customer meanwhile.
        if changed is not None:
            return customer_entity(changed)


async def show(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/customers/{customer_id}``."""
    return customer_entity(await _customer(asked.places["customer_id"], context))


async def index(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/customers``, the newest first."""
    query = dict(asked.query)
    count, skip = min(number(query, "count", 10), COUNT_MAX), number(query, "skip", 0)
    rows: list[Record] = []
    after: Record | None = None
    while len(rows) < skip + count:
        more = await context.records.list(KIND, limit=READ_AT_ONCE, after=after)
        rows += more
        if len(more) < READ_AT_ONCE:
            break
        after = more[-1]
    items = [customer_entity(row) for row in islice(rows, skip, skip + count)]
    return {"entity": "collection", "count": len(items), "items": items}


def already_exists() -> WireRefusal:
    """Return the refusal of a second customer with the same e-mail address and contact."""
    return WireRefusal(400, "BAD_REQUEST_ERROR", "Customer already exists for the merchant")


def customer_entity(customer: Record) -> dict[str, Any]:
    """Return a customer."""
    return {
        "id": customer.id,
        "entity": "customer",
        **{name: customer.data[name] for name in TEXTS},
        # Without any notes it is an array there.
        "notes": customer.data["notes"] or [],
        "created_at": int(customer.created_at.timestamp()),
    }


def _texts(body: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the given texts; an empty one is none."""
    texts = {name: body[name] for name in TEXTS if name in body}
    for name, text in texts.items():
        if text is not None and (not isinstance(text, str) or len(text) > CHARS_MAX):
            raise WireRefusal(
                400,
                "BAD_REQUEST_ERROR",
                f"The {name} must be a text of at most {CHARS_MAX} characters.",
                field=name,
            )
    return {name: text or None for name, text in texts.items()}


async def _customer(id: str, context: WireContext) -> Record:
    found = await context.records.get(KIND, id)
    if found is None:
        raise WireRefusal(404, "NOT_FOUND_ERROR", "The id provided does not exist")
    return found


async def _id_for(data: Mapping[str, Any], id: str, context: WireContext) -> str:
    """Return the id of the customer with an e-mail address and a contact.

    Args:
        data: The customer's fields.
        id: The id if there is none yet. It is then kept for this customer: a concurrent request
            gets it too.
        context: The request's context.
    """
    contact = (data["email"], data["contact"])
    if contact == (None, None):
        return id
    key = sha256(repr(contact).encode(errors="replace")).hexdigest()
    while True:
        kept = await context.records.get(OWNER, key)
        if kept is not None:
            owner = await context.records.get(KIND, kept.data["id"])
            if owner is None or (owner.data["email"], owner.data["contact"]) == contact:
                return str(kept.data["id"])
        # The customer that had them has others now.
        version = 0 if kept is None else kept.version
        if await context.records.put(OWNER, key, {"id": id}, version=version) is not None:
            return id
