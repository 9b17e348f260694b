"""The README.md of every folder that holds many files.

The description of a module is the first paragraph of its docstring; data files are described here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY

ROOT = Path(__file__).parents[2]

SUITE = """# The suite: scenarios, checks and faults

Each module holds scenarios, the checks that judge their recordings, and the faults on which these checks fail. An item
belongs to the area of its requirement, whichever module declares it. [CONTRIBUTING.md](../../CONTRIBUTING.md) explains
how to write one.
"""

REPORT = """# Reports

Every report is made offline from `report.json` and the recordings beside it; [write.py](write.py) writes the files. The
HTML pages are Jinja2 templates that escape every value, so that text from a server stays text.
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

REPORTS = """# Compatibility reports

Reports of real servers, each started, judged and stopped by one command (`lg-conformance run --target NAME`).
[matrix.md](matrix.md) and `matrix.html` compare them. A folder and everything in it takes at most 350 kB. Git ignores
the folders of ordinary sessions.

| file | content |
|---|---|
| `report.json` | the outcome of every check, and evidence for failures ([schema](../schemas/report.schema.json)) |
| `report.html`, `report.md` | the same for people; the page draws on a time axis what each failure shows |
| `badge.json` | the verdict as a badge, for an endpoint of shields.io |
| `recordings.tar.xz` | every byte with its arrival time: a file for each scenario, and `run.json` about the session |

Where many requirements fail, only the first ones have evidence here. The recordings are complete:
`lg-conformance judge FOLDER --report-dir OTHER` writes the whole report into another folder.

**Verify.** Anybody can judge the recordings again, without a server. This compares every outcome with the published
one and writes nothing:

```sh
lg-conformance verify reports/*/
```

**Releases without a folder.** [releases.json](releases.json) lists releases in which every check has the same outcome
as in a later one, with the verdict digest that their own recordings gave. The matrix shows them beside the report that
stands for them.

`python -m tests.generate.published FOLDER …` publishes report folders of sessions, and writes all of this.
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
