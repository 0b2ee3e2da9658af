"""Let only those requests through that may be answered, and add the security headers."""

import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from h11 import LocalProtocolError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response

from daemon.system.limited_log import LimitedLog
from daemon.web.page.access.hosts import Hosts, host_of, is_loopback
from daemon.web.page.access.logins import Logins, Session, is_token

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "timbrel"
"""The cookie with the key of a session."""
TOKEN_HEADER = "x-timbrel-page"  # noqa: S105
"""The header in which requests repeat the session's token."""
MACHINE_PATHS = frozenset({"/healthz", "/metrics"})
"""Paths for programs on this machine, which need no password there."""
_OPEN_PATHS = ("/login", "/static/")
_METHODS = {"GET", "HEAD", "POST"}
# Headers by which a proxy tells that somebody else asks.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
}


def content_security_policy(nonce: str, frame: str = "'none'") -> str:
    """Return the policy of one answer: scripts and styles need the nonce, nothing else loads.

    `frame` is the source of pages that may show this one in a frame and give it a base address.

    Browsers give no nonce to the script that records on the audio thread, so files of the page are
    allowed, too: none of them contains what somebody else has sent.
    """
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'self'; style-src 'nonce-{nonce}'; "
        "connect-src 'self'; img-src 'self'; media-src blob:; form-action 'self'; "
        f"base-uri {frame}; frame-ancestors {frame}"
    )


class Access:
    """Answers requests that may not reach the `application`, and passes the others on.

    The application finds the session in the scope's state as `session`, and the nonce as `nonce`.
    `hosts` None: every connection comes from Home Assistant's ingress, which may put the page in a
    frame, whose names for this machine are not known here, and which has logged its user in.
    """

    def __init__(self, application: Application, hosts: Hosts | None, logins: Logins) -> None:
        self._application = application
        self._hosts = hosts
        self._logins = logins
        self._limited_log = LimitedLog(log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        nonce = secrets.token_urlsafe(16)
        has_begun = False

        async def send_protected(message: MutableMapping[str, Any]) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                if self._hosts is None:
                    headers["x-frame-options"] = "SAMEORIGIN"
                frame = "'none'" if self._hosts is not None else "'self'"
                headers["content-security-policy"] = content_security_policy(nonce, frame)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        scope["state"] |= {"nonce": nonce, "is_ingress": self._hosts is None}
        try:
            refusal = self._refusal(scope)
            await (refusal or self._application)(scope, receive, send_protected)
        except LocalProtocolError:
            # The client has broken the connection's rules, so there is nobody to answer.
            return
        except Exception as error:  # noqa: BLE001
            text = f"page: {scope['path'][:100]!a}: {type(error).__name__}: {error}"
            self._limited_log.log(logging.ERROR, text)
            if not has_begun:
                await error_of(500, "internal error; see the log")(scope, receive, send_protected)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that may not pass; None if it may."""
        headers = Headers(scope=scope)
        if self._hosts is not None and not self._hosts.allow(headers.get("host", "")):
            text = "unknown host name; add it to web.hosts, or use the machine's address"
            return error_of(421, text)
        if scope["method"] not in _METHODS:
            return error_of(405, "the method is not supported")
        is_forwarded = self._hosts is not None and any(name in headers for name in _FORWARDED)
        client = scope.get("client") or ("", 0)
        if scope["path"] in MACHINE_PATHS and is_loopback(client[0]) and not is_forwarded:
            return None
        return self._refusal_of_browser(scope, headers, is_forwarded=is_forwarded)

    def _refusal_of_browser(
        self, scope: Scope, headers: Headers, *, is_forwarded: bool
    ) -> Response | None:
        if is_forwarded and self._logins.password is None:
            text = "behind a proxy the page needs a password; set one with `timbrel web-password`"
            return error_of(403, text)
        session = self._logins.session(key_of(headers))
        scope["state"]["session"] = session
        if scope["method"] == "POST":
            names = ("host",) if self._hosts is not None else ("host", "x-forwarded-host")
            ours = frozenset(host_of(headers.get(name, "")) for name in names)
            return _post_refusal(scope["path"], headers, session, ours)
        if session is not None or scope["path"].startswith(_OPEN_PATHS):
            return None
        is_page = scope["path"] == "/"
        return RedirectResponse("login", 303) if is_page else error_of(401, "log in first")


def _post_refusal(
    path: str, headers: Headers, session: Session | None, ours: frozenset[str]
) -> Response | None:
    """Return the answer to a request that must not change anything; None if it may.

    `ours` are the hosts of the page.
    """
    if not _is_same_origin(headers, ours):
        return error_of(403, "the request came from another web page")
    if path == "/login":
        return None
    if session is None:
        return error_of(401, "log in first")
    if not is_token(session, headers.get(TOKEN_HEADER, "")):
        return error_of(403, "the page is out of date; reload it")
    return None


def error_of(code: int, text: str) -> JSONResponse:
    """Return an answer that says in one sentence why a request was not carried out."""
    return JSONResponse({"error": text}, code)


def key_of(headers: Headers) -> str:
    """Return the key of the session in the cookie; empty if there is none."""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if cookie is None else cookie.value


def _is_same_origin(headers: Headers, ours: frozenset[str]) -> bool:
    """Return whether a browser sent the request for this page, as far as its headers tell.

    Browsers send Sec-Fetch-Site over HTTPS and to localhost only. Other programs send neither.
    """
    if (site := headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    if (origin := headers.get("origin")) is not None:
        try:
            return (urlsplit(origin).hostname or "") in ours
        except ValueError:
            return False
    return True
