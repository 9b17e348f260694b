"""The options of a session, declared once for pytest and the command line, and checked before anything starts."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

API_KEY_VARIABLE = "LG_CONFORMANCE_API_KEY"
DEFAULT_PROFILE = "streaming-api-2025-06"

SERVER, JUDGING, RECORDING, REPORT, CLIENTS = (
    "the server under test",
    "requirements and exit status",
    "recording",
    "report",
    "real clients",
)
"""The groups of options in the help."""

SECONDS = "a number of seconds"

MAX_NUMBER = 1e9
"""The largest accepted number of an option: a larger one is a mistake."""

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Option:
    """An option: `--NAME` of `lg-conformance run`, `--lg-NAME` of pytest."""

    name: str
    group: str
    help: str
    metavar: str | None = None
    many: bool = False
    shown: bool = True
    """Whether a report lists it: it is not secret, and the outcomes may depend on it."""

    @property
    def dest(self) -> str:
        return "lg_" + self.name.replace("-", "_")

    @property
    def flag(self) -> bool:
        return self.metavar is None


OPTIONS = (
    Option(
        "url",
        SERVER,
        "Judge the running server at URL, which may include a path. "
        "Default, without --url and --target: start the embedded official server and judge it.",
        "URL",
    ),
    Option(
        "target",
        SERVER,
        "Judge a target: the name of one that is shipped with the suite (NAME==VERSION or NAME==VERSION@DAY for "
        "another release), or the path of a TOML file that describes your server.",
        "NAME_OR_FILE",
    ),
    Option(
        "header",
        SERVER,
        "Send this header with every request. Repeatable. The value is written to no file and shown in no message.",
        "'NAME: VALUE'",
        many=True,
        shown=False,
    ),
    Option(
        "api-key",
        SERVER,
        "Send this key as x-api-key with every request. It is written to no file and shown in no message. "
        f"Default: the environment variable {API_KEY_VARIABLE}.",
        "KEY",
        shown=False,
    ),
    Option(
        "profile",
        JUDGING,
        "Judge the requirements of this profile; the command `list --profile NAME` shows them. "
        f"Default: {DEFAULT_PROFILE}; for stored recordings, the profile that they were recorded for.",
        "NAME",
    ),
    Option(
        "fail-on",
        JUDGING,
        "Lowest level that the exit status depends on: `must`, or `should` for MUST and SHOULD. Default: must.",
        "LEVEL",
    ),
    Option(
        "baseline",
        JUDGING,
        "TOML file of known failures, each with a reason. A listed failure does not change the exit status, "
        "an entry that no longer fails does. Default: the baseline that the target names, if any.",
        "FILE",
    ),
    Option(
        "write-baseline",
        JUDGING,
        "Write the failures of this session to FILE as a baseline; then give a reason for each of them there.",
        "FILE",
        shown=False,
    ),
    Option(
        "report-dir",
        REPORT,
        "Write the report and the recordings to this folder. Default: a new folder reports/TARGET-DATE-TIME; "
        "for stored recordings, the folder that holds them.",
        "DIR",
        shown=False,
    ),
    Option(
        "concurrency",
        RECORDING,
        "Perform at most N scenarios at the same time. Default: what the target file says, otherwise 10.",
        "N",
    ),
    Option(
        "assistant",
        SERVER,
        "Name under which a reference graph is deployed, such as joke=my-joke. Repeatable. "
        "Default: the name of the graph.",
        "GRAPH=NAME",
        many=True,
    ),
    Option(
        "keep-threads",
        RECORDING,
        "Keep the threads that the suite creates, so that a request in the report can be repeated. "
        "Default: delete them at the end.",
    ),
    Option(
        "silence",
        RECORDING,
        "Abort the session when no event has arrived on any stream for SECONDS. Default: 30.",
        "SECONDS",
    ),
    Option(
        "length",
        RECORDING,
        "Close a stream SECONDS after its first event. Default: 60.",
        "SECONDS",
    ),
    Option(
        "max-seconds",
        RECORDING,
        "Abort the session after SECONDS; everything recorded until then is judged. Default: no limit.",
        "SECONDS",
    ),
    Option(
        "clients",
        CLIENTS,
        "Play the recorded streams back to real clients (the official SDKs and httpx-sse), have them perform some runs "
        "themselves, and report where they see something else than the suite. Default: no client.",
        shown=False,
    ),
    Option(
        "client",
        CLIENTS,
        "The same with this client only. Repeatable.",
        "NAME[==VERSION]",
        many=True,
        shown=False,
    ),
    Option(
        "judge",
        REPORT,
        "Judge the stored recordings of DIR, a report folder or its recordings/, without a server.",
        "DIR",
        shown=False,
    ),
)


class UsageError(ValueError):
    """An option or file that cannot be used; the message names it, says what is wrong, and how to correct it."""


@dataclass(frozen=True)
class Settings:
    """The options of one session, checked."""

    url: str | None
    target: str | None
    headers: Mapping[str, str] = field(repr=False)
    api_key: str | None = field(repr=False)
    profile: str | None
    fail_on: str
    baseline: Path | None
    write_baseline: Path | None
    report_dir: Path | None
    concurrency: int | None
    assistants: Mapping[str, str]
    keep_threads: bool
    silence_s: float | None
    length_s: float | None
    max_seconds: float | None
    judge: Path | None
    clients: tuple[str, ...] | None = None
    """The real clients to use, by name; empty for all, None for no client."""
    words: tuple[str, ...] = ()
    """The options that a report lists, as arguments of `lg-conformance run`."""

    @property
    def secrets(self) -> list[str]:
        """The values that no file and no message may contain."""
        return [*self.headers.values(), *([self.api_key] if self.api_key else [])]

    @property
    def sent_headers(self) -> dict[str, str]:
        """The headers that are sent with every request."""
        return dict(self.headers) | ({"x-api-key": self.api_key} if self.api_key else {})


def settings(given: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings for values of OPTIONS, by name; raises UsageError for the first that cannot be used."""
    if given.get("url") and given.get("target"):
        raise UsageError("--url and --target exclude each other; use one of them (a target file can contain the URL)")
    if given.get("judge") and (given.get("url") or given.get("target")):
        raise UsageError("stored recordings are judged without a server; remove --url and --target")
    return Settings(
        url=given.get("url"),
        target=given.get("target"),
        headers=dict(_header(text) for text in given.get("header") or ()),
        api_key=_field_value(given.get("api-key") or environment.get(API_KEY_VARIABLE) or "", "the API key") or None,
        profile=given.get("profile"),
        fail_on=_level(given.get("fail-on") or "must"),
        baseline=_path(given.get("baseline")),
        write_baseline=_path(given.get("write-baseline")),
        report_dir=_path(given.get("report-dir")),
        concurrency=_number(given, "concurrency", int, "a whole number"),
        assistants=dict(_assistant(text) for text in given.get("assistant") or ()),
        keep_threads=bool(given.get("keep-threads")),
        silence_s=_number(given, "silence", float, SECONDS),
        length_s=_number(given, "length", float, SECONDS),
        max_seconds=_number(given, "max-seconds", float, SECONDS),
        judge=_path(given.get("judge")),
        clients=tuple(given.get("client") or ()) if given.get("client") or given.get("clients") else None,
        words=tuple(_words(given)),
    )


def report_folder(chosen: Path | None, name: str, now: datetime.datetime) -> Path:
    """Return the folder of a report: the chosen one, or a new one in reports/ of the current folder."""
    slug = re.sub(r"[^\w.=-]+", "-", name).strip("-.") or "target"
    return chosen or Path("reports") / f"{slug}-{now:%Y%m%d-%H%M%S-%f}"


def _words(given: Mapping[str, Any]) -> Iterator[str]:
    for option in OPTIONS:
        value = given.get(option.name)
        if value and option.shown:
            for one in value if option.many else [value]:
                yield f"--{option.name}"
                yield from () if option.flag else (str(one),)


def _level(text: str) -> str:
    if text.upper() not in ("MUST", "SHOULD"):
        raise UsageError(f"--fail-on must be `must` or `should`, not {text!r}")
    return text.upper()


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise UsageError("--header must be 'Name: value' (the given text is not shown, because it may be secret)")
    return name, _field_value(value.strip(), f"the value of --header {name}")


def _field_value(value: str, what: str) -> str:
    if not value.isascii() or not value.isprintable():
        why = "must consist of printable ASCII characters, as every header value"
        raise UsageError(f"{what} {why} (it is not shown, because it may be secret)")
    return value


def _assistant(text: str) -> tuple[str, str]:
    graph, equals, name = text.partition("=")
    if not (graph and equals and name):
        raise UsageError(f"--assistant must be GRAPH=NAME, such as joke=my-joke, not {text!r}")
    return graph, name


def _number(given: Mapping[str, Any], name: str, kind: Callable[[str], Number], what: str) -> Number | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        value = kind(text)
    except ValueError:
        value = kind("0")
    if not 0 < value < MAX_NUMBER:
        raise UsageError(f"--{name} must be {what} greater than 0, not {text!r}")
    return value
