"""Whatever a client with a key sends, the server makes no mistake of its own: wrong data of three seeds, every route.

That what fits its description is answered as described, by a session that works, is in ``acceptance/test_contract``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.schemas import OpenApiSchema

from acceptance.test_contract import document
from support.running import KEY, Server, running
from support.schema_checks import nothing_has_failed

NOWHERE = "http://127.0.0.1:9"
EXAMPLES_AN_OPERATION = 5
Case = schemathesis.Case[Any]
limited = settings(
    max_examples=EXAMPLES_AN_OPERATION,
    derandomize=False,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def negative(seed: int) -> OpenApiSchema:
    config = {"seed": seed, "generation": {"mode": "negative", "deterministic": False}}
    made: OpenApiSchema = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict(config))
    return made


first, second, third = negative(1), negative(2), negative(3)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    child = Server(tmp_path_factory.mktemp("negative") / "data", NOWHERE)
    with running(child):
        child.create("shop", start=False)
        yield child
        assert "request_failed" not in child.log.read_text()


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def ask(case: Case, server: Server, http: requests.Session) -> None:
    case.call_and_validate(
        base_url=server.url, session=http, headers={"X-Api-Key": KEY}, timeout=60, checks=[nothing_has_failed]
    )


@first.parametrize()
@limited
def test_wrong_data_of_a_first_seed(case: Case, server: Server, http: requests.Session) -> None:
    ask(case, server, http)


@second.parametrize()
@limited
def test_wrong_data_of_a_second_seed(case: Case, server: Server, http: requests.Session) -> None:
    ask(case, server, http)


@third.parametrize()
@limited
def test_wrong_data_of_a_third_seed(case: Case, server: Server, http: requests.Session) -> None:
    ask(case, server, http)
