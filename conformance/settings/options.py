"""The options of a session, declared once for pytest and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

API_KEY_VARIABLE = "LG_CONFORMANCE_API_KEY"
DEFAULT_PROFILE = "streaming-api-2025-06"

SERVER, JUDGING, RECORDING, REPORT, CLIENTS, OWN_RUNS = (
    "the server under test",
    "requirements and exit status",
    "recording",
    "report",
    "real clients",
    "generated programs, and the server's own graphs",
)
"""The groups of options in the help."""


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


def add_option(parser: Any, option: Option) -> None:
    """Add an option to a parser, or a group, of argparse."""
    text = option.help.replace("%", "%%")
    if option.flag:
        parser.add_argument(f"--{option.name}", action="store_true", help=text)
    else:
        action = "append" if option.many else "store"
        parser.add_argument(f"--{option.name}", action=action, metavar=option.metavar, help=text)


OPTIONS = (
    Option(
        "url",
        SERVER,
        "Judge the running server at URL, which may include a path. A query, such as ?token=VALUE, goes with every "
        "request; its values are written to no file and shown in no message. "
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
        "Send this header with every request. Repeatable. The value is written to no file and shown in no message. "
        "A word $VAR of the value, in single quotes for the shell, is replaced by this environment variable, so that a "
        "secret is not on the command line: --header 'Authorization: Bearer $TOKEN'.",
        "'NAME: VALUE'",
        many=True,
        shown=False,
    ),
    Option(
        "header-file",
        SERVER,
        "Send the headers of this file too: one NAME: VALUE on each line, as for --header; empty lines and lines that "
        "start with # are skipped. Repeatable. --header replaces a header of the same name.",
        "FILE",
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
        "ca-file",
        SERVER,
        "Also trust the certificates of authorities in FILE (PEM), for a server with TLS and an authority of your own. "
        "The variable SSL_CERT_FILE names such a file for all programs; HTTPS_PROXY names a proxy.",
        "FILE",
    ),
    Option(
        "insecure",
        SERVER,
        "Accept every certificate of the server, also an expired one or one for another name. The report says so.",
    ),
    Option(
        "lacks",
        JUDGING,
        "Declare that the server lacks WHAT: an area, a mode, a graph, a requirement, or a capability such as "
        "join.stream. What needs it is inapplicable, nothing else, and the verdict is partial at best. Repeatable; it "
        "adds to `lacks` in a target file. A report says what can be declared.",
        "WHAT",
        many=True,
    ),
    Option(
        "stage",
        JUDGING,
        "Perform and judge only the stages 1 to N of the profile, for a server that is not finished; "
        "`list --stages` shows them. The exit status is 0 when every MUST in them passed.",
        "N",
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
        'an entry that no longer fails does. An entry with outcome = "cantTell" excuses an inconclusive check '
        "instead. Default: the baseline that the target names, if any.",
        "FILE",
    ),
    Option(
        "write-baseline",
        JUDGING,
        "Write what did not pass to FILE as a baseline; then give a reason for each new entry there. If FILE exists, "
        "or a baseline is in use, its entries are kept, except those that are stale.",
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
        "Perform at most N scenarios at the same time, fewer if the server is slow or busy. "
        "Default: what the target file says, otherwise 40.",
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
        "End a wait of a scenario when no event has arrived on the awaited stream for SECONDS; the other scenarios "
        "continue. Default: 30.",
        "SECONDS",
    ),
    Option(
        "length",
        RECORDING,
        "Close a stream that no scenario waits for when no event has arrived on it for SECONDS. Default: 60.",
        "SECONDS",
    ),
    Option(
        "max-seconds",
        RECORDING,
        "Abort the session after SECONDS; what it cut off is inconclusive. Default: 1200.",
        "SECONDS",
    ),
    Option(
        "long",
        RECORDING,
        "Also perform a run that is silent for SECONDS, and one that streams for so long, each read by its creator and "
        "a joining client. Some proxies cut what is silent for 30 or 60 seconds. The report says how the streams "
        "ended; this is not judged. Default: no such run.",
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
        "programs",
        OWN_RUNS,
        "Instead of the suite's scenarios perform N generated runs of the reference graph `program`: random programs, "
        "modes, forms, threads and readers. They are judged by what langgraph, if it is installed here, streams for "
        "them, and by what must hold of any run. A failure is reduced to a small program within a minute, and kept as "
        "a case in the report folder. The exit status is 1 if a MUST failed.",
        "N",
    ),
    Option("seed", OWN_RUNS, "Seed of the generated runs: the same seed gives the same runs. Default: 0.", "NUMBER"),
    Option(
        "replay-case",
        OWN_RUNS,
        "Perform the run again that FILE holds, a case of an earlier session.",
        "FILE",
    ),
    Option(
        "graph",
        OWN_RUNS,
        "Instead of the suite's scenarios perform runs of an assistant of the server, of any graph, with this input: "
        "JSON, or a file that holds JSON. No reference graph needs to be deployed. Repeatable. Judged is what must "
        "hold of any run. The recordings hold your data, so do not publish them.",
        "ASSISTANT=INPUT",
        many=True,
    ),
    Option(
        "not-deterministic",
        OWN_RUNS,
        "Declare that the runs of an assistant of --graph differ from time to time, as with a real model: no two of "
        "them are compared. Repeatable.",
        "ASSISTANT",
        many=True,
    ),
    Option(
        "library",
        OWN_RUNS,
        "Where the graphs are, for the library that says what their runs stream: ASSISTANT=MODULE:ATTRIBUTE (or "
        "MODULE:ATTRIBUTE for the only assistant), which is imported and run in a process of its own, or a folder with "
        "a langgraph.json, and with node_modules for JavaScript. Repeatable. Default for --programs: the langgraph "
        "that is installed here; for --graph: no library.",
        "WHERE",
        many=True,
    ),
    Option("dry-run", OWN_RUNS, "List the runs, and perform none.", shown=False),
    Option(
        "judge",
        REPORT,
        "Judge the stored recordings of DIR: a report folder, its recordings/ or recordings.tar.xz, without a server.",
        "DIR",
        shown=False,
    ),
)
