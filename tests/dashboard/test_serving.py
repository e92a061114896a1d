"""How the dashboard's files are served, and that they are built from its source."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from paygate.core.api.app import create_app
from paygate.core.api.pages.dashboard import (
    BUILT,
    DashboardSettings,
    create_dashboard,
)
from tests.harness.apps import TestApp

SOURCE = Path(__file__).parents[2] / "dashboard"
SOURCES = "index.html package-lock.json package.json public src tsconfig.json vite.config.ts"


@pytest.fixture
async def beside(app: TestApp) -> Any:
    """Provide a client of the API's own port."""
    return create_app(app.app.deps, app.app.web).test_client()


@pytest.fixture
async def alone(app: TestApp) -> Any:
    deps = app.app.deps
    settings = DashboardSettings(
        api_origin="http://localhost:8000", is_alone=True, test_merchant=deps.policy.test_merchant
    )
    return create_dashboard(deps.ids, settings).test_client()


async def text(client: Any, path: str) -> str:
    return str(await (await client.get(path)).get_data(as_text=True))


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/dashboard",
        "/dashboard/",
        "/dashboard/transactions",
        "/dashboard/transactions/pay_1",
    ],
)
async def test_every_path_serves_the_same_page(beside: Any, path: str):
    response = await beside.get(path)

    assert response.status_code == 200
    assert '<div id="root">' in await response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "no-cache"


async def test_the_policy_allows_only_own_scripts(beside: Any):
    response = await beside.get("/dashboard")

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert re.search(r"connect-src 'self';", policy)
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_each_response_has_a_new_nonce_that_the_page_uses(beside: Any):
    answers = [await beside.get("/dashboard") for _ in range(2)]

    nonces = [
        re.search(r"'nonce-(\w+)'", answer.headers["Content-Security-Policy"]) for answer in answers
    ]
    found = [nonce.group(1) for nonce in nonces if nonce]
    assert len(set(found)) == 2
    for nonce, answer in zip(found, answers, strict=True):
        assert f'<meta name="csp-nonce" content="{nonce}" />' in await answer.get_data(as_text=True)


async def test_assets_are_cached_permanently_and_the_page_is_not(beside: Any):
    page = await text(beside, "/dashboard")
    assets = re.findall(r'(?:src|href)="(/dashboard/assets/[^"]+)"', page)
    assert {asset.rsplit(".", 1)[1] for asset in assets} == {"js", "css"}

    for asset in assets:
        response = await beside.get(asset)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/dashboard/assets/none.js", "/dashboard/assets/../index.html"])
async def test_an_unknown_asset_is_not_found(beside: Any, path: str):
    response = await beside.get(path)

    assert response.status_code == 404 or '<div id="root">' in await response.get_data(as_text=True)
    assert "immutable" not in response.headers["Cache-Control"]


async def test_api_paths_are_not_served_by_the_dashboard(beside: Any):
    assert (await beside.get("/")).status_code == 200
    assert (await beside.get("/health")).status_code == 200
    assert (await (await beside.get("/api/v1/dashboard")).get_json())["error"]["code"] == (
        "NOT_FOUND_ERROR"
    )


async def test_on_its_own_port_the_page_contains_the_api_url(alone: Any):
    response = await alone.get("/login")

    page = await response.get_data(as_text=True)
    assert '<meta name="paygate-api" content="http://localhost:8000" />' in page
    assert (
        "connect-src 'self' http://localhost:8000;" in response.headers["Content-Security-Policy"]
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (await alone.get("/")).headers["Location"] == "/login"


async def test_only_the_test_merchants_credentials_are_in_the_page(alone: Any):
    page = await text(alone, "/login")

    assert '<meta name="paygate-test-key" content="key_test_abc123" />' in page
    assert "whsec_" not in page


async def test_without_a_test_merchant_the_page_contains_no_credentials(app: TestApp):
    page = await text(
        create_dashboard(app.app.deps.ids, DashboardSettings()).test_client(), "/login"
    )

    assert '<meta name="paygate-test-key" content="" />' in page
    assert '<meta name="paygate-test-secret" content="" />' in page


def test_the_built_files_are_made_from_this_source():
    """Run ``npm ci && npm run build`` in ``dashboard/`` when this fails."""
    paths = sorted(
        path.relative_to(SOURCE).as_posix()
        for name in SOURCES.split()
        for path in [SOURCE / name, *(SOURCE / name).rglob("*")]
        if path.is_file()
    )
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path}\0".encode() + (SOURCE / path).read_bytes() + b"\0")

    assert (BUILT / "built-from.txt").read_text().strip() == digest.hexdigest()
