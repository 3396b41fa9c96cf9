"""What the OpenAPI document promises is kept: requests made from it, right and wrong ones, against a working session.

Each operation is asked with the examples of the document, with the edges of each declared value, and with a few values
that fit or break its shape. Answers must be declared: status, content type, shape; nothing wrong may be accepted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from support.running import KEY, Sandbox, Server, running
from support.schema_checks import nothing_has_failed
from tuntas.api.app import routes

EXAMPLES_AN_OPERATION = 3
Case = schemathesis.Case[Any]
# Nothing listens there; the addresses of webhooks and files are ours to choose, and the tests stay on this machine.
NOWHERE = "http://127.0.0.1:9/"
# The document's own names: its examples are real requests to this session and this chat.
SESSION, NUMBER, CUSTOMER = "shop", "628111000111", "628111000222"
# What ends or changes sessions is asked of one that never ran, so that the other goes on working.
SPARE = "spare"
# A request without a limit to its number of browsers.
STARTS_ANY = "POST /api/sessions/start"


def document() -> dict[str, Any]:
    """Return the document without the streams, which do not end, and with addresses of this machine only."""
    made = routes("0").openapi()
    for methods in made["paths"].values():
        for method, operation in list(methods.items()):
            if "text/event-stream" in operation["responses"].get("200", {}).get("content", {}):
                del methods[method]
    local: dict[str, Any] = json.loads(json.dumps(made), object_hook=_stays_here)
    return local


def _stays_here(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("format") == "uri":
        return {"type": "string", "enum": [NOWHERE]}
    return schema


CONFIG = {
    "seed": 1,
    "generation": {"mode": "all", "deterministic": True},
    # Methods that no address has.
    "phases": {"coverage": {"unexpected-methods": ["OPTIONS", "PATCH"]}},
}
schema = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict(CONFIG)).exclude(
    name=STARTS_ANY
)


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    """One server for all requests, with a session that works and one that is stopped."""
    child = Server(tmp_path_factory.mktemp("server") / "data", sandbox.url, TUNTAS_SENDS_PER_MINUTE="0")
    with running(child):
        sandbox.phone(CUSTOMER)
        child.pair(sandbox, SESSION, NUMBER)
        child.create(SPARE, start=False)
        yield child


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@schema.parametrize()
@settings(
    max_examples=EXAMPLES_AN_OPERATION,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_an_answer_is_what_the_document_says(case: Case, working: Server, http: requests.Session) -> None:
    spare(case)
    try:
        case.call_and_validate(
            base_url=working.url,
            session=http,
            headers={"X-Api-Key": KEY},
            timeout=30,
            # Data that fits its shape may still be refused with 422: by WhatsApp, or by the session's status.
            # Wrong keys are asked in security/test_authorisation: they are answered late, and here there are many.
            excluded_checks=[
                positive_data_acceptance,
                negative_data_rejection,
                allow_header_conformance,
                ignored_auth,
                not_a_server_error,
            ],
            additional_checks=[
                what_means_nothing_is_refused,
                allowed_methods_are_those_of_the_address,
                nothing_has_failed,
            ],
        )
    finally:
        if changes_sessions(case):
            # Its browser would be left to the next test. Where an earlier one has deleted it, there is none to stop.
            assert working.http.post(f"/api/sessions/{SPARE}/stop").status_code in (201, 404)


def what_means_nothing_is_refused(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: Case
) -> bool | None:
    """Let pass what is read as the value it plainly means: 0 for false, "5" for 5, a set's entry that is said twice."""
    try:
        return negative_data_rejection(context, response, case)
    except AcceptedNegativeData as error:
        if not error.message.endswith(("Incorrect type", "Non-unique items")):
            raise
        return None


def allowed_methods_are_those_of_the_address(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: Case
) -> bool | None:
    """Look at addresses of one path only: a chat's ``messages/read`` is the address of a message called read, too."""
    for path in schema.raw_schema["paths"]:
        if path != case.path and re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), case.path):
            return None
    return allow_header_conformance(context, response, case)


def changes_sessions(case: Case) -> bool:
    """Say whether this may start or end a session."""
    return bool(case.operation.tags) and case.operation.tags[0] in ("sessions", "operations") and case.method != "GET"


def spare(case: Case) -> None:
    """Turn what would end the working session, or start another, to the one that is there for that."""
    if changes_sessions(case):
        if case.path_parameters.get("session") == SESSION:
            case.path_parameters["session"] = SPARE
        if isinstance(case.body, dict):
            if case.path == "/api/sessions":
                case.body["start"] = False
            for name in ("name", "session"):
                if case.body.get(name) == SESSION:
                    case.body[name] = SPARE
