"""Reads settings from environment variables: ``TUNTAS_*``, ``TUNTAS_*_FILE`` for secrets, WAHA's names where ours are
unset.

It says for each value which variable gave it, and for each of WAHA's variables what became of it. A name that looks
like ours and is none, and two that contradict each other, are refused: a setting without effect would be a lie. Values
are never in a message, for they may be secrets.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from tuntas.environment.waha import Translated, translated
from tuntas.foundation.user_error import UserError

PREFIX = "TUNTAS_"
FILE_SUFFIX = "_FILE"
LARGEST_SECRET_BYTES = 64 * 1024
# Ours, and no settings.
OTHER_NAMES = frozenset({"TUNTAS_CONFIG", "TUNTAS_KILL_AT", "TUNTAS_FAKE_BROWSER"})


class ConfigurationError(UserError):
    """A setting is wrong; the message names the setting and says what it should be."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables, and which settings there are; ``secrets`` are those that may be in files."""

    variables: Mapping[str, str]
    fields: Set[str]
    secrets: Set[str]


@dataclass(slots=True)
class Reading:
    """What was found: values and the variables that gave them by the setting's name, and what to tell of WAHA's."""

    values: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    """WAHA's variables that are in force, with ours that they stand for."""
    passed_over: dict[str, str] = field(default_factory=dict)
    """WAHA's variables that are not, with the reason."""


def read_environment(environment: Environment) -> Reading:
    """Return what the environment says.

    Raises:
        ConfigurationError: a name is unknown, two contradict each other, or a secret's file cannot be read.
    """
    reading = Reading()
    _read_ours(environment, reading)
    try:
        _take_over(translated(environment.variables, environment.fields), environment.fields, reading)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return reading


def _read_ours(environment: Environment, reading: Reading) -> None:
    spelt: dict[str, str] = {}
    for given, value in environment.variables.items():
        name = given.upper()  # as Windows does
        if not name.startswith(PREFIX) or name in OTHER_NAMES:
            continue
        if name in spelt:
            message = f"{spelt[name]} and {given} are both set: unset one of them."
            raise ConfigurationError(message)
        spelt[name] = given
        setting = name.removeprefix(PREFIX).lower()
        if setting in environment.fields:
            _claim(reading, setting, name)
            reading.values[setting] = value
        elif (secret := setting.removesuffix(FILE_SUFFIX.lower())) != setting and secret in environment.secrets:
            _claim(reading, secret, name)
            reading.values[secret] = _secret_in(Path(value), name)
        else:
            raise ConfigurationError(_unknown(name, environment))


def _claim(reading: Reading, setting: str, name: str) -> None:
    if setting in reading.origins:
        first, second = sorted((reading.origins[setting], name))
        message = f"{first} and {second} are both set: unset one of them."
        raise ConfigurationError(message)
    reading.origins[setting] = name


def _secret_in(path: Path, name: str) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            message = f"{name}: {path} is no file. Name the file that holds the secret."
            raise ConfigurationError(message)
        with path.open("rb") as file:
            read = file.read(LARGEST_SECRET_BYTES + 1)
        text = read.decode().rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        message = f"{name}: the file {path} cannot be read: {reason}. Name one that the user of this server can read."
        raise ConfigurationError(message) from None
    if not text or "\0" in text or len(read) > LARGEST_SECRET_BYTES:
        message = f"{name}: the file {path} is empty or holds no secret. Write the secret into it, and nothing else."
        raise ConfigurationError(message)
    return text


def _unknown(name: str, environment: Environment) -> str:
    if name.startswith(("TUNTAS_SERVICE_", "TUNTAS_PORT_")) and "TUNTAS_SERVICE_HOST" in environment.variables:
        return (
            f"{name} is no setting: Kubernetes made it for a Service named tuntas. "
            "Set enableServiceLinks: false in the pod."
        )
    setting = name.removeprefix(PREFIX).lower().removesuffix(FILE_SUFFIX.lower())
    if name.endswith(FILE_SUFFIX) and setting in environment.fields:
        return f"{name} is no setting: only secrets are read from files. Set {PREFIX}{setting.upper()}."
    known = [f"{PREFIX}{one.upper()}" for one in environment.fields]
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    meant = f"Did you mean {near[0]}?" if near else "`tuntas config show` lists all."
    return f"{name} is no setting of Tuntas. {meant} Unset it or mend its name."


def _take_over(found: Translated, fields: Set[str], reading: Reading) -> None:
    reading.passed_over |= found.without_equivalent
    for name, (setting, value) in found.values.items():
        ours = f"{PREFIX}{setting.upper()}"
        if setting not in fields:
            reading.passed_over[name] = "has no equivalent here"
        elif setting in reading.origins:
            reading.passed_over[name] = f"{reading.origins[setting]} is set, which comes first"
        else:
            reading.values[setting] = value
            reading.taken[name] = ours
    # After all of them: two of WAHA's names may stand for one of ours, with the same value.
    for name, ours in reading.taken.items():
        reading.origins.setdefault(ours.removeprefix(PREFIX).lower(), name)
