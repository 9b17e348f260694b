"""The table `launch` of a target file says how to start a server, also in the shipped target files."""

import json
import tomllib
from datetime import date
from pathlib import Path

import pytest

from conformance.launch.startup import Plan
from conformance.targets.launch_table import PLACEHOLDERS, read_plan
from conformance.targets.target import TargetError
from conformance.targets.target_file import SHIPPED, named_target, read_target, shipped_targets

from .generate.versions import RELEASES

DAY = "2025-06-20"
"""When release 0.2.60 of the official server was uploaded."""
LAUNCH = """
[launch]
command = ["{python}", "-m", "server", "{port}"]
ready = "/ok"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return path


def planned(path: Path, version: str = "", day: str = "") -> Plan:
    """Return the plan in a target file."""
    table = tomllib.loads(path.read_text("utf-8"))
    return read_plan(table.get("name", path.stem), table.get("version", ""), table["launch"], path, version, day)


def with_line(line: str) -> str:
    """Return a launch table with another line."""
    return f"{LAUNCH}{line}\n"


def test_a_target_file_may_have_a_launch_table_instead_of_a_url(tmp_path: Path) -> None:
    path = written(tmp_path, LAUNCH)
    target, plan = read_target(path), planned(path)
    assert (target.name, target.url, target.launch is not None) == ("mine", "", True)
    assert (plan.kind, plan.graphs, plan.here, plan.recipe.ready) == ("none", None, tmp_path, "/ok")
    assert plan.recipe.command == ("{python}", "-m", "server", "{port}")


def test_a_launch_table_is_read(tmp_path: Path) -> None:
    text = """
    version = "1.2"
    [launch]
    kind = "python"
    packages = ["uvicorn", "server=={version}", "more=={version}"]
    requires_python = ">=3.12"
    graphs = "./graphs"
    needs = ["postgresql"]
    command = ["{python}", "{here}/app.py", "{port}"]
    ready = "/ok"
    version_at = []
    [launch.environment]
    DATABASE = "{database_url}"
    CONFIG = "{config}"
    """
    path = written(tmp_path, text)
    plan = planned(path)
    assert (plan.version, plan.last_day) == ("1.2", None)
    assert plan.packages == ("uvicorn", "server==1.2", "more==1.2")
    assert (plan.requires, plan.needs, plan.graphs) == ((3, 12), ("postgresql",), tmp_path / "graphs")
    assert plan.recipe.version_at == ()
    assert plan.recipe.environment == {"DATABASE": "{database_url}", "CONFIG": "{config}"}
    other = planned(path, "2.0rc1", "2026-02-01")
    assert (other.version, other.last_day) == ("2.0rc1", date(2026, 2, 1))
    assert other.packages == ("uvicorn", "server==2.0rc1", "more==2.0rc1")


BROKEN = {
    "an unknown key": (with_line("port = 5"), "'port'", "command, ready, "),
    "no command": ('[launch]\nready = "/ok"', "command"),
    "an empty command": ('[launch]\ncommand = []\nready = "/ok"', "command"),
    "no ready": ('[launch]\ncommand = ["x"]', "ready"),
    "a ready that is not a path": ('[launch]\ncommand = ["x"]\nready = "ok"', "ready", "path", "/ok"),
    "a string for the command": ('[launch]\ncommand = "x"\nready = "/ok"', "command", "list of strings"),
    "a number in the environment": (with_line("environment = { PORT = 5 }"), "environment", "table of strings"),
    "an unknown kind": (with_line('kind = "ruby"'), "'ruby'", "none, python, node"),
    "Python without packages": (with_line('kind = "python"'), "python", "packages"),
    "Node without graphs": (with_line('kind = "node"'), "node", "graphs"),
    "no version": (with_line('kind = "python"\npackages = ["a=={version}"]'), "packages", "{version}"),
    "files without Node": (with_line('files = "x"'), "files", "node"),
    "a worker that is no list": (with_line('workers = ["x"]'), "workers", "list of commands"),
    "a version path that is none": (with_line('version_path = "info"'), "version_path", "path", "/ok"),
    "an unknown service": (with_line('needs = ["mysql"]'), "'mysql'", "postgresql"),
    "an invalid version": (with_line('requires_python = "3.12"'), "requires_python", "oldest version", "'>=3.11'"),
    "an unknown placeholder": (with_line('environment = { A = "{prot}" }'), "{prot} in '{prot}'", "{port}, "),
    "a single brace": (with_line('environment = { A = "{" }'), "'{'", "{{ and }}"),
    "a positional placeholder": (with_line('environment = { A = "{}" }'), "{} in '{}'", "{port}, "),
    "an attribute": (with_line('environment = { A = "{port.x}" }'), "{port.x} in '{port.x}'", "{port}, "),
    "a database that is not needed": (with_line('environment = { A = "{database_url}" }'), "{database_url} in"),
    "a config without graphs": (with_line('environment = { A = "{config}" }'), "{config} in '{config}'"),
    "a path without the graph": (with_line('graph_path = "/{name}"'), "{name} in '/{name}'", "{graph}"),
}
"""Invalid launch tables, each with parts of its error message: the wrong value, and the valid ones or the fix."""


@pytest.mark.parametrize(("text", "parts"), [(text, parts) for text, *parts in BROKEN.values()], ids=BROKEN)
def test_the_error_for_a_broken_launch_table_names_place_and_fix(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(TargetError) as raised:
        read_target(written(tmp_path, text))
    for part in (str(tmp_path / "mine.toml"), *parts):
        assert part in str(raised.value)


def test_double_braces_are_literal(tmp_path: Path) -> None:
    assert (
        read_target(written(tmp_path, with_line("""environment = { A = '{{"port": {port}}}' }"""))).launch is not None
    )


# --- shipped targets


def test_the_shipped_targets_have_graphs() -> None:
    assert shipped_targets() == [
        "aegra", "fastapi-langgraph-server", "graphharbor", "langgraph-dev", "langgraph-gaussdb-fastapi", "langgraphjs",
        "langrove", "pure-graph", "skeino",
    ]  # fmt: skip
    for name in shipped_targets():
        plan = planned(SHIPPED / f"{name}.toml")
        assert plan.graphs is not None
        assert (plan.graphs / "langgraph.json").is_file()


def test_every_placeholder_but_one_is_used_by_a_shipped_target() -> None:
    used = "".join(path.read_text("utf-8") for path in SHIPPED.glob("*.toml"))
    assert [one for one in PLACEHOLDERS if f"{{{one}}}" not in used] == ["workdir"]


def test_a_given_version_of_a_shipped_target_has_its_own_environment() -> None:
    here = planned(SHIPPED / "langgraph-dev.toml")
    assert (here.has_own_python, here.version, here.last_day) == (False, "", None)
    old = planned(SHIPPED / "langgraph-dev.toml", "0.2.60")
    assert (old.has_own_python, old.version, old.last_day) == (True, "0.2.60", date.fromisoformat(DAY))
    assert "langgraph-api==0.2.60" in old.packages
    assert named_target("langgraph-dev==0.2.60").version == "0.2.60"


def test_the_day_of_a_release_is_given_or_known(tmp_path: Path) -> None:
    path = SHIPPED / "langgraph-dev.toml"
    assert planned(path, "0.0.1", "2024-02-29").last_day == date(2024, 2, 29)
    assert planned(path, "0.2.60", "2024-02-29").last_day == date(2024, 2, 29), "what the user gives takes precedence"
    assert named_target("langgraph-dev==0.0.1@2024-02-29").version == "0.0.1"
    aegra = SHIPPED / "aegra.toml"
    version = tomllib.loads(aegra.read_text("utf-8"))["version"]
    assert planned(aegra, version).last_day is None, "the version that the file names has the packages of today"


def test_the_day_of_every_release_that_is_compared_is_known() -> None:
    released = tomllib.loads((SHIPPED / "langgraph-dev.toml").read_text("utf-8"))["launch"]["released"]
    assert set(RELEASES) <= set(released)
    days = [date.fromisoformat(day) for day in released.values()]
    assert days == sorted(days)


def test_the_javascript_server_has_the_version_that_its_graphs_require() -> None:
    plan = planned(SHIPPED / "langgraphjs.toml")
    assert plan.graphs is not None
    wanted = json.loads((plan.graphs / "package.json").read_text("utf-8"))["dependencies"]
    assert wanted["@langchain/langgraph-api"] == plan.version


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("aegre", ["did you mean aegra?", "aegra, fastapi-langgraph-server, graphharbor,", "path"]),
        ("zzz", ["aegra, fastapi-langgraph-server, graphharbor,", "path"]),
        ("aegra==", ["''", "aegra==1.2.3"]),
        ("aegra==>1", ["'>1'", "aegra==1.2.3"]),
        ("aegra==1 --pre", ["'1 --pre'", "aegra==1.2.3"]),
        ("langgraphjs==2.0.0", ["langgraphjs", "leave out ==2.0.0"]),
        ("langgraph-dev==0.0.1", ["on which day 0.0.1 was released", "0.16.7", "==0.0.1@2025-06-20"]),
        ("langgraph-dev==0.0.1@", ["no day after @", "langgraph-dev==1.2.3@2025-06-20"]),
        ("langgraph-dev==0.0.1@june", ["the day of 0.0.1", "'june'", "2025-06-20"]),
        ("aegre==1", ["did you mean aegra?"]),
    ],
)
def test_the_error_for_an_unknown_target_names_the_valid_ones(given: str, parts: list[str]) -> None:
    with pytest.raises(TargetError) as raised:
        named_target(given)
    for part in parts:
        assert part in str(raised.value)


def test_a_file_is_given_by_its_path_its_suffix_or_the_name_of_an_existing_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, 'url = "http://h"').rename("plain")
    (tmp_path / "aegra").write_text('url = "http://mine"')
    assert named_target("plain").url == named_target("./plain").url == "http://h"
    assert named_target("aegra").launch is not None, "shipped targets take precedence"
    assert named_target("./aegra").url == "http://mine"
