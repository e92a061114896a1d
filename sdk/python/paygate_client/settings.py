"""Where the server is, and the merchant's keys."""

from __future__ import annotations

import os
from collections.abc import Generator

import httpx

from .errors import ConfigurationError

API = "/api/v1"
VERSION = "0.1.0"


class KeyPair(httpx.Auth):
    """The merchant's keys. They are added to each request, and shown nowhere.

    Args:
        api_key: From ``PAYGATE_API_KEY`` if None.
        api_secret: From ``PAYGATE_API_SECRET`` if None.

    Raises:
        ConfigurationError: One is missing, or cannot be sent as a header.
    """

    def __init__(self, api_key: str | None, api_secret: str | None) -> None:
        self._headers = {
            "X-Api-Key": _given("PAYGATE_API_KEY", "api_key", api_key),
            "X-Api-Secret": _given("PAYGATE_API_SECRET", "api_secret", api_secret),
        }

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the keys to a request."""
        request.headers.update(self._headers)
        yield request

    def __repr__(self) -> str:
        return "KeyPair(…)"


def _given(variable: str, argument: str, value: str | None) -> str:
    found = os.environ.get(variable, "") if value is None else value
    if not found:
        raise ConfigurationError(f"There is no {argument}: pass it, or set {variable}")
    if not found.isascii() or not found.isprintable():
        raise ConfigurationError(f"{argument} has characters that no key has, such as a line end")
    return found


def api_url_of(base_url: str | None) -> httpx.URL:
    """Return the URL of the API, without a slash at its end.

    Args:
        base_url: The server, with or without ``/api/v1``; from ``PAYGATE_URL`` if None.

    Raises:
        ConfigurationError: It is missing, or is not a URL.
    """
    found = os.environ.get("PAYGATE_URL", "") if base_url is None else base_url
    if not found:
        raise ConfigurationError("There is no base_url: pass it, or set PAYGATE_URL")
    try:
        url = httpx.URL(found)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigurationError("base_url must be a URL such as https://pay.example")
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError("base_url must have no user, no query and no fragment")
    path = url.path.rstrip("/").removesuffix(API)
    return url.copy_with(path=f"{path}{API}")


def headers_of_library() -> dict[str, str]:
    """Return headers of every request."""
    return {"User-Agent": f"paygate-client/{VERSION} httpx/{httpx.__version__}"}
