"""Answers the requests of the history view."""

import asyncio
import math
import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.errors import FailedError, InputError
from daemon.practice.history.records import Deletion
from daemon.practice.summary import WallTime
from daemon.web.page.access.gate import error_of
from daemon.web.page.bodies import json_answer, small_body
from daemon.web.page.history import page_history
from daemon.web.page.history.page_history import FIRST_YEAR, KINDS, LAST_YEAR, PageHistory


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    """What to delete; the page has asked the user."""

    place: str
    what: Literal["session", "day", "everything"]
    session: WallTime | None = None
    day: date | None = None


class HistoryRoute:
    """Reads and deletes on other threads, one request at a time; `places` returns their names."""

    def __init__(self, history: PageHistory, places: Callable[[], Collection[str]]) -> None:
        self._history = history
        self._places = places
        self._one = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/api/history", self._overview, methods=["GET"]),
            Route("/api/history/sessions", self._sessions, methods=["GET"]),
            Route("/api/history/export", self._export, methods=["GET"]),
            Route("/api/history/delete", self._delete, methods=["POST"]),
        ]

    async def _overview(self, request: Request) -> Response:
        today = datetime.now().astimezone().date()
        year = _year(request.query_params.get("year") or str(today.year))
        if year is None:
            return error_of(400, f"send a year from {FIRST_YEAR} to {LAST_YEAR}")
        place = request.query_params.get("place", "")
        read = partial(page_history.overview, self._history.directory, place, year, today)
        return await self._answer(place, read)

    async def _sessions(self, request: Request) -> Response:
        query = request.query_params
        place, before = query.get("place", ""), _number(query.get("before"))
        since, until = _date(query.get("since")), _date(query.get("until"))
        if since is None or until is None or before is None:
            return error_of(400, "send since and until as dates, and before as seconds")
        directory = self._history.directory
        read = partial(page_history.sessions, directory, place, since, until, before)
        return await self._answer(place, read)

    async def _export(self, request: Request) -> Response:
        place, form = (request.query_params.get(key, "") for key in ("place", "form"))
        if form not in KINDS:
            return error_of(400, f"the form is one of {', '.join(KINDS)}")
        read = partial(page_history.export, self._history.directory, place, form)
        answer = await self._answer(place, read)
        if answer.status_code == HTTPStatus.OK:
            name = re.sub(r"[^\w-]", "_", place, flags=re.ASCII)
            answer.headers["content-type"] = KINDS[form]
            answer.headers["content-disposition"] = f'attachment; filename="timbrel-{name}.{form}"'
        return answer

    async def _delete(self, request: Request) -> Response:
        try:
            asked = msgspec.json.decode(await small_body(request) or b"", type=_Request)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return error_of(400, "send a place and what to delete")
        if (asked.what == "session", asked.what == "day") != (
            asked.session is not None,
            asked.day is not None,
        ):
            return error_of(400, "send the session or the day to delete, and nothing else")
        if asked.day is not None and not _is_shown(asked.day):
            return error_of(400, f"send a day of the years {FIRST_YEAR + 1} to {LAST_YEAR}")
        deletion = Deletion(asked.place, asked.session, asked.day)
        return await self._answer(asked.place, partial(self._history.delete, deletion))

    async def _answer(self, place: str, work: Callable[[], Any]) -> Response:
        """Return what `work` returns for the history of a known place, or why it failed."""
        if place not in self._places():
            return error_of(404, "there is no such place")
        try:
            async with self._one:
                found = await asyncio.to_thread(work)
        except (InputError, FailedError) as error:
            return error_of(503, str(error))
        if found is None:
            return Response(status_code=204)
        return Response(found) if isinstance(found, str) else json_answer(found)


def _year(text: str) -> int | None:
    is_year = re.fullmatch(r"\d{4}", text, re.ASCII) and FIRST_YEAR <= int(text) <= LAST_YEAR
    return int(text) if is_year else None


def _date(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if _is_shown(day) else None


def _is_shown(day: date) -> bool:
    """Return whether a day is far enough from the ends of `datetime` in every time zone."""
    return FIRST_YEAR < day.year <= LAST_YEAR


def _number(text: str | None) -> float | None:
    """Return a number of seconds; None if the text is none. No text stands for infinity."""
    try:
        number = math.inf if text is None else float(text)
    except ValueError:
        return None
    return number if number >= 0 else None
