"""Customers."""

from __future__ import annotations

from typing import Any

from paygate import Record

from .call import Call
from .errors import missing
from .forms import Params
from .lists import records_page
from .methods import method_of
from .shapes import customer_object, page

KIND = "customer"
TEXTS = ("name", "email", "phone", "description")
OBJECTS = ("address", "shipping", "invoice_settings")


async def customer_of(call: Call, id: str, *, param: str = "id") -> Record:
    """Return a customer that is not deleted.

    Raises:
        StripeError: There is none with that id.
    """
    found = await call.stored(KIND, id)
    if found is None or found.data.get("deleted"):
        raise missing("customer", id, param=param)
    return found


def _change(data: dict[str, Any], params: Params) -> None:
    for name in TEXTS:
        if name in params.given:
            data[name] = params.text(name)
    for name in OBJECTS:
        if name in params.given:
            data[name] = dict(params.fields(name)) or None
    if "metadata" in params.given:
        data["metadata"] = params.metadata(data.get("metadata"))


async def create(call: Call) -> Any:
    """``POST /v1/customers``."""
    call.params.only(*TEXTS, *OBJECTS, "metadata", "payment_method")
    data: dict[str, Any] = {}
    _change(data, call.params)
    customer = await call.add(KIND, call.new_id("cus_", 14), data)
    if (id := call.params.text("payment_method")) is not None:

        def attach(of: dict[str, Any]) -> None:
            of["customer"] = customer.id

        await call.change(await method_of(call, id), attach)
    return customer_object(customer)


async def show(call: Call) -> Any:
    """``GET /v1/customers/{id}``; a deleted one says that it is."""
    call.params.only()
    found = await call.stored(KIND, call.place("id"))
    if found is None:
        raise missing("customer", call.place("id"))
    return customer_object(found)


async def index(call: Call) -> Any:
    """``GET /v1/customers``, the newest first; ``email`` finds those with that address."""
    call.params.only("limit", "starting_after", "email")
    email = call.params.text("email")
    rows, has_more = await records_page(
        call,
        KIND,
        "customer",
        lambda data: not data.get("deleted") and email in {None, data.get("email")},
    )
    return page("/v1/customers", [customer_object(row) for row in rows], has_more=has_more)


async def update(call: Call) -> Any:
    """``POST /v1/customers/{id}``."""
    call.params.only(*TEXTS, *OBJECTS, "metadata")
    customer = await customer_of(call, call.place("id"))
    return customer_object(await call.change(customer, lambda data: _change(data, call.params)))


async def remove(call: Call) -> Any:
    """``DELETE /v1/customers/{id}``: nothing is left but its id."""
    call.params.only()
    customer = await customer_of(call, call.place("id"))

    def erase(data: dict[str, Any]) -> None:
        data.clear()
        data["deleted"] = True

    return customer_object(await call.change(customer, erase))
