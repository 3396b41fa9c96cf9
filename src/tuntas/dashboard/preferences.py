"""The reader's language and theme, kept in cookies of their own: they hold also before the sign-in."""

from __future__ import annotations

from starlette.responses import Response

from tuntas.dashboard.page_request import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, PageRequest, own_path

A_YEAR_SECONDS = 365 * 24 * 3600


async def choose(request: PageRequest) -> Response:
    """Take what was chosen and lead back."""
    answer = request.leave_for(own_path(request.form["back"]))
    language, theme = request.form["language"], request.form["theme"]
    chosen = {}
    if language in request.dashboard.rendering.languages:
        chosen[LANGUAGE_COOKIE] = language
    if theme in THEMES:
        chosen[THEME_COOKIE] = theme
    for name, value in chosen.items():
        answer.set_cookie(name, value, max_age=A_YEAR_SECONDS, httponly=True, samesite="strict")
    return answer
