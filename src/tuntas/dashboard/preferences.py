"""The reader's language and theme, kept in cookies of their own: they hold also before the sign-in."""

from __future__ import annotations

from starlette.responses import Response

from tuntas.dashboard.visit import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, Visit, own_path

A_YEAR_SECONDS = 365 * 24 * 3600


async def choose(visit: Visit) -> Response:
    """Take what was chosen and lead back."""
    answer = visit.leave_for(own_path(visit.form["back"]))
    language, theme = visit.form["language"], visit.form["theme"]
    chosen = {}
    if language in visit.house.rendering.languages:
        chosen[LANGUAGE_COOKIE] = language
    if theme in THEMES:
        chosen[THEME_COOKIE] = theme
    for name, value in chosen.items():
        answer.set_cookie(name, value, max_age=A_YEAR_SECONDS, httponly=True, samesite="strict")
    return answer
