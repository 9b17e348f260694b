"""`lg-conformance explain` shows everything about a requirement, as text and as data."""

import json
from typing import Any

import pytest

from conformance import catalogue, cli, suite
from conformance.report.requirement import described, markdown
from conformance.report.specification import spec_rows

suite.load()


@pytest.mark.parametrize("id", catalogue.requirements())
def test_every_requirement_is_explained_completely(id: str) -> None:
    full = described(catalogue.find(id))
    text = markdown(full)
    assert full["checks"]
    assert full["faults"]
    assert {full["example"]["check"]} <= {one["name"] for one in full["checks"]}
    assert {full["example"]["fault"]} <= {one["name"] for one in full["faults"]}
    shown = [full["statement"], full["why"], full["breaks"], *full["sources"], *full["example"]["good"]]
    shown += [*full["example"]["bad"], full["example"]["request"], full["run"]]
    shown += [one["name"] for one in (*full["checks"], *full["faults"])] + [one["gist"] for one in full["spec"]]
    assert [one for one in shown if one not in text] == []
    assert [one["url"] for one in full["spec"] if f"{one['section']}: {one['url']}\n" not in text] == []
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_statement_links_the_section_that_its_lines_are_in() -> None:
    sections = {one["lines"]: one["url"].partition("#")[2] for one in spec_rows(["1", "207-211", "223", "940-947"])}
    assert sections == {
        "1": "streaming-api", "207-211": "basic-usage", "223": "supported-stream-modes", "940-947": "join-and-stream",
    }  # fmt: skip


def test_missing_parts_leave_no_empty_headings() -> None:
    full: dict[str, Any] = described(catalogue.find("framing.last-event"))
    text = markdown(full | {"example": None, "faults": [], "profiles": [], "note": ""})
    assert "On the wire" not in text
    assert "Note:" not in text
    assert "lg-conformance fault" not in text
    assert text.startswith("# framing.last-event (MUST; no profile)\n")


def test_the_explanation_exists_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "join.does-not-replay", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == described(catalogue.find("join.does-not-replay"))
