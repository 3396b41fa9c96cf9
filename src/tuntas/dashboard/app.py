"""The dashboard's addresses, and who may come to each. A web application of its own, beside the API's."""

from __future__ import annotations

from datetime import timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from tuntas.dashboard import (
    actions,
    activity,
    approvals,
    bell,
    bulk,
    cleanup,
    deliveries,
    failures,
    health,
    inbox,
    keys,
    linking,
    message_files,
    messages,
    monitor,
    new_session,
    overview,
    passkey,
    preferences,
    replying,
    screenshot,
    session,
    settings,
    sign_in,
    static_files,
    statistics,
    timeline,
)
from tuntas.dashboard.context import DashboardContext
from tuntas.dashboard.headers import Headers
from tuntas.dashboard.idle import live as idle
from tuntas.dashboard.page_request import Dashboard, Page, open_to, open_to_all
from tuntas.dashboard.rendering import Rendering
from tuntas.dashboard.signed_cookie import SignedCookie
from tuntas.sessions.access import Scope
from tuntas.sessions.errors import SessionError


def create_dashboard(context: DashboardContext) -> ASGIApp:
    """Build the dashboard around a running server. It answers ``/`` and everything below ``/dashboard/``."""
    static = static_files.load()
    app = Starlette(
        routes=[
            Route("/", open_to(Scope.READ, overview.show)),
            Mount(
                "/dashboard",
                routes=[
                    Route("/static/{name}", static.serve),
                    *_entrance(),
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
    cookie = SignedCookie(context.secret, timedelta(days=context.sign_in_days))
    app.state.dashboard = Dashboard(context, cookie, Rendering(static.addresses, context.sub_path))
    return Headers(app)  # around all of it: Starlette answers our own mistakes outside of its middleware


def _entrance() -> list[Route]:
    return [
        _get("/", Scope.READ, overview.show),
        Route("/sign-in", open_to_all(sign_in.show)),
        Route("/sign-in", open_to_all(sign_in.sign_in), methods=["POST"]),
        Route("/preferences", open_to_all(preferences.choose), methods=["POST"]),
        _post("/sign-out", Scope.READ, sign_in.sign_out),
    ]


def _sessions() -> list[Route]:
    one = "/sessions/{name}"
    inbox_of = f"{one}/inbox"
    return [
        _get("/new", Scope.CONTROL, new_session.show),
        _post("/new", Scope.CONTROL, new_session.create),
        _get("/many", Scope.CONTROL, bulk.show),
        _post("/many", Scope.CONTROL, bulk.act),
        _get(one, Scope.READ, session.show),
        _get(f"{one}/delete", Scope.CONTROL, actions.ask_delete),
        _get(f"{one}/logout", Scope.CONTROL, actions.ask_log_out),
        _post(f"{one}/start", Scope.CONTROL, actions.start),
        _post(f"{one}/stop", Scope.CONTROL, actions.stop),
        _post(f"{one}/restart", Scope.CONTROL, actions.restart),
        _post(f"{one}/logout", Scope.CONTROL, actions.log_out),
        _post(f"{one}/delete", Scope.CONTROL, actions.delete),
        _post(f"{one}/pairing-code", Scope.CONTROL, linking.pairing_code),
        _post(f"{one}/passkey", Scope.CONTROL, passkey.answer),
        _post(f"{one}/passkey/confirm", Scope.CONTROL, passkey.confirm),
        _get(f"{one}/screenshot", Scope.CONTROL, screenshot.frame),
        _get(f"{one}/screenshot.png", Scope.CONTROL, screenshot.picture),
        _post(f"{one}/messages", Scope.SEND, messages.send),
        _get(f"{one}/messages/number", Scope.SEND, messages.understood),
        _get(f"{one}/messages/{{message}}", Scope.READ, timeline.show),
        _get(f"{one}/settings", Scope.ADMIN, settings.show),
        _post(f"{one}/settings", Scope.ADMIN, settings.save),
        _post(f"{one}/settings/webhooks/{{webhook}}", Scope.ADMIN, settings.save_webhook),
        _post(f"{one}/settings/webhooks/{{webhook}}/delete", Scope.ADMIN, settings.delete_webhook),
        _post(f"{one}/settings/webhooks/{{webhook}}/test", Scope.ADMIN, settings.try_webhook),
        _get(inbox_of, Scope.READ, inbox.show),
        _get(f"{inbox_of}/{{chat}}", Scope.READ, inbox.show),
        Route(f"{inbox_of}/{{chat}}", open_to(Scope.SEND, replying.reply, takes_file=True), methods=["POST"]),
        _post(f"{inbox_of}/{{chat}}/read", Scope.SEND, replying.mark_read),
        _get(f"{inbox_of}/{{chat}}/files/{{message}}", Scope.READ, message_files.download),
        _get("/events", Scope.READ, monitor.show),
        _get("/deliveries", Scope.ADMIN, deliveries.show),
        _post("/deliveries/replay", Scope.ADMIN, deliveries.replay),
        _post("/deliveries/{id}/replay", Scope.ADMIN, activity.replay),
    ]


def _server() -> list[Route]:
    examination = health.Examination()
    return [
        _get("/approvals", Scope.SEND, approvals.show),
        _post("/approvals/{id}/approve", Scope.SEND, approvals.approve),
        _post("/approvals/{id}/deny", Scope.SEND, approvals.deny),
        _get("/cleanup", Scope.READ, cleanup.show),
        _get("/cleanup/plan", Scope.ADMIN, cleanup.plan),
        _post("/cleanup", Scope.ADMIN, cleanup.clean),
        _get("/statistics", Scope.READ, statistics.show),
        _get("/health", Scope.ADMIN, examination.show),
        _get("/health/findings", Scope.ADMIN, examination.findings),
        _get("/bell", Scope.READ, bell.show),
        _get("/keys", Scope.ADMIN, keys.show),
        _post("/keys", Scope.ADMIN, keys.create),
        _post("/keys/{id}/revoke", Scope.ADMIN, keys.revoke),
    ]


def _streams() -> list[Route]:
    return [
        _get("/live/overview", Scope.READ, overview.live),
        _get("/live/sessions/{name}", Scope.READ, session.live),
        _get("/live/sessions/{name}/inbox", Scope.READ, inbox.live),
        _get("/live/sessions/{name}/ending", Scope.CONTROL, actions.live),
        _get("/live/events", Scope.READ, monitor.live),
        _get("/live/deliveries", Scope.ADMIN, deliveries.live),
        _get("/live/approvals", Scope.SEND, approvals.live),
        _get("/live/cleanup", Scope.READ, cleanup.live),
        _get("/live/idle", Scope.READ, idle),
    ]


def _get(path: str, scope: Scope, page: Page) -> Route:
    return Route(path, open_to(scope, page))


def _post(path: str, scope: Scope, page: Page) -> Route:
    return Route(path, open_to(scope, page), methods=["POST"])
