"""What is published is in step with itself: README's tables, the reports, and the evidence that they name."""

import json

from conformance.catalogue import schemas as schema

from .generate import published


def test_the_tables_of_the_readme_are_those_of_the_reports():
    text = (published.ROOT / "README.md").read_text("utf-8")
    assert f"{published.BEGIN}\n\n{published.tables()}\n\n{published.END}" in text


def test_each_report_is_valid_and_has_the_evidence_that_it_names():
    for folder, document in published.documents():
        assert schema.errors("report", document) == []
        named = {one["recording"] for check in published._checks(document) for one in check["evidence"]}
        assert {name for name in named if not (folder / "recordings" / name).is_file()} == set()


def test_all_were_judged_by_the_same_catalogue():
    digests = {document["suite"]["catalogue_sha256"] for _, document in published.documents()}
    assert len(digests) == 1


def test_nothing_published_tells_of_the_machine():
    for folder, _ in published.documents():
        assert not (folder / "junit.xml").exists()
        assert "hostname" not in json.dumps(json.loads((folder / "recordings" / "run.json").read_text("utf-8")))
