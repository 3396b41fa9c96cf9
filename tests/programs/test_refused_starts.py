"""What is set wrongly ends a command in one line that names it and says what to do: exit 1, and nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.running import KEY, run

SECRET = "secret-that-nobody-repeats"
# With {folder} for the test's own.
WRONG = {
    "an unknown name": ({"TUNTAS_WEBHOOK_UR": "http://127.0.0.1:9/"}, "Did you mean TUNTAS_WEBHOOK_URL?"),
    "a name of no setting": ({"TUNTAS_FLUX": SECRET}, "`tuntas config show` lists all"),
    "a secret twice": (
        {"TUNTAS_API_KEY": f"{SECRET}{KEY}", "TUNTAS_API_KEY_FILE": "{folder}/key"},
        "TUNTAS_API_KEY and TUNTAS_API_KEY_FILE are both set: unset one of them",
    ),
    "two keys": (
        {"WAHA_API_KEY": f"{SECRET}{KEY}", "WHATSAPP_API_KEY": f"{SECRET}{KEY}2"},
        "are set to different keys: unset all but one",
    ),
    "a list of proxies": ({"WHATSAPP_PROXY_SERVER_LIST": "a.example:1,b.example:2"}, "connect directly. Unset it"),
    "a password for no proxy": ({"TUNTAS_PROXY_PASSWORD": SECRET}, "TUNTAS_PROXY_SERVER"),
    "a secret's file that is not there": ({"TUNTAS_API_KEY_FILE": "{folder}/none"}, "cannot be read: No such file"),
    "a secret's file that is a folder": ({"TUNTAS_API_KEY_FILE": "{folder}"}, "Name the file that holds the secret"),
    "a secret's file that is empty": ({"TUNTAS_BACKUP_KEY_FILE": "{folder}/empty"}, "Write the secret into it"),
    "a proxy without a scheme": (
        {"TUNTAS_PROXY_SERVER": f"somebody:{SECRET}@proxy.example:3128"},
        "the address has no scheme: it must be like http://host:port or socks5://host:port",
    ),
    "a proxy of another kind": ({"TUNTAS_PROXY_SERVER": "ftp://proxy.example:21"}, "the scheme cannot be used"),
    "a scheme that WAHA's proxy cannot have": ({"WHATSAPP_PROXY_SERVER": "ftp://proxy.example:21"}, "scheme"),
    "a chat kind neither on nor off": ({"WAHA_SESSION_CONFIG_IGNORE_GROUPS": SECRET}, "WAHA_SESSION_CONFIG_IGNORE"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("command", [("serve",), ("backup", "create", "{folder}/copies")], ids=["serve", "backup"])
def test_what_is_set_wrongly_is_one_line(command: tuple[str, ...], what: str, tmp_path: Path) -> None:
    variables, said = WRONG[what]
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "empty").write_text("\n")
    given = {name: value.replace("{folder}", str(tmp_path)) for name, value in variables.items()}
    words = [word.replace("{folder}", str(tmp_path)) for word in command]
    done = run(*words, "--data-dir", str(tmp_path / "data"), timeout_seconds=60.0, **given)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert said in done.stderr
    assert SECRET not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "key"]
