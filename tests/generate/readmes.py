"""The README.md of every folder that holds many files.

The description of a module is the first paragraph of its docstring; data files are described here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY
from tests.generate.published import FOLDER_BYTES

ROOT = Path(__file__).parents[2]

SUITE = """# The suite: scenarios, checks and faults

Each module holds scenarios, the checks that judge their recordings, and the faults on which these checks fail. An item
belongs to the area of its requirement, whichever module declares it. [CONTRIBUTING.md](../../CONTRIBUTING.md) explains
how to write one.
"""

REPORT = """# Reports

Every report is made offline from `report.json` and the recordings beside it; [write.py](write.py) writes the files. The
HTML pages are Jinja2 templates that escape every value, so that text from a server stays text. Only the matrix has a
script; the policy of the page names it by its digest, so no other can run.
"""

CLIENTS = """# Real clients

The official SDKs and httpx-sse in pinned versions, each in its own environment, which is made once, on demand, in the
user's cache. `python/`, `python-2025-06/` (the SDK at the time of the specification) and `javascript/` list the
packages; `drivers/` holds the programs that run there. `lg-conformance clients REPORT` lets the clients read recorded
streams and compares what they yield with what the suite read. [compare.py](compare.py) lists known bugs of the clients.
"""

SNIPPETS = """# The snippets of the specification

`specification/` holds every code block of the specification as data: its lines, its reference graph, its expected
output, and its defects with their corrections. `lg-conformance snippets` performs the blocks with the
real clients; [SNIPPETS.md](../requirements/SNIPPETS.md) shows the outcomes.
"""

TESTS = """# The self-tests

There are three levels: unit tests (with hypothesis where a property says more than examples), tests of faults on
recordings of the official server, and tests with real servers. Run them with `pytest -n auto` or `tox run -e tests`. A
test that needs a server, Node or a browser is skipped with a reason if this machine lacks it, and fails if
`LG_REQUIRE_SERVERS` is set. [generate/](generate/) makes the generated files: `python -m tests.generate`.
"""

REQUIREMENTS = """# The catalogue

One TOML file for each area holds its requirements. [specification.toml](specification.toml) lists the statements of the
specification and defines the terms that the requirements use. `python -m tests.generate` makes the other files; tests
check that they are up to date.

| file | content |
|---|---|
| [CATALOGUE.md](CATALOGUE.md) | every requirement, with the reason for its level and who breaks without it |
| [TRACEABILITY.md](TRACEABILITY.md) | the requirements and checks of each statement of the specification |
| [FAULTS.md](FAULTS.md), [faults.json](faults.json) | the proof that every check can fail |
| [examples.json](examples.json) | a good and a bad answer on the wire for each requirement |
| [observed.json](observed.json) | what real clients do with faulty streams |
| [SNIPPETS.md](SNIPPETS.md) | the code blocks of the specification, performed by real clients |
| [NOTHING.md](NOTHING.md) | the outcomes on servers that do nothing |
| [implementation-defined.toml](implementation-defined.toml) | behaviour that the specification leaves to the server |
| [disputed.toml](disputed.toml) | statements of the specification that no official server follows |
"""

PROFILES = """# Profiles

A profile is a frozen set of requirements; `lg-conformance run --profile NAME` judges a server by it.
"""

REPORTS = f"""# Compatibility reports

Reports of real servers. [matrix.md](matrix.md) and `matrix.html` compare the newest release of each. Git ignores the
folders of ordinary sessions. A published folder holds, in at most {FOLDER_BYTES // 1000} kB:

| file | content |
|---|---|
| `report.json` | the outcome of every check, and evidence for failures ([schema](../schemas/report.schema.json)) |
| `report.html`, `report.md` | the same for people; the page also draws on a time axis what failures show |
| `badge.json` | the verdict as a badge, for an endpoint of shields.io |
| `recordings.tar.xz` | every byte with its arrival time: a `.jsonl` for each scenario, `run.json` about the session |

Where many requirements fail, only the first ones have evidence here. The recordings are complete:
`lg-conformance judge FOLDER --report-dir OTHER` writes the whole report into another folder.

## What a cell means

A cell says what one release of one server did in one session, judged by the sentence of one requirement.

| cell | meaning |
|---|---|
| ✓ passed | every check of the requirement passed on what was recorded |
| ✗ failed | the recordings show that the sentence was broken; the cell links to the evidence |
| ? inconclusive | nothing could be judged, because something that the check needs was missing or refused |
| – inapplicable | the target file declares that the server lacks this |
| □ untested | not selected, or the report is older than the check |

- It is about the reference graphs, on one machine, on one day. It says nothing about speed, security or scale.
- A pass is no proof: a check sees what its scenarios ask for. What each check can notice is listed in
  [FAULTS.md](../conformance/requirements/FAULTS.md).
- A MUST rests on the specification or on an official client. A failed SHOULD breaks no promise of the specification.
- The numbers of two servers can only be compared in one table: it has one profile and one catalogue.
- Recordings prove an outcome, not their origin: they cannot show which server sent them. Where the report gives a
  command with `--target NAME`, anybody can start the same release and judge it again.

## Verify

Anybody can judge the recordings again, without a server. This compares every outcome with the published one and writes
nothing:

```sh
lg-conformance verify reports/*/
```

## Submit a report

Whoever makes a server can publish its report here. All commands run in a checkout of the suite, with its environment
activated ([CONTRIBUTING.md](../CONTRIBUTING.md)).

1. Write a target file with the name of the server and the version that was judged
   ([targets](../conformance/targets/README.md)), and judge the whole profile, without `-k` or `--stage`:

   ```sh
   lg-conformance run --target my-server.toml --report-dir ../my-session
   ```

2. Publish it. This judges the recordings with this version of the suite, packs them into an archive, removes what names
   your machine, and writes the matrix and the tables of the README:

   ```sh
   python -m tests.generate.published ../my-session
   ```

3. Check it as everybody will:

   ```sh
   lg-conformance verify reports/my-server-1.2.3
   ```

4. Open a pull request with the new folder, the matrix and the README.

The tests of the pull request check that

- the recordings give every outcome of the report again, with the same verdict digest, by this version of the suite;
- the recordings are those that the report names, by their SHA-256, and none is missing;
- the report has the form of its schema, and its numbers agree with each other;
- the folder is small, and does not name your machine.

The suite masks keys, headers and queries that you gave to it. Look yourself whether the server sent anything else that
must not be public. Failures need no explanation; a server that is also a shipped target has a baseline with reasons.

## Older releases

A release in which every check has the same outcome as in the next one needs no folder. [releases.json](releases.json)
lists it with the verdict digest that its own recordings gave, and the matrix folds it under the report that stands for
it.
"""


def modules(folder: str) -> str:
    """Return a table of the modules in a folder, with the first paragraph of each docstring."""
    paths = [path for path in sorted((ROOT / folder).rglob("*.py")) if path.name != "__init__.py"]
    names = [(path.relative_to(ROOT / folder).as_posix(), _about(path)) for path in paths]
    return "\n| module | content |\n|---|---|\n" + "".join(f"| [{name}]({name}) | {about} |\n" for name, about in names)


def _about(path: Path) -> str:
    doc = " ".join((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].split())
    return doc.replace("|", "\\|")


def areas() -> str:
    """Return a table of the areas, with the numbers of requirements, checks and faults."""
    suite.load()
    area = {one.id: one.area for one in catalogue.requirements().values()}
    rows = []
    for name in catalogue.AREAS:
        levels = [one.level for one in catalogue.requirements().values() if one.area == name]
        checks = sum(area[check.requirement] == name for check in REGISTRY.checks)
        faults = sum(area[fault.requirement] == name for fault in REGISTRY.faults)
        link = f"[{name}]({name}.toml)" if (ROOT / f"conformance/requirements/{name}.toml").exists() else name
        rows.append(f"| {link} | {levels.count('MUST')} | {levels.count('SHOULD')} | {checks} | {faults} |\n")
    return "\n| area | MUST | SHOULD | checks | faults |\n|---|---|---|---|---|\n" + "".join(rows)


def profiles() -> str:
    """Return a table of the profiles, with the numbers of requirements."""
    known = catalogue.requirements()
    rows = []
    for one in catalogue.profiles().values():
        levels = [known[id].level for id in one.requirements]
        counts = f"{levels.count('MUST')} | {levels.count('SHOULD')}"
        rows.append(f"| [{one.name}]({one.name}.toml) | {one.description} | {counts} |\n")
    return "\n| profile | content | MUST | SHOULD |\n|---|---|---|---|\n" + "".join(rows)


def readmes() -> Iterator[tuple[Path, str]]:
    """Yield every generated README.md with its content."""
    yield ROOT / "conformance/suite/README.md", SUITE + modules("conformance/suite")
    yield ROOT / "conformance/report/README.md", REPORT + modules("conformance/report")
    yield ROOT / "conformance/clients/README.md", CLIENTS + modules("conformance/clients")
    yield ROOT / "conformance/snippets/README.md", SNIPPETS + modules("conformance/snippets")
    yield ROOT / "conformance/requirements/README.md", REQUIREMENTS + areas()
    yield ROOT / "conformance/profiles/README.md", PROFILES + profiles()
    yield ROOT / "tests/README.md", TESTS + modules("tests")
    yield ROOT / "reports/README.md", REPORTS
