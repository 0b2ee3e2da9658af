"""The addresses of the page, and what they answer."""

import asyncio
import html
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from daemon import __version__
from daemon.hearing.model_file import Contract
from daemon.web.health import Snapshot, find_problems, report_of
from daemon.web.page.access.gate import COOKIE, error_of, key_of
from daemon.web.page.access.ingress import base_of
from daemon.web.page.access.logins import SESSION_SECONDS, Logins
from daemon.web.page.bodies import json_answer, small_body
from daemon.web.page.hear.analysis import Method
from daemon.web.page.hear.hear_route import HearRoute
from daemon.web.page.history.history_route import HistoryRoute
from daemon.web.page.history.page_history import PageHistory
from daemon.web.page.live.live import Live
from daemon.web.page.static_files import filled, static_files
from daemon.web.page.streaming import LastingResponse
from daemon.web.page.words import language_of, words


class _Command(msgspec.Struct, forbid_unknown_fields=True):
    place: str
    leaf: str
    value: str


class PageParts(NamedTuple):
    """What the page shows."""

    live: Live
    """What is heard and what changes."""
    snapshot: Snapshot
    """Returns the health."""
    contract: Contract
    """The model."""
    metrics: Callable[[], bytes] | None
    """Returns the metrics; None without the package for them."""
    method: Method
    """How recordings are analysed."""
    history: PageHistory
    """What was played."""
    others: Mapping[str, Method] = MappingProxyType({})
    """The same with other models, by their titles."""

    @property
    def methods(self) -> Mapping[str, Method]:
        """All ways to analyse recordings, by the titles of their models; the usual one first."""
        return {self.contract.title: self.method, **self.others}


class Routes:
    """Answers the requests that `Access` lets through."""

    def __init__(self, parts: PageParts, logins: Logins, hear: HearRoute) -> None:
        self._parts = parts
        self._logins = logins
        self._hear = hear
        # One log-in at a time: each takes 16 MB.
        self._one_login = asyncio.Lock()
        self._started = time.time()

    def application(self) -> Starlette:
        """Return the application."""
        get, post = ["GET"], ["POST"]
        return Starlette(
            routes=[
                Route("/", self._index, methods=get),
                Route("/login", self._login_page, methods=get),
                Route("/login", self._log_in, methods=post),
                Route("/logout", self._log_out, methods=post),
                Route("/static/{name}", _static, methods=get),
                Route("/healthz", self._healthz, methods=get),
                Route("/metrics", self._metrics, methods=get),
                Route("/api/live", self._live, methods=get),
                Route("/api/health", self._health, methods=get),
                Route("/api/set", self._set, methods=post),
                Route("/api/hear", self._hear.answer, methods=post),
                Route("/api/hear", self._hear.models, methods=get),
                *HistoryRoute(self._parts.history, self._names).routes(),
            ],
            exception_handlers={404: _not_found, 405: _wrong_method},
        )

    def _names(self) -> list[str]:
        return [place.node.name for place in self._parts.live.places()]

    async def _index(self, request: Request) -> Response:
        session, nonce = request.state.session, request.state.nonce
        base = base_of(request.headers)
        base = f'<base href="{base}">' if base and request.state.is_ingress else ""
        page = filled("index.html", nonce=nonce, token=session.token, base=base)
        needs_login = "" if self._logins.password is not None else "hidden"
        return HTMLResponse(page.replace("{{logout}}", needs_login))

    async def _login_page(self, request: Request) -> Response:
        if request.state.session is not None:
            return RedirectResponse("./", 303)
        return _login_form(request)

    async def _log_in(self, request: Request) -> Response:
        if (password := self._logins.password) is None:
            return RedirectResponse("./", 303)
        client = "" if request.client is None else request.client.host
        if not self._logins.may_try(client):
            return _login_form(request, "login_too_often", 429)
        body = await small_body(request)
        fields = parse_qs((body or b"").decode("utf-8", "replace"), max_num_fields=4)
        given = fields.get("password", [""])[0]
        async with self._one_login:
            is_right = await asyncio.to_thread(password.matches, given)
        if not is_right:
            return _login_form(request, "login_wrong", 401)
        answer = RedirectResponse("./", 303)
        # Without a path, the cookie belongs to the folder of the page, also behind a proxy.
        answer.set_cookie(
            COOKIE,
            self._logins.begin(),
            max_age=round(SESSION_SECONDS),
            path=None,
            secure=request.headers.get("x-forwarded-proto") == "https",
            httponly=True,
            samesite="strict",
        )
        return answer

    async def _log_out(self, request: Request) -> Response:
        key = key_of(request.headers)
        self._logins.end(key)
        self._parts.live.watchers.close_of(key)
        return Response(status_code=204)

    async def _live(self, request: Request) -> Response:
        live = self._parts.live
        watcher = live.watchers.add(live.snapshot, key_of(request.headers))
        if watcher is None:
            return error_of(503, "too many browsers watch at the same time; close one")

        async def release() -> None:
            live.watchers.remove(watcher)

        headers = {"x-accel-buffering": "no"}
        return LastingResponse(watcher.messages(), "text/event-stream", release, headers)

    async def _set(self, request: Request) -> Response:
        try:
            command = msgspec.json.decode(await small_body(request) or b"", type=_Command)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return error_of(400, "send a place, a leaf and a value")
        places = {place.node.name: place for place in self._parts.live.places()}
        place = places.get(command.place)
        if place is None:
            return error_of(404, "there is no such place")
        if (refusal := place.refusal(command.leaf, command.value)) is not None:
            return error_of(422, refusal)
        topic = place.node.topic(f"{command.leaf}/set")
        if not place.command(topic, command.value.encode()):
            return error_of(429, "too many changes at once; wait a moment")
        return Response(status_code=202)

    async def _healthz(self, request: Request) -> Response:  # noqa: ARG002
        health = self._parts.snapshot()
        problems = find_problems(health, time.monotonic())
        return json_answer(report_of(health, problems), 503 if problems else 200)

    async def _metrics(self, request: Request) -> Response:  # noqa: ARG002
        if self._parts.metrics is None:
            return error_of(404, "metrics need the package prometheus-client")
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Response(self._parts.metrics(), headers={"content-type": kind})

    async def _health(self, request: Request) -> Response:  # noqa: ARG002
        health, contract = self._parts.snapshot(), self._parts.contract
        provenance = contract.provenance
        body = {
            "version": __version__,
            "started": self._started,
            "problems": find_problems(health, time.monotonic()),
            "broker": health.broker,
            "places": [
                {"name": name, "state": its.state, "reason": its.reason, "counters": its.counters}
                for name, its in health.nodes.items()
            ],
            "model": {
                "title": contract.title,
                "families": dict(zip(contract.families, contract.thresholds, strict=True)),
                "genres": contract.genres,
                "base": provenance.base,
                "licence": provenance.base_licence,
                "figures": provenance.metrics,
                "sha256": contract.tflite_sha256,
            },
        }
        return json_answer(body)


async def _static(request: Request) -> Response:
    file = static_files().get(request.path_params["name"])
    if file is None or file.kind.startswith("text/html"):
        return error_of(404, "there is no such file")
    headers = {"etag": file.tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    headers |= {"content-type": file.kind, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.gzipped, headers=headers | {"content-encoding": "gzip"})
    return Response(file.content, headers=headers)


def _login_form(request: Request, fault: str | None = None, code: int = 200) -> Response:
    language = language_of(request.headers.get("accept-language", ""))
    text = words(language)
    values = {key: html.escape(text[f"login_{key}"]) for key in ("title", "password", "button")}
    page = filled(
        "login.html",
        nonce=request.state.nonce,
        language=language,
        fault=html.escape(text[fault]) if fault else "",
        **values,
    )
    return HTMLResponse(page, code)


async def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return error_of(404, "there is no such page")


async def _wrong_method(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return error_of(405, "the method is not supported here")
