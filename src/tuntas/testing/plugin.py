"""The pytest plugin ``tuntas``. Sandbox and server run once for all tests; phones and sessions are each test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # loaded when a fixture is used: pytest need not wait for it
    from tuntas.client import Client
    from tuntas.testing import LinkedSession, SandboxPart, SandboxPhone, ServerPart, WebhookReceiver


@pytest.fixture(scope="session")
def tuntas_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxPart]:
    """A local WhatsApp Web, for all tests of this process."""
    from tuntas.testing.parts import SandboxPart

    with SandboxPart(tmp_path_factory.mktemp("tuntas_sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def tuntas_server(tmp_path_factory: pytest.TempPathFactory, tuntas_sandbox: SandboxPart) -> Iterator[ServerPart]:
    """A server on the sandbox, for all tests of this process."""
    from tuntas.testing.parts import ServerPart

    with ServerPart(tmp_path_factory.mktemp("tuntas_server") / "data", tuntas_sandbox) as server:
        yield server


@pytest.fixture
def tuntas_client(tuntas_server: ServerPart) -> Iterator[Client]:
    """A client of the server, with a key that may do all."""
    with tuntas_server.client() as client:
        yield client


@pytest.fixture
def tuntas_phone(tuntas_sandbox: SandboxPart) -> Callable[..., SandboxPhone]:
    """Make phones: ``tuntas_phone("Budi")``."""
    return tuntas_sandbox.phone


@pytest.fixture
def tuntas_link(
    tuntas_server: ServerPart, tuntas_client: Client, tuntas_sandbox: SandboxPart
) -> Iterator[Callable[..., LinkedSession]]:
    """Make sessions that work: ``tuntas_link("shop", config)``; they are deleted after the test."""
    made: list[str] = []

    def link(name: str, config: Mapping[str, Any] | None = None, *, phone: SandboxPhone | None = None) -> LinkedSession:
        made.append(name)
        return tuntas_server.link(name, phone or tuntas_sandbox.phone(name), config)

    yield link
    for name in made:
        tuntas_client.delete_session(name)


@pytest.fixture
def tuntas_fault(tuntas_sandbox: SandboxPart) -> Iterator[Callable[..., None]]:
    """Let something go wrong: ``tuntas_fault("drop_socket", number=phone.number)``; it ends with the test."""
    yield tuntas_sandbox.fault
    tuntas_sandbox.clear_faults()


@pytest.fixture
def tuntas_webhooks() -> Iterator[WebhookReceiver]:
    """A receiver of webhooks; ``tuntas_webhooks.config("message")`` is a session's configuration that tells it."""
    from tuntas.testing.receiving import WebhookReceiver

    with WebhookReceiver() as receiver:
        yield receiver
