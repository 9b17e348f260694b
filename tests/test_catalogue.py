"""The catalogue as shipped keeps its promises, and a broken one says where it is broken."""

import re
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from conformance import catalogue
from conformance.report.traceability import traceability

PROFILE = "streaming-api-2025-06"
LONGEST_SENTENCE = 200  # characters of why a requirement has its level, and of who breaks without it
LONGEST_BLANK_RUN = 2  # of the specification: no more lines than these may lie between two statements


def bounds(lines: str) -> tuple[int, int]:
    first, _, last = lines.partition("-")
    return int(first), int(last or first)


def entries() -> list[catalogue.Requirement | catalogue.ImplementationDefined | catalogue.Disputed]:
    return [
        *catalogue.requirements().values(),
        *catalogue.implementation_defined().values(),
        *catalogue.disputed().values(),
    ]


def covered() -> set[str]:
    return {lines for entry in entries() for lines in entry.spec}


@pytest.mark.parametrize("statement", catalogue.statements(), ids=lambda statement: statement.lines)
def test_a_statement_is_covered_or_excluded_with_a_reason(statement: catalogue.Statement) -> None:
    assert (statement.lines in covered()) != bool(statement.excluded)


def test_the_statements_are_in_order_and_leave_out_blank_lines_only() -> None:
    ranges = [bounds(statement.lines) for statement in catalogue.statements()]
    assert ranges[0][0] == 1
    assert ranges[-1][1] == catalogue.specification().lines
    assert all(first <= last for first, last in ranges)
    assert all(1 <= after[0] - before[1] <= LONGEST_BLANK_RUN + 1 for before, after in pairwise(ranges))


def test_the_norm_is_identified() -> None:
    assert re.fullmatch("[0-9a-f]{64}", catalogue.specification().sha256)
    assert catalogue.specification().original.endswith("docs/docs/cloud/how-tos/streaming.md")


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.id)
def test_an_entry_is_well_formed(
    entry: catalogue.Requirement | catalogue.ImplementationDefined | catalogue.Disputed,
) -> None:
    area, slug = entry.id.split(".")
    assert area in catalogue.AREAS
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert re.fullmatch(r"[A-Z][^\n]*[^.]\.", entry.statement)
    assert all(re.match(r"(spec|clients|servers|tracker)\b", source) for source in entry.sources)
    assert entry.sources


@pytest.mark.parametrize("requirement", catalogue.requirements().values(), ids=lambda requirement: requirement.id)
@pytest.mark.parametrize("word", ["why", "breaks"])
def test_reason_and_harm_are_one_short_sentence_each(requirement: catalogue.Requirement, word: str) -> None:
    text = getattr(requirement, word)
    assert re.fullmatch(r"[A-Z`][^\n]*[^.]\.", text)
    assert len(text) <= LONGEST_SENTENCE
    assert not re.search(r"\.\s+[A-Z]", text)


def test_no_two_requirements_have_the_same_reason_or_harm() -> None:
    every = [text for one in catalogue.requirements().values() for text in (one.why, one.breaks)]
    assert [text for text, count in Counter(every).items() if count > 1] == []


def test_ids_are_unique_and_lie_in_catalogue_order() -> None:
    assert [id for id, count in Counter(entry.id for entry in entries()).items() if count > 1] == []
    areas = [requirement.area for requirement in catalogue.requirements().values()]
    assert areas == sorted(areas, key=catalogue.AREAS.index)
    assert set(areas) == set(catalogue.AREAS)


def test_a_must_rests_on_the_norm_or_on_a_client() -> None:
    musts = [one for one in catalogue.requirements().values() if one.level == "MUST"]
    assert [one.id for one in musts if not any(s.startswith(("spec ", "clients")) for s in one.sources)] == []


def test_a_must_for_which_the_norm_has_no_line_rests_on_a_client() -> None:
    silent = [one for one in catalogue.requirements().values() if one.level == "MUST" and not one.spec]
    assert [one.id for one in silent if not any(s.startswith("clients") for s in one.sources)] == []


def test_the_profile_is_large_enough_and_in_catalogue_order() -> None:
    chosen = catalogue.profile(PROFILE).requirements
    assert len(chosen) >= 90
    assert sum(catalogue.find(id).level == "MUST" for id in chosen) >= 60
    assert list(chosen) == [id for id in catalogue.requirements() if id in chosen]


def test_every_profile_is_in_catalogue_order_and_says_what_it_covers() -> None:
    assert list(catalogue.profiles()) == ["client-safety", PROFILE]
    for profile in catalogue.profiles().values():
        assert list(profile.requirements) == [id for id in catalogue.requirements() if id in profile.requirements]
        assert bool(profile.specification) != bool(profile.clients)


def test_every_requirement_is_in_a_profile() -> None:
    chosen = {id for profile in catalogue.profiles().values() for id in profile.requirements}
    assert chosen == set(catalogue.requirements())


def test_what_clients_need_is_no_part_of_the_norms_profile() -> None:
    assert not [id for id in catalogue.profile(PROFILE).requirements if id.startswith("clients.")]


@pytest.mark.parametrize(
    "id", ["transport.no-closing-event", "modes.order-across-modes", "join.through-another-thread"]
)
def test_what_is_free_is_no_requirement(id: str) -> None:
    assert id in catalogue.implementation_defined()
    assert id not in catalogue.requirements()


def test_the_disputed_statements_are_the_four_known_ones() -> None:
    assert list(catalogue.disputed()) == [
        "values.step-without-writes",
        "debug.stateless-full-state",
        "subgraphs.tokens-without-flag",
        "filtering.messages-mode",
    ]


def test_an_unknown_requirement_gets_the_nearest_id() -> None:
    with pytest.raises(catalogue.UnknownName, match=r"'join.does-not-reply' \(did you mean 'join.does-not-replay'\?\)"):
        catalogue.find("join.does-not-reply")


def test_an_unknown_profile_gets_the_nearest_name_and_the_list() -> None:
    with pytest.raises(
        catalogue.UnknownName, match=rf"did you mean '{PROFILE}'\?\); profiles: client-safety, {PROFILE}"
    ):
        catalogue.profile("streaming-api-2025-07")


@pytest.mark.parametrize("id", ["join.metadata", "filtering.messages-mode"])
def test_what_is_free_or_disputed_is_not_taken_for_a_misspelling(id: str) -> None:
    with pytest.raises(catalogue.UnknownName, match="free or disputed"):
        catalogue.find(id)


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    with pytest.raises(catalogue.UnknownName) as caught:
        catalogue.find("xyzzy")
    assert "did you mean" not in str(caught.value)
    assert "lg-conformance list" in str(caught.value)


def test_what_is_returned_can_be_changed_without_harm() -> None:
    catalogue.requirements().clear()
    assert catalogue.requirements()


# A broken catalogue: each test changes one file of a copy.


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("requirements", "profiles"):
        shutil.copytree(catalogue.ROOT / folder, tmp_path / folder)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


MAY = ('level = "MUST"', 'level = "MAY"')
BREAKS = [
    ("requirements/join.toml", *MAY, "join.background-run", "one of MUST, SHOULD"),
    ("requirements/join.toml", 'level = "MUST"\n', "", "join.background-run", "level is None"),
    ("requirements/join.toml", "[join.active-run]", "[auth.active-run]", "auth", r"\[area.slug\]; areas: join"),
    ("requirements/join.toml", "[join.active-run]", "[join.Active_Run]", "join.Active_Run", "lower-case words"),
    ("requirements/join.toml", "[join.active-run]", '[join]\nslug = "x"\n[join.active-run]', "join.slug", "slug"),
    ("requirements/auth.toml", "statement = ", "text = ", "auth.api-key-accepted", "unknown key 'text'; remove"),
    ("requirements/auth.toml", "statement = ", "note = ", "auth.api-key-accepted", "statement is missing; add"),
    ("requirements/auth.toml", "why = ", "note = ", "auth.api-key-accepted", "why is missing; add"),
    ("requirements/auth.toml", "breaks = ", "note = ", "auth.api-key-accepted", "breaks is missing; add"),
    ("requirements/auth.toml", "sources = [", "sources = []\nnote = [", "auth.api-key-accepted", "sources is empty"),
    ("requirements/auth.toml", "sources = [", "sources = [1, ", "auth.api-key-accepted", "list of texts"),
    ("requirements/auth.toml", '"13-35"', '"13-36"', "auth.api-key-accepted", "'13-36', .*did you mean '13-35'"),
    ("requirements/auth.toml", '"37-63"', '"13-35"', "auth.api-key-accepted", "'13-35' more than once"),
    (
        "requirements/implementation-defined.toml",
        "[join.metadata]",
        "[join.does-not-replay]",
        "join.does-not-replay",
        "join.toml",
    ),
    ("requirements/disputed.toml", "[filtering.", "[filter.", "filter", "areas: transport"),
    ("requirements/specification.toml", 'kind = "output"', 'kind = "print"', "statement 207-211", "one of heading"),
    ("requirements/specification.toml", 'lines = "207-211"', 'lines = "207..211"', "statement 207..211", "13-35"),
    ("requirements/specification.toml", "lines = 955", 'lines = "955"', "norm", "whole number"),
    ("requirements/specification.toml", "[norm]", "[normal]", "norm", "write one"),
    ("profiles/streaming-api-2025-06.toml", "join.active-run", "join.activ-run", "top level", "'join.active-run'"),
    ("profiles/streaming-api-2025-06.toml", f'name = "{PROFILE}"', 'name = "x"', "top level", PROFILE),
    ("profiles/streaming-api-2025-06.toml", f'norm = "{PROFILE}"', "", "top level", "either norm = .* or clients"),
    (
        "profiles/client-safety.toml",
        "clients = [",
        f'norm = "{PROFILE}"\nclients = [',
        "top level",
        "write one of them",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "table", "way_out"), BREAKS)
def test_a_defect_names_file_table_and_way_out(
    copy: Path, file: str, old: str, new: str, table: str, way_out: str
) -> None:
    edit(copy / file, old, new)
    with pytest.raises(catalogue.CatalogueError, match=rf"{re.escape(file)}: \[{re.escape(table)}\].*{way_out}"):
        catalogue.load(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "requirements/debug.toml").unlink()
    with pytest.raises(catalogue.CatalogueError, match=r"debug\.toml: the file is missing; restore it"):
        catalogue.load(copy)


def test_a_misspelt_file_is_named(copy: Path) -> None:
    shutil.copy(copy / "requirements/debug.toml", copy / "requirements/debugs.toml")
    with pytest.raises(catalogue.CatalogueError, match=r"debugs\.toml: .*did you mean 'debug'\?\); rename the file"):
        catalogue.load(copy)


def test_a_file_that_is_no_toml_is_named_with_the_line(copy: Path) -> None:
    edit(copy / "requirements/debug.toml", "[debug.tasks]", "[debug.tasks")
    with pytest.raises(catalogue.CatalogueError, match=r"debug\.toml: not valid TOML: .*line \d+"):
        catalogue.load(copy)


def test_the_digest_ignores_layout_and_sees_every_kind_of_content(copy: Path) -> None:
    shipped = catalogue.digest()
    edit(copy / "requirements/auth.toml", '"13-35", ', '\n    "13-35",  # a comment\n    ')
    assert catalogue.digest(copy) == shipped
    changes = [
        ("requirements/auth.toml", "joining", "reading"),
        ("requirements/auth.toml", "environment", "settings"),
        ("requirements/implementation-defined.toml", "Whether", "If"),
        ("requirements/disputed.toml", "servers:", "servers say:"),
        ("requirements/specification.toml", 'gist = "', 'gist = "so: '),
        ("profiles/streaming-api-2025-06.toml", "Every", "Each"),
    ]
    digests = {shipped}
    for file, old, new in changes:
        edit(copy / file, old, new)
        catalogue.load.cache_clear()
        digests.add(catalogue.digest(copy))
    assert len(digests) == len(changes) + 1


# The page made from it.


def rows(page: str, containing: str) -> list[str]:
    return [line for line in page.splitlines() if containing in line]


def test_the_page_leads_from_a_statement_to_its_checks() -> None:
    page = traceability({"filtering.by-tag": ["test_one", "test_two"]})
    assert len(rows(page, "| 742 |")) == 1
    assert "`filtering.by-tag` MUST | `test_one`, `test_two` |" in rows(page, "| 742 |")[0]
    assert "| **none** |" in rows(page, "`filtering.by-node`")[0]


def test_the_page_shows_what_is_excluded_free_disputed_or_without_a_line() -> None:
    page = traceability({"framing.last-event": ["test_last"]})
    assert "excluded: heading" in rows(page, "| 214 |")[0]
    assert "disputed" in rows(page, "`filtering.messages-mode`")[0]
    assert "freedom" in rows(page, "`subgraphs.custom-without-flag`")[0]
    assert len(rows(page, "`framing.last-event`")) == 1
    assert rows(page, "`framing.last-event`")[0].endswith("| `test_last` |")


def test_the_page_refuses_a_check_of_an_unknown_requirement() -> None:
    with pytest.raises(catalogue.UnknownName, match=r"did you mean 'framing.utf8'"):
        traceability({"framing.utf": ["test_text"]})
