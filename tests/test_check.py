"""`lg-conformance check` says what a server is and which graphs it has, in plain lines, without judging it."""

import json
import re
from pathlib import Path

import pytest

from conformance import cli
from conformance.files import folder
from conformance.targets.names import CONTRACT_VERSION, reference_graphs

from .certificates import authority
from .fakes import STREAM, Connection, Script, answer, closed_url, says, serving

INFO = answer('{"version": "1.2.3", "host": {"kind": "self-hosted"}}')
PROGRAM = b'event: values\ndata: {"program": [], "contract": 2, "done": 0}\n\n'


def server_of(*graphs: str, listed: bool = True, stateless: bool = True) -> dict[str, Script]:
    """Return the scripts of a server with these graphs."""

    async def streams(connection: Connection) -> None:
        name = json.loads(connection.body)["assistant_id"]
        known = name in graphs and (stateless or "/threads/" in connection.line)
        await connection.send(STREAM + PROGRAM if known else answer(f'{{"detail": "no assistant {name}"}}', 404))

    names = json.dumps([{"graph_id": name, "assistant_id": f"id-of-{name}"} for name in graphs])
    return {
        "GET / ": says(answer("", 404)),
        "GET /info": says(INFO),
        "POST /assistants/search": says(answer(names) if listed else answer("", 404)),
        "POST /runs/stream": streams,
        "POST /threads/t/runs/stream": streams,
        "POST /threads ": says(answer('{"thread_id": "t"}')),
        "DELETE /threads/t": says(answer("", 204)),
    }


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    """Run the command; return its exit status and its lines by their first word."""
    status = cli.main(["check", *words])
    captured = capsys.readouterr()
    lines = (captured.out + captured.err).splitlines()
    return status, {line.split(maxsplit=1)[0]: line for line in lines if not line.startswith(" ")}


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("stateless", [True, False])
def test_one_graph_is_found_by_list_or_by_trial(
    capsys: pytest.CaptureFixture[str], listed: bool, stateless: bool
) -> None:
    with serving(server_of("joke", listed=listed, stateless=stateless)) as fake:
        status, lines = check(capsys, "--url", fake.url)
        threads = fake.lines.count("POST /threads")
        assert fake.lines.count("DELETE /threads/t") == threads
    assert status == 0
    assert lines["server"].endswith("version 1.2.3")
    count = len(reference_graphs())
    assert lines["graphs"].endswith(f"1 of {count}: joke")
    assert len(lines["missing"].split()) == count
    assert "joke" not in lines["missing"]
    assert lines["next"].endswith(f"lg-conformance run --url {fake.url} --stage 1")


def test_a_complete_server(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(server_of(*reference_graphs())) as fake:
        status, lines = check(capsys, "--url", fake.url)
    assert (status, "missing" in lines) == (0, False)
    assert lines["contract"].endswith("version 2 of the reference graphs")
    assert lines["next"].endswith(f"lg-conformance run --url {fake.url}")


def test_a_graph_under_another_name(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(server_of("my-joke")) as fake:
        status, lines = check(capsys, "--url", fake.url, "--assistant", "joke=my-joke")
    assert (status, lines["graphs"].endswith(": joke")) == (0, True)


def test_no_graph_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(server_of()) as fake:
        status = cli.main(["check", "--url", fake.url])
    text = capsys.readouterr().out
    assert status == 1
    assert ": none\n" in text
    assert "no assistant" in text
    assert "next       lg-conformance graphs DIR" in text


@pytest.mark.parametrize(
    ("said", "first"),
    [
        (answer('{"detail":"Not Found"}', 404), "the server answered every request with 404"),
        (answer("", 301, "Location: https://elsewhere.invalid/"), "with 301 and Location https://elsewhere.invalid/"),
        (answer("<html>", media="text/html"), "with 200 and a page of HTML"),
        (answer('{"detail": "no key"}', 403), "--api-key"),
    ],
)
def test_a_wrong_url(capsys: pytest.CaptureFixture[str], said: bytes, first: str) -> None:
    with serving({"": says(said)}) as fake:
        status = cli.main(["check", "--url", fake.url])
    text = capsys.readouterr().out
    assert (status, len(text.splitlines())) == (2, 1)
    assert first in text


def test_nothing_listens(capsys: pytest.CaptureFixture[str]) -> None:
    url = closed_url()
    assert cli.main(["check", "--url", url]) == 2
    assert capsys.readouterr().out.startswith(f"{url} cannot be reached: connection refused")


def test_headers_and_query_are_sent_and_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    echo = answer('{"version": "key-0123456789 and token-0123456789"}')
    with serving({**server_of("joke"), "GET /info": says(echo)}) as fake:
        status = cli.main(["check", "--url", f"{fake.url}?token=token-0123456789", "--api-key", "key-0123456789"])
        received = [one for one in fake.received if not one.line.startswith("GET /?")]
    text = capsys.readouterr().out
    assert status == 0
    assert "0123456789" not in text
    assert all(one.line.endswith("?token=token-0123456789") for one in received)
    assert all(one.fields["x-api-key"] == "key-0123456789" for one in received)


def test_usage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["check"]) == 4
    assert "--url URL" in capsys.readouterr().err
    (tmp_path / "not.pem").write_text("nothing", "utf-8")
    assert cli.main(["check", "--url", closed_url(), "--ca-file", str(tmp_path / "not.pem")]) == 4
    assert "no certificate" in capsys.readouterr().err
    assert cli.main(["check", "--help"]) == 0
    assert "lg-conformance check --url http" in capsys.readouterr().out


def test_an_authority_of_ones_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file, tls = authority(tmp_path)
    with serving(server_of("joke"), tls) as fake:
        assert check(capsys, "--url", fake.url)[0] == 2
        assert check(capsys, "--url", fake.url, "--ca-file", str(file))[0] == 0
        status, lines = check(capsys, "--url", fake.url, "--insecure")
    assert (status, "not verified (--insecure)" in lines["reachable"]) == (0, True)


def test_the_contract_version_is_that_of_the_graphs() -> None:
    source = (folder("fixtures_graphs") / "python" / "program.py").read_text("utf-8")
    assert re.findall(r"^CONTRACT = (\d+)$", source, re.MULTILINE) == [str(CONTRACT_VERSION)]
