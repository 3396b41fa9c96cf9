"""The dashboard's addresses, and who may come to each. A web application of its own, beside the API's."""

from __future__ import annotations

from datetime import timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from tuntas.dashboard import (
    acts,
    cleanup,
    failures,
    happenings,
    health,
    keys,
    linking,
    messages,
    new_session,
    overview,
    preferences,
    screenshot,
    session,
    sign_in,
    static_files,
)
from tuntas.dashboard.desk import Desk
from tuntas.dashboard.headers import Headers
from tuntas.dashboard.idle import live as idle
from tuntas.dashboard.passes import Passes
from tuntas.dashboard.rendering import Rendering
from tuntas.dashboard.visit import House, Page, open_to, open_to_all
from tuntas.sessions.access import Scope
from tuntas.sessions.errors import SessionError


def create_dashboard(desk: Desk) -> ASGIApp:
    """Build the dashboard around a running server. It answers ``/`` and everything below ``/dashboard/``."""
    static = static_files.load()
    app = Starlette(
        routes=[
            Route("/", open_to(Scope.READ, overview.show)),
            Mount(
                "/dashboard",
                routes=[
                    Route("/static/{name}", static.serve),
                    *_doors(),
                    *_sessions(),
                    *_server(),
                    *_streams(),
                ],
            ),
        ],
        exception_handlers={
            SessionError: failures.session_error,
            HTTPException: failures.http_error,
            Exception: failures.unexpected,
        },
    )
    passes = Passes(desk.secret, timedelta(days=desk.sign_in_days))
    app.state.house = House(desk, passes, Rendering(static.addresses))
    return Headers(app)  # around all of it: Starlette answers our own mistakes outside of its middleware


def _doors() -> list[Route]:
    return [
        _get("/", Scope.READ, overview.show),
        Route("/sign-in", open_to_all(sign_in.show)),
        Route("/sign-in", open_to_all(sign_in.sign_in), methods=["POST"]),
        Route("/preferences", open_to_all(preferences.choose), methods=["POST"]),
        _post("/sign-out", Scope.READ, sign_in.sign_out),
    ]


def _sessions() -> list[Route]:
    one = "/sessions/{name}"
    return [
        _get("/new", Scope.CONTROL, new_session.show),
        _post("/new", Scope.CONTROL, new_session.create),
        _get(one, Scope.READ, session.show),
        _get(f"{one}/delete", Scope.CONTROL, acts.ask_delete),
        _get(f"{one}/logout", Scope.CONTROL, acts.ask_log_out),
        _post(f"{one}/start", Scope.CONTROL, acts.start),
        _post(f"{one}/stop", Scope.CONTROL, acts.stop),
        _post(f"{one}/restart", Scope.CONTROL, acts.restart),
        _post(f"{one}/logout", Scope.CONTROL, acts.log_out),
        _post(f"{one}/delete", Scope.CONTROL, acts.delete),
        _post(f"{one}/pairing-code", Scope.CONTROL, linking.pairing_code),
        _get(f"{one}/screenshot", Scope.CONTROL, screenshot.frame),
        _get(f"{one}/screenshot.png", Scope.CONTROL, screenshot.picture),
        _post(f"{one}/messages", Scope.SEND, messages.send),
        _post("/deliveries/{id}/replay", Scope.ADMIN, happenings.replay),
    ]


def _server() -> list[Route]:
    examination = health.Examination()
    return [
        _get("/cleanup", Scope.READ, cleanup.show),
        _get("/cleanup/plan", Scope.ADMIN, cleanup.plan),
        _post("/cleanup", Scope.ADMIN, cleanup.clean),
        _get("/health", Scope.ADMIN, examination.show),
        _get("/health/findings", Scope.ADMIN, examination.findings),
        _get("/keys", Scope.ADMIN, keys.show),
        _post("/keys", Scope.ADMIN, keys.create),
        _post("/keys/{id}/revoke", Scope.ADMIN, keys.revoke),
    ]


def _streams() -> list[Route]:
    return [
        _get("/live/overview", Scope.READ, overview.live),
        _get("/live/sessions/{name}", Scope.READ, session.live),
        _get("/live/sessions/{name}/ending", Scope.CONTROL, acts.live),
        _get("/live/cleanup", Scope.READ, cleanup.live),
        _get("/live/idle", Scope.READ, idle),
    ]


def _get(path: str, scope: Scope, page: Page) -> Route:
    return Route(path, open_to(scope, page))


def _post(path: str, scope: Scope, page: Page) -> Route:
    return Route(path, open_to(scope, page), methods=["POST"])
