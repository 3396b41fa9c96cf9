"""A page's answer that does not fit is the page's fault and costs itself; whatever else does not fit is ours."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope
from structlog.testing import capture_logs

from support.operations import CLOSED, Operation, value_of
from tuntas.api.app import routes
from tuntas.api.errors import install
from tuntas.api.page_answers import all_from_page, from_page
from tuntas.foundation.metrics import REPORTS_REFUSED
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.answers import checked

SECRET = "secret words"


class Shown(BaseModel):
    name: str
    inner: dict[str, int] = {}


def refused() -> float:
    return float(REPORTS_REFUSED.labels("invalid")._value.get())


def asked(app: FastAPI) -> httpx.Response:
    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            return await client.get("/")

    return asyncio.run(main())


@pytest.mark.parametrize("answer", [None, 7, SECRET, [], {}, {"name": [SECRET]}, {"name": "a", "inner": {SECRET: "x"}}])
def test_an_answer_that_does_not_fit_is_the_page_s_fault(answer: object) -> None:
    app, before = FastAPI(), refused()
    install(app)
    app.get("/")(lambda: from_page(Shown, answer))
    with capture_logs() as logs:
        said = asked(app)
    assert (said.status_code, said.json()["code"]) == (503, "page_unavailable")
    assert refused() == before + 1
    assert SECRET not in f"{said.text} {logs}"


def test_in_a_list_it_costs_itself() -> None:
    before = refused()
    with capture_logs() as logs:
        found = all_from_page(Shown, [{"name": "a"}, {"name": SECRET, "inner": 1}, 7, {"name": "b"}])
    assert [one.name for one in found] == ["a", "b"]
    assert refused() == before + 2
    assert SECRET not in str(logs)


def test_what_does_not_fit_and_is_not_a_page_s_is_a_defect_of_ours() -> None:
    app = FastAPI()
    install(app)
    app.get("/")(lambda: Shown.model_validate({"name": [SECRET]}))
    with capture_logs() as logs:
        said = asked(app)
    assert (said.status_code, said.json()["code"]) == (500, "internal_error")
    assert [one["event"] for one in logs] == ["request_failed"]
    assert "Shown" in logs[0]["error"]
    assert SECRET not in str(logs)


APP = routes("0")
EVERYBODY = Caller("test", frozenset({Scope.ADMIN}))


class AskedPage:
    """A session that is WORKING, as the routes know it: its page answers every call with the same."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[PageCall] = []

    def get(self, name: str) -> None: ...

    async def ask_page(self, name: str, call: PageCall, arguments: object, *, file: object = None) -> object:
        self.asked.append(call)
        return checked(call, self.answer)


def answered(operation: Operation, session: AskedPage) -> httpx.Response:
    """Ask the operation of a server that has this session only."""
    context = SimpleNamespace(sessions=session)
    context.as_seen_by = lambda caller: context
    APP.state.context = context

    async def let_in(scope: ASGIScope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = EVERYBODY
        await APP(scope, receive, send)

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(let_in, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            body = None if operation.body is None else value_of(operation.body) | {"session": "shop"}
            query = operation.query("shop") | {
                one["name"]: False for one in operation.parameters if one["name"] == "downloadMedia"
            }
            return await client.request(operation.method, operation.address("shop"), params=query, json=body)

    return asyncio.run(main())


ANSWERS_OF_ITS_OWN: list[object] = [
    None, 7, -1, 1e308, True, SECRET, [], [7], [None], [{}], [{"id": [SECRET]}], [{"id": {}, "picture": {}}], {},
    {"id": {"_serialized": SECRET}}, {"id": None, "name": [], "picture": 7, "participants": {"a": 1}},
    {"id": "1@g.us", "subject": "s", "participants": [7, {"id": []}]}, {"_serialized": SECRET}, {"url": {}},
]  # fmt: skip


@pytest.mark.parametrize("operation", CLOSED, ids=lambda one: one.name)
def test_no_operation_takes_an_answer_that_does_not_fit_for_a_fault_of_ours(operation: Operation) -> None:
    for answer in ANSWERS_OF_ITS_OWN:
        session = AskedPage(answer)
        with capture_logs() as logs:
            said = answered(operation, session)
        if not session.asked:
            return
        assert said.status_code < 500 or said.json()["code"] == "page_unavailable", (answer, said.text, logs)
        assert SECRET not in str(logs), answer
