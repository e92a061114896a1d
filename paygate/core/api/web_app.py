"""Quart, without the work for each request that no route here needs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache, partial
from typing import Any

from quart import Quart, Request
from quart.asgi import ASGIHTTPConnection
from quart.ctx import RequestContext
from quart.globals import _cv_app, _cv_request, request_ctx
from quart.routing import QuartRule
from quart.utils import encode_headers
from quart.wrappers.base import BaseRequestWebsocket
from quart.wrappers.response import DataBody
from werkzeug.datastructures import Headers, ImmutableHeadersMixin
from werkzeug.routing import MapAdapter

from .bodies import read_body, refused_scope

# A disconnection during a shorter request is not noticed: such a request is handled to its end.
WATCHED_AFTER_S = 0.5


class LazyRule(QuartRule):
    """A route that is ready to match at once, and compiles its URL builder on first use.

    werkzeug compiles two functions per route for building URLs, which takes most of the
    start-up time; paygate builds no URLs.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        compiled: list[Callable[..., Any]] = []

        def build(rule: QuartRule, *args: Any, **kwargs: Any) -> Any:
            if not compiled:
                compiled.append(super(LazyRule, self)._compile_builder(append_unknown))
            return compiled[0](rule, *args, **kwargs)

        return build


class RequestHeaders(ImmutableHeadersMixin, Headers):  # type: ignore[misc]  # as in werkzeug
    """Headers that cannot be changed, of which each is found without a search.

    Args:
        pairs: Names and values. Of repeated headers, the first one is found.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._list = list(pairs)
        self._first: dict[str, str] = {}
        for name, value in self._list:
            self._first.setdefault(name.lower(), value)

    def _get_key(self, key: str) -> str:
        found = self._first.get(key.lower())
        return super()._get_key(key) if found is None else found

    def get(self, key: str, default: Any = None, type: Callable[[str], Any] | None = None) -> Any:  # type: ignore[override]  # overloaded there
        """Return the value of a header, or the default."""
        if type is not None:
            return super().get(key, default, type)
        return self._first.get(key.lower(), default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._first


@lru_cache(maxsize=256)
def _name_of_header(name: bytes) -> str:
    return name.decode("latin-1").title()


class HttpConnection(ASGIHTTPConnection):
    """A request that is handled in the task of the HTTP server, once its body is complete.

    Quart starts three tasks for each request: they read messages, handle the request, and send
    the response.
    """

    async def __call__(self, receive: Any, send: Any) -> None:
        """Read the body within the limits, handle the request, and send the response."""
        body, refusal = await read_body(receive, self.scope["headers"])
        if body is None:
            return
        if refusal is not None:
            self.scope = refused_scope(self.scope, refusal)
        request = self._create_request_from_scope(send)
        request.body.set_result(body)
        watch = _Watch(lambda: self.handle_messages(request, receive))
        try:
            await self.handle_request(request, send)
        except asyncio.CancelledError:
            if not watch.is_disconnected:
                raise
        finally:
            watch.stop()

    def _create_request_from_scope(self, send: Any) -> Request:
        """Return the request, as Quart does."""
        scope: Any = self.scope
        client = scope.get("client")
        headers = RequestHeaders(
            [
                ("Remote-Addr", client[0] if client else "<local>"),
                *(
                    (_name_of_header(name), value.decode("latin-1"))
                    for name, value in scope["headers"]
                ),
            ]
        )
        return self.app.request_class(
            scope["method"],
            scope["scheme"],
            scope["path"],
            scope["query_string"],
            headers,
            scope.get("root_path", ""),
            scope["http_version"],
            max_content_length=self.app.config["MAX_CONTENT_LENGTH"],
            body_timeout=self.app.config["BODY_TIMEOUT"],
            send_push_promise=partial(self._send_push_promise, send),
            scope=scope,
        )

    async def handle_request(self, request: Request, send: Any) -> None:
        """Handle the request and send the response, as Quart does."""
        response = await self.app.handle_request(request)
        timeout_s = getattr(response, "timeout", ...)
        if timeout_s is ...:
            timeout_s = self.app.config["RESPONSE_TIMEOUT"]
        # The client reads it slowly or not at all.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._send_response(send, response)

    async def _send_response(self, send: Any, response: Any) -> None:
        body = response.response
        if not isinstance(body, DataBody):
            await super()._send_response(send, response)
            return
        headers = encode_headers(response.headers)
        head = {"type": "http.response.start", "status": response.status_code, "headers": headers}
        await send(head)
        await send({"type": "http.response.body", "body": body.data[body.begin : body.end]})


class _Watch:
    """Cancels the current task when its client disconnects, if it handles a long request."""

    is_disconnected = False

    def __init__(self, until_disconnected: Callable[[], Awaitable[None]]) -> None:
        self._until_disconnected = until_disconnected
        self._handling = asyncio.current_task()
        self._watching: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCHED_AFTER_S, self._begin)

    def stop(self) -> None:
        """Watch no longer: the response is sent."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        await self._until_disconnected()
        self.is_disconnected = True
        assert self._handling is not None, "a request is handled in a task"
        self._handling.cancel()


class _Context(RequestContext):
    """The context of a request, without sessions, signals and functions for its end."""

    async def push(self) -> None:
        self._app_token = _cv_app.set(self.app.app_context())
        self._request_token = _cv_request.set(self)
        self.match_request()

    async def pop(self, _exc: BaseException | None = None) -> None:
        _cv_request.reset(self._request_token)
        _cv_app.reset(self._app_token)


class WebApp(Quart):
    """A Quart app that does for each request only what the routes of paygate use.

    Its handlers are coroutine functions. The functions before and after a request belong to the
    app and not to a blueprint. There are no sessions of Quart, and no functions for the end of a
    request.
    """

    asgi_http_class = HttpConnection
    url_rule_class = LazyRule

    def create_url_adapter(self, request: BaseRequestWebsocket | None) -> MapAdapter | None:
        """Return what finds the route of a request; no route depends on the host."""
        if request is None:
            return None
        return self.url_map.bind(
            request.host,
            request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
            query_args=request.query_string.decode("latin-1"),
        )

    def request_context(self, request: Request) -> RequestContext:
        """Return the context of a request."""
        return _Context(self, request)

    async def preprocess_request(self, _context: RequestContext | None = None) -> Any:
        """Call the functions before a request until one has a response."""
        for function in self.before_request_funcs[None]:
            if (response := await function()) is not None:  # type: ignore[misc]  # a coroutine
                return response
        return None

    async def dispatch_request(self, request_context: RequestContext | None = None) -> Any:
        """Call the handler of the route."""
        request = (request_context or request_ctx).request
        if request.routing_exception is not None:
            raise request.routing_exception
        assert request.url_rule is not None, "a request without an error has a route"
        if request.method == "OPTIONS" and request.url_rule.provide_automatic_options:
            return await self.make_default_options_response()
        handler: Any = self.view_functions[request.url_rule.endpoint]
        return await handler(**request.view_args or {})

    async def process_response(self, response: Any, _context: RequestContext | None = None) -> Any:
        """Call the functions after a request."""
        for function in self.after_request_funcs[None]:
            response = await function(response)
        return response
