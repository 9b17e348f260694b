"""The table `launch` of a target file says how a server is started; the shipped targets are such files too."""

import json
import tomllib
from pathlib import Path

import pytest

from conformance.launch.startup import Plan
from conformance.targets.launch_table import PLACEHOLDERS, read_plan
from conformance.targets.target import TargetError
from conformance.targets.target_file import SHIPPED, named_target, read_target, shipped_targets

LAUNCH = """
[launch]
command = ["{python}", "-m", "server", "{port}"]
ready = "/ok"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return path


def planned(path: Path, version: str = "") -> Plan:
    """The plan of a target file."""
    table = tomllib.loads(path.read_text("utf-8"))
    return read_plan(table.get("name", path.stem), table.get("version", ""), table["launch"], path, version)


def more(line: str) -> str:
    return f"{LAUNCH}{line}\n"


def test_a_target_may_be_started_instead_of_being_there(tmp_path: Path) -> None:
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
    assert (plan.version, plan.release) == ("1.2", None)
    assert plan.packages == ("uvicorn", "server==1.2", "more==1.2")
    assert (plan.requires, plan.needs, plan.graphs) == ((3, 12), ("postgresql",), tmp_path / "graphs")
    assert plan.recipe.version_at == ()
    assert plan.recipe.environment == {"DATABASE": "{database_url}", "CONFIG": "{config}"}
    other = planned(path, "2.0rc1")
    assert (other.version, other.release) == ("2.0rc1", "server==2.0rc1")
    assert other.packages == ("uvicorn", "server==2.0rc1", "more==2.0rc1")


BROKEN = {
    "an unknown key": (more("port = 5"), "mine.toml, launch: unknown key 'port'; known are command, ready"),
    "no command": ('[launch]\nready = "/ok"', "launch: has no command"),
    "an empty command": ('[launch]\ncommand = []\nready = "/ok"', "launch: has no command"),
    "no readiness": ('[launch]\ncommand = ["x"]', "launch: has no ready"),
    "a readiness that is no path": ('[launch]\ncommand = ["x"]\nready = "ok"', "ready must be a path"),
    "a text for the command": ('[launch]\ncommand = "x"\nready = "/ok"', "launch: command has the wrong type"),
    "a number in the environment": (more("environment = { PORT = 5 }"), "launch: environment has the wrong type"),
    "an unknown kind": (more('kind = "ruby"'), "kind 'ruby' is none of none, python, node"),
    "Python without packages": (more('kind = "python"'), "kind python needs packages"),
    "Node without graphs": (more('kind = "node"'), "kind node needs graphs"),
    "a version that nothing gives": (more('kind = "python"\npackages = ["a=={version}"]'), "packages use {version}"),
    "an unknown need": (more('needs = ["redis"]'), "needs 'redis' is none of postgresql"),
    "a strange version": (more('requires_python = "3.12"'), "requires_python must be the oldest version"),
    "an unknown placeholder": (more('environment = { A = "{prot}" }'), "{prot} in '{prot}' stands for nothing here"),
    "a lone brace": (more('environment = { A = "{" }'), "write {{ and }} for braces that are meant"),
    "a positional placeholder": (more('environment = { A = "{}" }'), "{} in '{}' stands for nothing here"),
    "an attribute": (more('environment = { A = "{port.x}" }'), "{port.x} in '{port.x}' stands for nothing here"),
    "a database without need": (more('environment = { A = "{database_url}" }'), "stands for nothing here; there are"),
    "graphs without any": (more('environment = { A = "{config}" }'), "{config} in '{config}' stands for nothing"),
    "a path of no graph": (more('graph_path = "/{name}"'), "stands for nothing here; there are {graph}"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_launch_table_is_told_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TargetError) as raised:
        read_target(written(tmp_path, text))
    assert str(tmp_path / "mine.toml") in str(raised.value)
    assert message in str(raised.value)


def test_braces_may_be_meant(tmp_path: Path) -> None:
    assert read_target(written(tmp_path, more("""environment = { A = '{{"port": {port}}}' }"""))).launch is not None


# --- shipped targets


def test_the_shipped_targets_bring_their_graphs() -> None:
    assert shipped_targets() == ["aegra", "fastapi-langgraph-server", "langgraph-dev", "langgraphjs", "skeino"]
    for name in shipped_targets():
        plan = planned(SHIPPED / f"{name}.toml")
        assert plan.graphs is not None
        assert (plan.graphs / "langgraph.json").is_file()


def test_no_placeholder_is_left_that_no_shipped_target_has_shown_to_work() -> None:
    used = "".join(path.read_text("utf-8") for path in SHIPPED.glob("*.toml"))
    assert [one for one in PLACEHOLDERS if f"{{{one}}}" not in used] == ["workdir"]


def test_a_released_version_of_a_shipped_target_has_an_environment_of_its_own() -> None:
    here = planned(SHIPPED / "langgraph-dev.toml")
    assert (here.makes_python, here.version, here.release) == (False, "", None)
    old = planned(SHIPPED / "langgraph-dev.toml", "0.2.60")
    assert (old.makes_python, old.version, old.release) == (True, "0.2.60", "langgraph-api==0.2.60")
    assert "langgraph-api==0.2.60" in old.packages
    assert named_target("langgraph-dev==0.2.60").version == "0.2.60"


def test_the_javascript_server_is_the_one_that_its_graphs_ask_for() -> None:
    plan = planned(SHIPPED / "langgraphjs.toml")
    assert plan.graphs is not None
    wanted = json.loads((plan.graphs / "package.json").read_text("utf-8"))["dependencies"]
    assert wanted["@langchain/langgraph-api"] == plan.version


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("aegre", "--target aegre: did you mean aegra? shipped are aegra, fastapi-langgraph-server, langgraph-dev,"),
        ("zzz", "--target zzz: shipped are aegra,"),
        ("aegra==", "'' is no version; give one such as aegra==1.2.3"),
        ("aegra==>1", "'>1' is no version"),
        ("aegra==1 --pre", "'1 --pre' is no version"),
        ("langgraphjs==2.0.0", "langgraphjs is started in the version that its graphs ask for; leave out ==2.0.0"),
        ("aegre==1", "did you mean aegra?"),
    ],
)
def test_a_target_that_is_not_shipped_is_told(given: str, message: str) -> None:
    with pytest.raises(TargetError) as raised:
        named_target(given)
    assert message in str(raised.value)


def test_a_file_is_known_by_its_path_its_ending_or_by_being_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, 'url = "http://h"').rename("plain")
    (tmp_path / "aegra").write_text('url = "http://mine"')
    assert named_target("plain").url == named_target("./plain").url == "http://h"
    assert named_target("aegra").launch is not None, "a shipped name goes first"
    assert named_target("./aegra").url == "http://mine"
