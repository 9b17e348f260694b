"""The options of a run, declared once for pytest and the command line, and checked before anything starts."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

API_KEY_VARIABLE = "LG_CONFORMANCE_API_KEY"
DEFAULT_PROFILE = "streaming-api-2025-06"


@dataclass(frozen=True)
class Option:
    """An option: `--NAME` of `lg-conformance run`, `--lg-NAME` of pytest."""

    name: str
    help: str
    metavar: str | None = None
    many: bool = False
    shown: bool = True
    """Whether a report tells it: it is no secret, and the outcomes may depend on it."""

    @property
    def dest(self) -> str:
        return "lg_" + self.name.replace("-", "_")

    @property
    def flag(self) -> bool:
        return self.metavar is None


OPTIONS = (
    Option("url", "judge the server at this URL; it may carry a path", "URL"),
    Option("target", "judge a target shipped with the suite, or one described by a TOML file", "NAME_OR_FILE"),
    Option(
        "header",
        "send this header field with every request; its value is kept secret",
        "'K: V'",
        many=True,
        shown=False,
    ),
    Option(
        "api-key", f"send this x-api-key with every request (also: the variable {API_KEY_VARIABLE})", "KEY", shown=False
    ),
    Option(
        "profile", f"the profile to judge by (default {DEFAULT_PROFILE}; of recordings the one of their run)", "NAME"
    ),
    Option("fail-on", "the level whose failures break the gate: must (the default) or should", "LEVEL"),
    Option("baseline", "a TOML file of known failures, which do not change the exit status", "FILE"),
    Option("write-baseline", "write the failures of this run as a baseline", "FILE", shown=False),
    Option("report-dir", "where report and recordings go (default: a new folder below reports/)", "DIR", shown=False),
    Option("concurrency", "how many scenarios run at once", "N"),
    Option("assistant", "the name under which a reference graph is deployed", "GRAPH=NAME", many=True),
    Option("keep-threads", "do not delete the threads that the suite created"),
    Option("silence", "seconds without any event after which the run is stopped (default 30)", "SECONDS"),
    Option("length", "seconds after its first event at which a stream is closed (default 60)", "SECONDS"),
    Option("max-seconds", "seconds after which all that is open is closed and nothing more is started", "SECONDS"),
    Option("clients", "have the real clients read the same streams, and perform some runs", shown=False),
    Option("client", "the same with this client alone, NAME or NAME==VERSION", "NAME", many=True, shown=False),
    Option("judge", "judge the stored recordings of this report folder, without a server", "DIR", shown=False),
)


class UsageError(ValueError):
    """An option that cannot be used; the message names it and the way out."""


@dataclass(frozen=True)
class Settings:
    """The options of one run, checked."""

    url: str | None
    target: str | None
    headers: Mapping[str, str]
    api_key: str | None
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
    """Names of the real clients that read the streams too, empty for all; None for no client."""
    words: tuple[str, ...] = ()
    """The options that a report tells, as arguments of `lg-conformance run`."""

    @property
    def secrets(self) -> list[str]:
        """Every value that must reach no file and no terminal."""
        return [*self.headers.values(), *([self.api_key] if self.api_key else [])]

    @property
    def sent_headers(self) -> dict[str, str]:
        """The header fields that go with every request."""
        return dict(self.headers) | ({"x-api-key": self.api_key} if self.api_key else {})


def settings(given: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Check the values of OPTIONS, by name; raises UsageError."""
    if given.get("url") and given.get("target"):
        raise UsageError("--url and --target exclude each other; a target file can give the URL")
    if given.get("judge") and (given.get("url") or given.get("target")):
        raise UsageError("stored recordings are judged without a server; leave out --url and --target")
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
        concurrency=_number(given, "concurrency", int),
        assistants=dict(_assistant(text) for text in given.get("assistant") or ()),
        keep_threads=bool(given.get("keep-threads")),
        silence_s=_number(given, "silence", float),
        length_s=_number(given, "length", float),
        max_seconds=_number(given, "max-seconds", float),
        judge=_path(given.get("judge")),
        clients=tuple(given.get("client") or ()) if given.get("client") or given.get("clients") else None,
        words=tuple(_words(given)),
    )


def report_folder(chosen: Path | None, name: str, now: datetime.datetime) -> Path:
    """The folder of a report: the chosen one, else a new one below reports/ of the current folder."""
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
        raise UsageError(f"--fail-on {text!r} must be must or should")
    return text.upper()


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise UsageError("--header wants 'Name: value' (what was given is not shown, it may be secret)")
    return name, _field_value(value.strip(), f"the value of --header {name}")


def _field_value(value: str, what: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise UsageError(f"{what} holds characters that no header field can carry (it is not shown, it may be secret)")
    return value


def _assistant(text: str) -> tuple[str, str]:
    graph, equals, name = text.partition("=")
    if not (graph and equals and name):
        raise UsageError(f"--assistant {text!r} must be GRAPH=NAME, such as joke=my-joke")
    return graph, name


def _number(given: Mapping[str, Any], name: str, kind: type) -> Any:
    text = given.get(name)
    if text is None:
        return None
    try:
        value = kind(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e9:
        raise UsageError(f"--{name} {text!r} must be a number above 0")
    return value
