"""The settings of a session: its options, checked before anything starts."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.settings.credentials import field_value, headers_of, query_secrets, split_query
from conformance.settings.options import API_KEY_VARIABLE, OPTIONS
from conformance.settings.own_runs import OwnRuns, own_runs
from conformance.settings.values import SECONDS, UsageError, assistant, level, number, path


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
    long_s: float | None = None
    lacks: tuple[str, ...] = ()
    """What the target is declared to lack, beside what its file says."""
    stage: int | None = None
    ca_file: Path | None = None
    insecure: bool = False
    query: str = field(default="", repr=False)
    """The query of the URL, which goes with every request."""
    clients: tuple[str, ...] | None = None
    """The real clients to use, by name; empty for all, None for no client."""
    own_runs: OwnRuns = field(default_factory=OwnRuns)
    """The runs that the session performs instead of the suite's scenarios."""
    words: tuple[str, ...] = ()
    """The options that a report lists, as arguments of `lg-conformance run`."""

    @property
    def secrets(self) -> list[str]:
        """The values that no file and no message may contain."""
        return [*self.headers.values(), *query_secrets(self.query), *([self.api_key] if self.api_key else [])]

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
    url, query = split_query(given.get("url") or "", "--url")
    return Settings(
        url=url if given.get("url") else None,
        target=given.get("target"),
        headers=headers_of(given.get("header") or (), given.get("header-file") or (), environment),
        api_key=field_value(given.get("api-key") or environment.get(API_KEY_VARIABLE) or "", "the API key") or None,
        profile=given.get("profile"),
        fail_on=level(given.get("fail-on") or "must"),
        baseline=path(given.get("baseline")),
        write_baseline=path(given.get("write-baseline")),
        report_dir=path(given.get("report-dir")),
        concurrency=number(given, "concurrency", int, "a whole number"),
        assistants=dict(assistant(text) for text in given.get("assistant") or ()),
        keep_threads=bool(given.get("keep-threads")),
        silence_s=number(given, "silence", float, SECONDS),
        length_s=number(given, "length", float, SECONDS),
        max_seconds=number(given, "max-seconds", float, SECONDS),
        long_s=number(given, "long", float, SECONDS),
        judge=path(given.get("judge")),
        lacks=tuple(given.get("lacks") or ()),
        stage=number(given, "stage", int, "a whole number"),
        ca_file=path(given.get("ca-file")),
        insecure=bool(given.get("insecure")),
        query=query,
        clients=tuple(given.get("client") or ()) if given.get("client") or given.get("clients") else None,
        own_runs=own_runs(given),
        words=tuple(_words({**given, "url": url})),
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
