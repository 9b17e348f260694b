"""A mistake in a declaration of the suite stops the suite with a message that names the place and the nearest name."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.authoring import declare
from conformance.authoring.registry import Check, DeclarationError, Registry, Scenario
from conformance.authoring.validation import validate
from conformance.authoring.views import RecordingView, SessionRecordings
from conformance.evidence.recording import Recording
from conformance.judging.items import items_of
from conformance.judging.judge import SuiteError, judge

from .test_plugin import environment

SCENARIO = """
from conformance.authoring import *

@scenario(graph="joke", mode=("values", "updates"))
async def jokes_told(server: Server, mode: str) -> None:
    '''Does nothing.'''
"""

WITH_ONE_MORE_MODULE = """
import sys
from conformance import cli, suite
suite.__path__.append(sys.argv[1])
sys.exit(cli.main(["explain", "updates.node-sequence"]))
"""
"""Performs a command that loads the suite, with the modules of a folder as a part of it."""


def check(body: str = "pass", *, requirement: str = "updates.node-sequence", on: str = "jokes_told") -> str:
    """Return the text of a check."""
    return f"@verifies({requirement!r}, on={on})\ndef test_jokes(recording: RecordingView) -> None:\n    {body}\n"


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            check(requirement="updates.node-sequense"),
            "conformance/suite/mistaken.py: test_jokes: there is no requirement `updates.node-sequense` "
            "(did you mean 'updates.node-sequence'?)",
        ),
        (
            check(on="joke_told"),
            "conformance/suite/mistaken.py: name 'joke_told' is not defined (did you mean 'jokes_told'?)",
        ),
        (
            "from conformance.suite.first import joke_told\n",
            "conformance/suite/mistaken.py: cannot import name 'joke_told' from 'conformance.suite.first'",
        ),
        (
            "from conformance.suite.frist import jokes_told\n",
            "(did you mean 'conformance.suite.first'?)",
        ),
        (
            check('assert recording["steam"].accepted'),
            "conformance/suite/mistaken.py: test_jokes: scenario jokes_told declares no exchange `steam` "
            "(did you mean 'stream'?)",
        ),
    ],
    ids=["requirement", "scenario", "import", "module", "exchange"],
)
def test_a_command_names_the_place_of_a_mistake_and_the_nearest_name(
    mistake: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "first.py").write_text(SCENARIO)
    (tmp_path / "mistaken.py").write_text(f"from conformance.suite.first import *\n{mistake}")
    command = [sys.executable, "-c", WITH_ONE_MORE_MODULE, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert "did you mean '" in done.stderr
    assert len(done.stderr.splitlines()) == 1


Declare = Callable[[str], None]


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Executes a module with a scenario and the given declarations, and validates an otherwise empty registry."""
    registry = Registry()
    monkeypatch.setattr(declare, "REGISTRY", registry)

    def execute(text: str) -> None:
        file = tmp_path / "mistaken.py"
        file.write_text(SCENARIO + text)
        spec = importlib.util.spec_from_file_location("conformance.suite.mistaken", file)
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        validate(registry)

    return execute


FUNCTION = "def jokes(events, exchange):\n    yield from events\n"


@pytest.mark.parametrize(
    "correct",
    [
        check('recording["stream"], recording.all("create thread"), "stream" in recording'),
        check('stream = {"steam": 1}["steam"]'),
        f"@fault('updates.node-sequence')\n{FUNCTION}",
        "@verifies('updates.node-sequence', on=jokes_told, over='mode')\n"
        "def test_jokes(recordings: dict[str, RecordingView]) -> None:\n    recordings['values']\n",
    ],
)
def test_a_correct_declaration_is_accepted(correct: str, declared: Declare) -> None:
    declared(correct)


@pytest.mark.parametrize(
    ("mistake", "parts"),
    [
        (check('"steam" in recording'), ["test_jokes", "`steam`", "'stream'"]),
        (check('recording.all("steam")'), ["test_jokes", "`steam`", "'stream'"]),
        (check(on="'jokes_told'"), ["test_jokes", "without quotes", "'jokes_told'"]),
        (check(on="(jokes_told, jokes_told)"), ["test_jokes", "one parameter for each of the 2 scenarios, not 1"]),
        (
            check(on="EVERY_STREAM").replace("recording:", "a: int, b:"),
            ["test_jokes", "one parameter for the scope, not 2"],
        ),
        (check(on="jokes_told, over='mod'"), ["test_jokes", "the axis `mod`", "'mode'"]),
        (check() + check(), ["test_jokes", "declared already"]),
        (f"@fault('updates.node-sequense')\n{FUNCTION}", ["jokes", "'updates.node-sequence'"]),
        (f"@fault('updates.node-sequence', part='byte')\n{FUNCTION}", ["jokes", "'byte'", "events, bytes, answer"]),
        (f"@variation(unsafe=['clients.strict-jsn'])\n{FUNCTION}", ["jokes", "'clients.strict-json'"]),
        (f"@variation()\n{FUNCTION}" * 2, ["jokes", "declared already"]),
        (check().replace("verifies", "disputes"), ["disputed statement `updates.node-sequence`"]),
        ("@observes('no such thing')\ndef seen(session: object) -> None: ...\n", ["seen", "`no such thing`"]),
    ],
)
def test_the_message_names_the_function_and_the_mistake(mistake: str, parts: list[str], declared: Declare) -> None:
    with pytest.raises(DeclarationError) as raised:
        declared(mistake)
    message = str(raised.value)
    assert message.startswith("conformance/suite/mistaken.py: ")
    assert [part for part in parts if part not in message] == []


def test_an_exchange_that_a_helper_asks_for_is_a_mistake_of_the_suite_and_not_of_the_server() -> None:
    async def jokes_told() -> None:
        """Does nothing."""

    def test_jokes(recording: RecordingView) -> None:
        name = "steam"  # only an exchange that is named in the check itself is found without judging
        assert recording[name].accepted

    scenario = Scenario("jokes_told", "joke", {}, ("create thread", "stream"), jokes_told)
    (item,) = items_of(Check("updates.node-sequence", test_jokes, (scenario,)))
    session = SessionRecordings([Recording("jokes_told", "jokes_told", {}, "joke", stopped=None)])
    with pytest.raises(SuiteError, match=r"^test_jokes: .*`steam` \(did you mean 'stream'\?\)$"):
        judge(item, session)
