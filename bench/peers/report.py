"""From figures to what people and programs read: a JSON document, and a Markdown table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.peers import aims
from bench.peers.figures import NAMES, SEED, TUNTAS, WEB_JS, WEB_JS_SHELL, Figures
from bench.peers.rows import GROUPS, Group, Row
from bench.peers.samples import Sample, Value

COLUMNS = (TUNTAS, WEB_JS, WEB_JS_SHELL, SEED)
SHORT = {WEB_JS: "÷ whatsapp-web.js", WEB_JS_SHELL: "÷ shell", SEED: "÷ recipe"}
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
LEFT = ("left_processes", "left_folders", "left_files", "survivors_60_seconds")
DECIMALS = 3


def document(figures: Figures, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole result of a run. A figure that was not measured is null."""
    return {
        "ratios": {
            "memory_vs_whatsapp_web_js": _rounded(figures.ratio("session_megabytes_20", WEB_JS)),
            "memory_vs_shell_mode": _rounded(figures.ratio("session_megabytes_20", WEB_JS_SHELL)),
            "start_to_qr": _rounded(figures.ratio("start_to_qr_seconds", WEB_JS)),
            "restart_to_ready": _rounded(figures.ratio("restart_to_ready_seconds", WEB_JS)),
            "delete_vs_whatsapp_web_js": _rounded(figures.ratio("delete_gone_seconds", WEB_JS)),
            "delete_vs_seed_recipe": _rounded(figures.ratio("delete_seconds", SEED)),
        },
        "leftovers": {who: _sum(figures, who) for who in (TUNTAS, WEB_JS)},
        "server_megabytes": _rounded(figures.median("server_megabytes")),
        "server_megabytes_per_session": _rounded(figures.median("server_growth_megabytes")),
        "megabytes_per_session": _rounded(figures.median("session_megabytes_20")),
        "idle_cpu_percent_per_session": _rounded(figures.median("idle_own_cpu_percent")),
        **about,
        "figures": figures.document(),
    }


def markdown(result: Mapping[str, Any]) -> str:
    """Return the result as Markdown: on what it was made, then a table for each group that was measured."""
    figures = Figures.of(result["figures"])
    run = result["run"]
    lines = [
        f"Made {run['date']} by `{run['command']}` ({run['minutes']:g} minutes) on "
        + ", ".join(
            f"{value}" if name != "load at the start" else f"load at the start {value}"
            for name, value in result["machine"].items()
        )
        + ". "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        + ".",
    ]
    lines += ["", "### What was aimed at", "", *aims.table(result)]
    for group in GROUPS:
        lines += _table(group, figures)
    if run["notes"]:
        lines += ["### Notes", "", *(f"- {note}" for note in run["notes"])]
    return "\n".join(lines) + "\n"


def _table(group: Group, figures: Figures) -> list[str]:
    rows = [row for row in group.rows if row.figure in figures.values]
    if not rows:
        return []
    columns = [who for who in COLUMNS if any(figures.sample(row.figure, who) for row in rows)]
    heads = ["", *(NAMES[who] for who in columns), *(SHORT[who] for who in columns if _is_compared(group, who))]
    shown = [[_words(row), *_cells(row, columns, group, figures)] for row in rows]
    return [
        "",
        f"### {group.title}",
        "",
        f"`python -m bench.peers --only {group.name}`",
        "",
        *("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *shown]),
        "",
    ]


def _cells(row: Row, columns: Sequence[str], group: Group, figures: Figures) -> list[str]:
    values = [_cell(figures.sample(row.figure, who), is_count=not row.unit) for who in columns]
    ratios = [
        _number(figures.ratio(row.figure, who)) if row.is_compared else ""
        for who in columns
        if _is_compared(group, who)
    ]
    return [*values, *("" if one == "–" else one for one in ratios)]


def _is_compared(group: Group, who: str) -> bool:
    return who != TUNTAS and any(row.is_compared for row in group.rows)


def _words(row: Row) -> str:
    return f"{row.words}, {row.unit}" if row.unit else row.words


def _cell(sample: Sample | None, *, is_count: bool) -> str:
    if sample is None:
        return "–"
    if sample.median is None:
        return "never, while watched"
    middle, least, most = (_number(one, is_count=is_count) for one in (sample.median, sample.least, sample.most))
    return middle if least == most else f"{middle} ({least}–{most})"


def _number(value: Value, *, is_count: bool = False) -> str:
    if value is None:
        return "–"
    if abs(value) >= 100 or value == 0 or (is_count and value == round(value)):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def _sum(figures: Figures, who: str) -> int | None:
    """Return how many things are left, as far as each kind was looked for; None if none was."""
    found = [figures.median(figure, who) for figure in LEFT]
    counted = [one for one in found if one is not None]
    return round(sum(counted)) if counted else None


def _rounded(value: Value) -> Value:
    return None if value is None else round(value, DECIMALS)


def put_between(page: str, table: str) -> str:
    """Return the page with ``table`` in the place of its figures."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or END not in rest:
        message = f"the page has no {BEGIN} … {END}"
        raise ValueError(message)
    return f"{before}{BEGIN}\n{table}{END}{after}"
