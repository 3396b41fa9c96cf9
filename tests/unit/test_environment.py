"""What the environment says: our names, secrets in files, WAHA's names; what is wrong is told in one line."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tuntas.config import ConfigurationError, Settings, load, load_all, secret_names
from tuntas.server.early_settings import receivers_of_all, start_sessions
from tuntas.server.from_settings import ignored

KEY = "a-key-that-is-long-enough"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("TUNTAS_", "WAHA_", "WHATSAPP_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_an_option_comes_before_the_environment_that_before_the_file_and_each_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tuntas.toml").write_text('host = "0.0.0.0"\nport = 1\nremoval_attempts = 5\n')
    _set(monkeypatch, TUNTAS_PORT="2", TUNTAS_HOST="127.0.0.2")
    loaded = load_all(port=3)
    assert (loaded.settings.port, loaded.settings.host, loaded.settings.removal_attempts) == (3, "127.0.0.2", 5)
    assert dict(loaded.origins) == {"port": "--port", "host": "TUNTAS_HOST", "removal_attempts": "tuntas.toml"}


@pytest.mark.parametrize("setting", sorted(secret_names()))
def test_each_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str) -> None:
    secret = {"database_url": "postgresql://u:p@h/d", "webhook_custom_headers": "X-A:b"}.get(setting, KEY)
    (tmp_path / "secret").write_text(f"{secret}\n")
    # A proxy's password is of use with a proxy only.
    _set(monkeypatch, TUNTAS_PROXY_SERVER="http://proxy.example:3128", TUNTAS_PROXY_USERNAME="u")
    _set(monkeypatch, **{f"TUNTAS_{setting.upper()}_FILE": str(tmp_path / "secret")})
    value = getattr(load(), setting)
    assert (value if isinstance(value, str) else value.get_secret_value()) == secret


def test_a_secret_s_file_that_is_none_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe" * 20)
    for name in ("missing", "pipe", "empty", "binary", "."):
        monkeypatch.setenv("TUNTAS_API_KEY_FILE", str(tmp_path / name))
        with pytest.raises(ConfigurationError, match="TUNTAS_API_KEY_FILE") as refused:
            load()
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TUNTAS_PROT": "1"}, "Did you mean TUNTAS_PORT?"),
        ({"TUNTAS_PORT_FILE": "/x"}, "only secrets are read from files"),
        ({"TUNTAS_API_KEY": KEY, "TUNTAS_API_KEY_FILE": "/x"}, "both set"),
        ({"TUNTAS_SERVICE_HOST": "10.0.0.1"}, "enableServiceLinks"),
        ({"TUNTAS_API_KEY": "sha512:12"}, "128 hexadecimal digits"),
        ({"WAHA_API_KEY": KEY, "WHATSAPP_API_KEY": f"{KEY}2"}, "different keys"),
        ({"WAHA_API_KEY": f"sha512:{'0' * 128}", "WAHA_API_KEY_PLAIN": KEY}, "different keys"),
        ({"WHATSAPP_PROXY_SERVER_LIST": "a:1,b:2"}, "connect directly"),
        ({"WAHA_LOG_FORMAT": "XML"}, "JSON or PRETTY"),
        ({"WAHA_API_KEY": "short"}, "from WAHA_API_KEY"),
        ({"TUNTAS_CONFIG": "nowhere.toml"}, "nowhere.toml"),
    ],
)
def test_what_is_unknown_or_contradicts_is_refused_and_no_value_is_repeated(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    _set(monkeypatch, **variables)
    with pytest.raises(ConfigurationError) as refused:
        load()
    assert said in str(refused.value)
    assert KEY not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["port = [", "prot = 1", 'port = "x"'])
def test_a_file_that_is_wrong_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "tuntas.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"tuntas\.toml"):
        load()


def test_waha_s_names_count_where_ours_are_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = f"sha512:{hashlib.sha512(KEY.encode()).hexdigest()}"
    _set(
        monkeypatch,
        WAHA_API_KEY=hashed,
        WAHA_API_KEY_PLAIN=KEY,
        WHATSAPP_API_PORT="4000",
        TUNTAS_PORT="5000",
        WHATSAPP_HOOK_URL="http://127.0.0.1:9/hook",
        WHATSAPP_HOOK_EVENTS="message, session.status,call.received",
        WHATSAPP_HOOK_CUSTOM_HEADERS="X-One:a:b;X-Two:c",
        WHATSAPP_HOOK_RETRIES_POLICY="exponential",
        WHATSAPP_HOOK_RETRIES_DELAY_SECONDS="3",
        WHATSAPP_HOOK_RETRIES_ATTEMPTS="4",
        WHATSAPP_START_SESSION="default,shop",
        WHATSAPP_RESTART_ALL_SESSIONS="True",
        WAHA_BASE_URL="https://example.org",
        WHATSAPP_DOWNLOAD_MEDIA="true",
        WHATSAPP_API_HOSTNAME="example.org",
        WAHA_SOMETHING_NEW="1",
        WHATSAPP_FILES_MIMETYPES="",
    )
    loaded = load_all()
    settings = loaded.settings
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == hashed
    assert loaded.origins["api_key"] == "WAHA_API_KEY"
    assert settings.port == 5000
    [receiver] = receivers_of_all(settings)
    assert receiver.events == ("message", "session.status", "call.received")
    assert receiver.headers == (("X-One", "a:b"), ("X-Two", "c"))
    assert (receiver.retries.policy, receiver.retries.delay_seconds, receiver.retries.attempts) == ("exponential", 3, 4)
    assert start_sessions(settings) == ["default", "shop"]
    told = loaded.environment.passed_over
    assert "TUNTAS_PORT is set" in told["WHATSAPP_API_PORT"]
    assert str(settings.public_url) == "https://example.org/"
    assert settings.media_download is True
    assert "WAHA_BASE_URL" in told["WHATSAPP_API_HOSTNAME"]
    assert {"WAHA_SOMETHING_NEW", "WAHA_API_KEY_PLAIN"} <= told.keys()
    assert "WHATSAPP_RESTART_ALL_SESSIONS" not in told
    assert "WHATSAPP_FILES_MIMETYPES" not in told


@pytest.mark.parametrize("given", ["X-One", "Host:a", "X-One:\x01secret"])
def test_headers_that_cannot_be_sent_are_told_by_place(given: str) -> None:
    settings = Settings(webhook_url="http://127.0.0.1/", webhook_custom_headers=given)
    with pytest.raises(ConfigurationError, match="header 1") as refused:
        receivers_of_all(settings)
    assert "secret" not in str(refused.value)


def test_a_start_of_a_session_that_can_have_no_such_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="TUNTAS_START_SESSIONS"):
        start_sessions(Settings(start_sessions="a b"))


# What WAHA documents; a name of its that is new here must be told of, too.
_NAMES = """
WHATSAPP_API_PORT WHATSAPP_API_HOSTNAME WHATSAPP_API_SCHEMA WAHA_BASE_URL WAHA_PUBLIC_URL WAHA_DEBUG_MODE
WAHA_LOG_FORMAT WAHA_LOG_LEVEL WAHA_HTTP_LOG_LEVEL WAHA_PRINT_QR WAHA_NAMESPACE WAHA_WORKER_ID
WAHA_WORKER_RESTART_SESSIONS WAHA_API_KEY WAHA_API_KEY_PLAIN WHATSAPP_API_KEY WAHA_API_KEY_EXCLUDE_PATH
WAHA_DASHBOARD_ENABLED WAHA_DASHBOARD_USERNAME WAHA_DASHBOARD_PASSWORD WHATSAPP_SWAGGER_ENABLED
WHATSAPP_SWAGGER_USERNAME WHATSAPP_SWAGGER_PASSWORD WHATSAPP_DEFAULT_ENGINE WHATSAPP_START_SESSION
WHATSAPP_RESTART_ALL_SESSIONS WHATSAPP_HOOK_URL WHATSAPP_HOOK_EVENTS WHATSAPP_HOOK_HMAC_KEY
WHATSAPP_HOOK_RETRIES_POLICY WHATSAPP_HOOK_RETRIES_DELAY_SECONDS WHATSAPP_HOOK_RETRIES_ATTEMPTS
WHATSAPP_HOOK_CUSTOM_HEADERS WHATSAPP_PROXY_SERVER WHATSAPP_PROXY_SERVER_USERNAME
WHATSAPP_PROXY_SERVER_PASSWORD WHATSAPP_DOWNLOAD_MEDIA WHATSAPP_FILES_MIMETYPES WHATSAPP_FILES_LIFETIME
WHATSAPP_FILES_FOLDER WAHA_MEDIA_STORAGE WAHA_LOCAL_STORE_BASE_DIR WHATSAPP_SESSIONS_POSTGRESQL_URL
WHATSAPP_SESSIONS_MONGO_URL WAHA_APPS_ENABLED WAHA_SESSION_CONFIG_IGNORE_STATUS
WAHA_SESSION_CONFIG_IGNORE_GROUPS WAHA_SESSION_CONFIG_IGNORE_CHANNELS WAHA_SESSION_CONFIG_IGNORE_BROADCAST
WAHA_AUTO_START_DELAY_SECONDS WAHA_ZIPPER WAHA_NO_API_KEY WHATSAPP_API_KEY_EXCLUDE_PATH WAHA_HTTPS_ENABLED
WAHA_HTTPS_PATH_KEY WAHA_HTTPS_PATH_CERT WAHA_HTTPS_PATH_CA WAHA_DASHBOARD_NO_PASSWORD
WHATSAPP_SWAGGER_NO_PASSWORD WHATSAPP_SWAGGER_CONFIG_ADVANCED WHATSAPP_SWAGGER_TITLE
WHATSAPP_SWAGGER_DESCRIPTION WHATSAPP_SWAGGER_EXTERNAL_DOC_URL WAHA_VERSION
WAHA_WEBJS_WEB_VERSION WAHA_WEBJS_CACHE_TYPE WAHA_WEBJS_BROWSER_PATH
"""
DOCUMENTED = _NAMES.split()
# Values that these must have for the start to be no contradiction in terms.
MEANINGFUL = {
    "WHATSAPP_API_PORT": "3001",
    "WAHA_BASE_URL": "https://example.org",
    "WAHA_LOG_FORMAT": "JSON",
    "WAHA_LOG_LEVEL": "warn",
    "WHATSAPP_HOOK_URL": "http://127.0.0.1:9/",
    "WHATSAPP_HOOK_EVENTS": "message",
    "WHATSAPP_HOOK_RETRIES_POLICY": "linear",
    "WHATSAPP_HOOK_RETRIES_DELAY_SECONDS": "2",
    "WHATSAPP_HOOK_RETRIES_ATTEMPTS": "3",
    "WHATSAPP_HOOK_CUSTOM_HEADERS": "X-One:a",
    "WHATSAPP_PROXY_SERVER": "127.0.0.1:9",
    "WAHA_SESSION_CONFIG_IGNORE_STATUS": "True",
    "WAHA_SESSION_CONFIG_IGNORE_GROUPS": "true",
    "WAHA_SESSION_CONFIG_IGNORE_CHANNELS": "1",
    "WAHA_SESSION_CONFIG_IGNORE_BROADCAST": "False",
    "WHATSAPP_DOWNLOAD_MEDIA": "True",
    "WHATSAPP_FILES_LIFETIME": "180",
    "WAHA_API_KEY": KEY,
    "WAHA_API_KEY_PLAIN": KEY,
    "WHATSAPP_API_KEY": KEY,
}


def test_each_of_waha_s_documented_names_works_or_is_told_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **{name: MEANINGFUL.get(name, "something") for name in DOCUMENTED})
    loaded = load_all()
    read = loaded.environment
    assert read.taken.keys() | read.passed_over.keys() == set(DOCUMENTED)
    assert not read.taken.keys() & read.passed_over.keys()
    assert all(len(why.split()) > 2 for why in read.passed_over.values())
    assert {"WAHA_BASE_URL", "WHATSAPP_DOWNLOAD_MEDIA", "WHATSAPP_PROXY_SERVER_PASSWORD"} <= read.taken.keys()
    # WAHA writes the address without its scheme, and means HTTP.
    assert str(loaded.settings.proxy) == "http://127.0.0.1:9"
    assert ignored(loaded.settings) == {"status", "groups", "channels"}
