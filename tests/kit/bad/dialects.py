"""A good dialect, and dialects that are bad in one thing each."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode

from paygate import Credentials, WireDialect, WireRefusal, WireReply, WireRequest, WireRoute
from paygate.testing.kit.cases import DialectCase
from tests.kit.bad.processors import breaks


class GoodDialect:
    def dialect(self):
        routes = (
            WireRoute("POST", "/v9/orders", self.create),
            WireRoute("GET", "/v9/orders/{id}", self.show),
        )
        return WireDialect("good", routes, self.authenticate, self.refuse)

    def authenticate(self, headers):
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return None
        try:
            return self.decoded(encoded)
        except ValueError:
            return None

    def decoded(self, encoded):
        key, _, secret = b64decode(encoded, validate=True).decode().partition(":")
        return Credentials(key, secret)

    def refuse(self, refusal):
        return WireReply({"error": {"message": refusal.description}}, refusal.status)

    def body(self, asked):
        body = asked.json()
        if not isinstance(body, dict):
            raise WireRefusal(400, "BAD_REQUEST_ERROR", "The body must be an object")
        return body

    def key(self, asked):
        return asked.headers.get("x-idempotency")

    async def create(self, asked, context):
        body = {"amount": self.body(asked).get("amount")}
        return await context.gateway.call(
            "POST", "/orders", body=body, idempotency_key=self.key(asked)
        )

    async def show(self, asked, context):
        return await context.gateway.call("GET", f"/orders/{asked.places['id']}")


def keys(key, secret):
    return {"authorization": f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"}


REPEATED = WireRequest(
    "POST", "/v9/orders", {}, (), {"x-idempotency": "tea"}, b'{"amount": 500}', "req_1"
)


def dialect_case(kind=GoodDialect):
    return DialectCase(make=lambda context: kind().dialect(), keys=keys, repeated=REPEATED)


@breaks("dialect.requires_authentication")
class LetsEveryoneIn(GoodDialect):
    def authenticate(self, headers):
        if "authorization" not in headers:
            return Credentials("key_of_the_shop", "secret_of_the_shop")
        return super().authenticate(headers)


@breaks("dialect.reads_the_keys")
class TakesTheKeyForTheSecret(GoodDialect):
    def decoded(self, encoded):
        found = super().decoded(encoded)
        return Credentials(found.secret, found.key)


@breaks("dialect.accepts_malformed_headers")
class RaisesForMalformedKeys(GoodDialect):
    def authenticate(self, headers):
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        return self.decoded(encoded) if scheme == "Basic" else None


@breaks("dialect.refuses_with_a_status_of_an_error")
class RefusesWith200(GoodDialect):
    def refuse(self, refusal):
        reply = super().refuse(refusal)
        return WireReply(reply.body) if refusal.status == 404 else reply


@breaks("dialect.refuses_with_a_status_of_an_error")
class TakesAConflictForAFailure(GoodDialect):
    def refuse(self, refusal):
        reply = super().refuse(refusal)
        return WireReply(reply.body, 500) if refusal.status == 409 else reply


@breaks("dialect.refuses_in_one_format")
class RefusesInTwoFormats(GoodDialect):
    def refuse(self, refusal):
        if refusal.status == 429:
            return WireReply({"message": refusal.description}, refusal.status)
        return super().refuse(refusal)


@breaks("dialect.refuses_in_one_format")
class RefusesWithoutABody(GoodDialect):
    def refuse(self, refusal):
        return WireReply({}, 401) if refusal.status == 401 else super().refuse(refusal)


@breaks("dialect.names_unserved_requests")
class HidesWhatIsNotServed(GoodDialect):
    def refuse(self, refusal):
        if refusal.status == 501:
            return WireReply({"error": {"message": "Not implemented"}}, 501)
        return super().refuse(refusal)


@breaks("dialect.names_unserved_requests")
class TakesAnUnservedRequestForAnUnknownId(GoodDialect):
    def refuse(self, refusal):
        reply = super().refuse(refusal)
        return WireReply(reply.body, 404) if refusal.status == 501 else reply


@breaks("dialect.handles_hostile_input")
class BelievesThatTheBodyIsAnObject(GoodDialect):
    def body(self, asked):
        return asked.json()


@breaks("dialect.handles_hostile_input")
class AnswersLongIdsWith500(GoodDialect):
    async def show(self, asked, context):
        if len(asked.places["id"]) > 100:
            return WireReply({"error": {"message": "too long"}}, 500)
        return await super().show(asked, context)


@breaks("dialect.passes_the_idempotency_key_on")
class DropsTheIdempotencyKey(GoodDialect):
    def key(self, asked):
        return None


@breaks("dialect.passes_the_idempotency_key_on")
class MakesAKeyOfEachRequest(GoodDialect):
    def key(self, asked):
        return asked.id


@breaks("dialect.passes_the_idempotency_key_on")
class MakesOneKeyForAll(GoodDialect):
    def key(self, asked):
        return asked.path


@breaks("dialect.reads_no_clock")
class ReadsTheClock(GoodDialect):
    async def show(self, asked, context):
        time.time()
        return await super().show(asked, context)


SHOWN: list[str] = []


@breaks("dialect.stores_nothing_global")
class StoresIds(GoodDialect):
    async def show(self, asked, context):
        SHOWN.append(asked.path)
        return await super().show(asked, context)
