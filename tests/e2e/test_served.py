"""How the files are served."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

import aiohttp
import pytest

from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")

SDK_GZIPPED_BYTES_MAX = 12_000


async def fetch(address: str, **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(address, headers=headers) as response,
    ):
        return response, await response.read()


@pytest.mark.parametrize("path", ["/checkout", "/success", "/failure", "/sdk/checkout.html"])
async def test_the_content_security_policy_allows_only_own_files(
    gateway: Gateway, path: str
) -> None:
    response, body = await fetch(gateway.base + path)

    policy = response.headers["Content-Security-Policy"]
    assert response.status == 200
    assert "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors" not in policy, "merchants frame it, from files too"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-cache"
    assert b"style=" not in body


@pytest.mark.parametrize("path", ["/checkout.js", "/sdk/checkout.js", "/checkout.mjs"])
async def test_the_script_is_small_and_may_be_loaded_by_any_page(
    gateway: Gateway, path: str
) -> None:
    response, body = await fetch(gateway.base + path)

    assert response.status == 200
    assert response.content_type == "text/javascript"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(gzip.compress(body)) < SDK_GZIPPED_BYTES_MAX


async def test_the_script_supports_subresource_integrity(gateway: Gateway) -> None:
    _, body = await fetch(f"{gateway.base}/checkout/integrity.json")
    published = json.loads(body)
    served = {
        name: (await fetch(f"{gateway.base}/{name}"))[1] for name in ("checkout.js", "checkout.mjs")
    }

    for name, script in served.items():
        digest = base64.b64encode(hashlib.sha384(script).digest()).decode()
        assert published[name] == f"sha384-{digest}"


async def test_an_unchanged_script_gets_304(gateway: Gateway) -> None:
    first, _ = await fetch(f"{gateway.base}/checkout.js")
    tag = first.headers["ETag"]
    again, body = await fetch(f"{gateway.base}/checkout.js", **{"If-None-Match": tag})

    assert (again.status, body) == (304, b"")
    assert again.headers["ETag"] == tag


async def test_assets_of_the_page_are_cached_permanently(gateway: Gateway) -> None:
    _, page = await fetch(f"{gateway.base}/checkout")
    names = [part.split('"')[0] for part in page.decode().split('"/checkout/assets/')[1:]]
    answers = [(await fetch(f"{gateway.base}/checkout/assets/{name}"))[0] for name in names]

    assert len(names) >= 2
    assert {answer.status for answer in answers} == {200}
    assert all("immutable" in answer.headers["Cache-Control"] for answer in answers)


@pytest.mark.parametrize("name", ["nope.js", "..%2Findex.html", "../index.html"])
async def test_the_folder_contains_only_served_files(gateway: Gateway, name: str) -> None:
    response, _ = await fetch(f"{gateway.base}/checkout/assets/{name}")

    assert response.status == 404


async def test_the_methods_are_listed_with_their_schemas(gateway: Gateway) -> None:
    _, body = await gateway.client.call("GET", "/api/v1/checkout/methods")

    methods = {method["name"]: method for method in body["data"]}
    assert set(methods) == {"upi", "card", "wallet"}
    assert methods["upi"]["title"] == "UPI"
    assert methods["upi"]["flows"] == ["collect", "intent", "qr"]
    assert "vpa" in methods["upi"]["schema"]["properties"]
    assert methods["wallet"]["schema"]["required"] == ["wallet_id"]
