"""The shipped catalogue keeps its rules, and the error for a broken catalogue names the file and the table."""

import re
import shutil
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from conformance import catalogue
from conformance.report.traceability import traceability
from conformance.settings import DEFAULT_PROFILE

LONGEST_SENTENCE = 200
"""Characters of `why` and of `breaks`: a sentence that a reader takes in at once."""
LONGEST_BLANK_RUN = 2
"""The most blank lines between two statements of the specification; a wider gap means that a statement is missing."""

Entry = catalogue.Requirement | catalogue.ImplementationDefined | catalogue.Disputed


def bounds(lines: str) -> tuple[int, int]:
    """Return the first and the last line of a range."""
    first, _, last = lines.partition("-")
    return int(first), int(last or first)


def entries() -> list[Entry]:
    """Return every requirement, implementation-defined behaviour and disputed statement."""
    return [
        *catalogue.requirements().values(),
        *catalogue.implementation_defined().values(),
        *catalogue.disputed().values(),
    ]


def covered(entries: Iterable[Entry]) -> set[str]:
    """Return the line ranges of the specification that the entries cover."""
    return {lines for entry in entries for lines in entry.spec}


@pytest.mark.parametrize("statement", catalogue.statements(), ids=lambda statement: statement.lines)
def test_a_statement_is_covered_or_excluded_with_a_reason(statement: catalogue.Statement) -> None:
    assert (statement.lines in covered(entries())) != bool(statement.excluded)


def test_the_statements_are_in_order_and_skip_only_blank_lines() -> None:
    ranges = [bounds(statement.lines) for statement in catalogue.statements()]
    assert ranges[0][0] == 1
    assert ranges[-1][1] == catalogue.specification().lines
    assert all(first <= last for first, last in ranges)
    assert all(1 <= after[0] - before[1] <= LONGEST_BLANK_RUN + 1 for before, after in pairwise(ranges))


def test_the_specification_is_identified_by_digest_and_origin() -> None:
    assert re.fullmatch("[0-9a-f]{64}", catalogue.specification().sha256)
    assert catalogue.specification().original.endswith("docs/docs/cloud/how-tos/streaming.md")


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.id)
def test_an_entry_is_well_formed(entry: Entry) -> None:
    """Its id names an area, its statement is one line that ends with a full stop, its sources say what they are."""
    area, slug = entry.id.split(".")
    assert area in catalogue.AREAS
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert re.fullmatch(r"[A-Z][^\n]*[^.]\.", entry.statement)
    assert all(re.match(r"(spec|clients|servers|tracker)\b", source) for source in entry.sources)
    assert entry.sources


@pytest.mark.parametrize("requirement", catalogue.requirements().values(), ids=lambda requirement: requirement.id)
@pytest.mark.parametrize("key", ["why", "breaks"])
def test_why_and_breaks_are_one_short_sentence_each(requirement: catalogue.Requirement, key: str) -> None:
    text = getattr(requirement, key)
    assert re.fullmatch(r"[A-Z`][^\n]*[^.]\.", text)
    assert len(text) <= LONGEST_SENTENCE
    assert not re.search(r"\.\s+[A-Z]", text)


def test_no_two_requirements_have_the_same_why_or_breaks() -> None:
    every = [text for one in catalogue.requirements().values() for text in (one.why, one.breaks)]
    assert [text for text, count in Counter(every).items() if count > 1] == []


def test_ids_are_unique_and_in_the_order_of_the_areas() -> None:
    assert [id for id, count in Counter(entry.id for entry in entries()).items() if count > 1] == []
    areas = [requirement.area for requirement in catalogue.requirements().values()]
    assert areas == sorted(areas, key=catalogue.AREAS.index)
    assert set(areas) == set(catalogue.AREAS)


def test_a_must_is_based_on_the_specification_or_on_a_client() -> None:
    musts = [one for one in catalogue.requirements().values() if one.level == "MUST"]
    assert [one.id for one in musts if not any(s.startswith(("spec ", "clients")) for s in one.sources)] == []


def test_a_must_without_lines_of_the_specification_is_based_on_a_client() -> None:
    silent = [one for one in catalogue.requirements().values() if one.level == "MUST" and not one.spec]
    assert [one.id for one in silent if not any(s.startswith("clients") for s in one.sources)] == []


@pytest.mark.parametrize("profile", catalogue.profiles().values(), ids=lambda profile: profile.name)
def test_a_profile_is_in_catalogue_order_and_covers_a_specification_or_clients(profile: catalogue.Profile) -> None:
    assert profile.requirements
    assert list(profile.requirements) == [id for id in catalogue.requirements() if id in profile.requirements]
    assert bool(profile.specification) != bool(profile.clients)


@pytest.mark.parametrize(
    "profile", [one for one in catalogue.profiles().values() if one.specification], ids=lambda profile: profile.name
)
def test_a_profile_of_a_specification_covers_every_statement_but_not_the_area_clients(
    profile: catalogue.Profile,
) -> None:
    chosen = [catalogue.find(id) for id in profile.requirements]
    unjudged = [entry for entry in entries() if not isinstance(entry, catalogue.Requirement)]
    assert covered([*chosen, *unjudged]) == {one.lines for one in catalogue.statements() if not one.excluded}
    assert "clients" not in {one.area for one in chosen}


def test_every_requirement_is_in_a_profile() -> None:
    chosen = {id for profile in catalogue.profiles().values() for id in profile.requirements}
    assert chosen == set(catalogue.requirements())


@pytest.mark.parametrize("statement", catalogue.disputed().values(), ids=lambda statement: statement.id)
def test_a_disputed_statement_names_its_lines_and_the_servers_that_differ(statement: catalogue.Disputed) -> None:
    assert statement.spec
    assert any(source.startswith("servers") for source in statement.sources)


def test_an_unknown_requirement_gets_the_nearest_id() -> None:
    with pytest.raises(catalogue.UnknownName, match=r"'join.does-not-reply'.*'join.does-not-replay'"):
        catalogue.find("join.does-not-reply")


def test_an_unknown_profile_gets_the_nearest_name_and_the_list() -> None:
    with pytest.raises(catalogue.UnknownName) as caught:
        catalogue.profile(f"{DEFAULT_PROFILE}x")
    assert f"did you mean {DEFAULT_PROFILE!r}?" in str(caught.value)
    assert all(name in str(caught.value) for name in catalogue.profiles())


@pytest.mark.parametrize(
    ("id", "file"), [("join.metadata", "implementation-defined.toml"), ("filtering.messages-mode", "disputed.toml")]
)
def test_the_error_for_an_id_that_is_not_a_requirement_names_the_file_where_it_is(id: str, file: str) -> None:
    with pytest.raises(catalogue.UnknownName, match=file) as caught:
        catalogue.find(id)
    assert "did you mean" not in str(caught.value)


def test_a_name_that_resembles_no_other_gets_no_suggestion() -> None:
    with pytest.raises(catalogue.UnknownName) as caught:
        catalogue.find("xyzzy")
    assert "did you mean" not in str(caught.value)
    assert "lg-conformance list" in str(caught.value)


def test_a_caller_may_change_what_the_catalogue_returns() -> None:
    catalogue.requirements().clear()
    assert catalogue.requirements()


# --- A broken catalogue: each test changes one file of a copy.


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the catalogue that a test may break."""
    for folder in ("requirements", "profiles"):
        shutil.copytree(catalogue.ROOT / folder, tmp_path / folder)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    """Replace the first occurrence of `old`, which must exist."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


API_KEY = "auth.api-key-accepted"
AUTH = "requirements/auth.toml"
JOIN = "requirements/join.toml"
SPECIFICATION = "requirements/specification.toml"
STREAMING = f"profiles/{DEFAULT_PROFILE}.toml"
CLIENT_SAFETY = "profiles/client-safety.toml"

DEFECTS = [
    (JOIN, 'level = "MUST"', 'level = "MAY"', "join.background-run", "'MAY'.*MUST, SHOULD"),
    (JOIN, 'level = "MUST"\n', "", "join.background-run", "level.*MUST, SHOULD"),
    (JOIN, "[join.active-run]", "[auth.active-run]", "auth", r"\[area.slug\].*join"),
    (JOIN, "[join.active-run]", "[join.Active_Run]", "join.Active_Run", "lower-case"),
    (JOIN, "[join.active-run]", '[join]\nslug = "x"\n[join.active-run]', "join.slug", r"\[area.slug\]"),
    (AUTH, "statement = ", "text = ", API_KEY, "'text'.*statement"),
    (AUTH, "statement = ", "note = ", API_KEY, "statement.*missing"),
    (AUTH, "why = ", "note = ", API_KEY, "why.*missing"),
    (AUTH, "breaks = ", "note = ", API_KEY, "breaks.*missing"),
    (AUTH, "sources = [", "sources = []\nnote = [", API_KEY, "sources.*empty"),
    (AUTH, "sources = [", "sources = [1, ", API_KEY, "sources.*list"),
    (AUTH, '"13-35"', '"13-36"', API_KEY, "'13-36'.*'13-35'"),
    (AUTH, '"37-63"', '"13-35"', API_KEY, "'13-35'.*once"),
    (
        "requirements/implementation-defined.toml",
        "[join.metadata]",
        "[join.does-not-replay]",
        "join.does-not-replay",
        "join.toml",
    ),
    ("requirements/disputed.toml", "[filtering.", "[filter.", "filter", "transport.*filtering"),
    (SPECIFICATION, 'kind = "output"', 'kind = "print"', "statement 207-211", "'print'.*output"),
    (SPECIFICATION, 'lines = "207-211"', 'lines = "207..211"', "statement 207..211", "13-35"),
    (SPECIFICATION, "lines = 955", 'lines = "955"', "specification", "lines.*'955'"),
    (SPECIFICATION, "[specification]", "[specified]", "specification", "missing"),
    (STREAMING, "join.active-run", "join.activ-run", "top level", "'join.activ-run'.*'join.active-run'"),
    (STREAMING, 'name = "', 'name = "x-', "top level", DEFAULT_PROFILE),
    (STREAMING, 'specification = "', '# specification = "', "top level", "specification = .* or clients"),
    (CLIENT_SAFETY, "clients = [", 'specification = "x"\nclients = [', "top level", "specification = .* or clients"),
]


@pytest.mark.parametrize(("file", "old", "new", "table", "problem"), DEFECTS)
def test_the_error_for_a_defect_names_file_table_and_problem(
    copy: Path, file: str, old: str, new: str, table: str, problem: str
) -> None:
    edit(copy / file, old, new)
    with pytest.raises(catalogue.CatalogueError, match=rf"{re.escape(file)}: \[{re.escape(table)}\].*{problem}"):
        catalogue.load(copy)


def test_the_error_for_a_missing_file_names_it(copy: Path) -> None:
    (copy / "requirements/debug.toml").unlink()
    with pytest.raises(catalogue.CatalogueError, match=r"debug\.toml.*missing"):
        catalogue.load(copy)


def test_the_error_for_a_misspelt_file_name_suggests_the_area(copy: Path) -> None:
    shutil.copy(copy / "requirements/debug.toml", copy / "requirements/debugs.toml")
    with pytest.raises(catalogue.CatalogueError, match=r"debugs\.toml.*'debug'"):
        catalogue.load(copy)


def test_the_error_for_a_file_that_is_not_toml_names_the_line(copy: Path) -> None:
    edit(copy / "requirements/debug.toml", "[debug.tasks]", "[debug.tasks")
    with pytest.raises(catalogue.CatalogueError, match=r"debug\.toml.*TOML.*line \d+"):
        catalogue.load(copy)


def test_the_digest_ignores_layout_and_covers_every_kind_of_content(copy: Path) -> None:
    shipped = catalogue.digest()
    edit(copy / AUTH, '"13-35", ', '\n    "13-35",  # a comment\n    ')
    assert catalogue.digest(copy) == shipped
    changes = [
        (AUTH, "statement"),
        (AUTH, "breaks"),
        ("requirements/implementation-defined.toml", "statement"),
        ("requirements/disputed.toml", "statement"),
        (SPECIFICATION, "gist"),
        (STREAMING, "description"),
    ]
    digests = {shipped}
    for file, key in changes:
        edit(copy / file, f'{key} = "', f'{key} = "Changed: ')
        catalogue.load.cache_clear()
        digests.add(catalogue.digest(copy))
    assert len(digests) == len(changes) + 1


# --- The page that leads from the specification to the checks.


def rows(page: str, containing: str) -> list[str]:
    """Return the lines of a page that contain a text."""
    return [line for line in page.splitlines() if containing in line]


def test_the_page_leads_from_a_statement_to_its_checks() -> None:
    page = traceability({"filtering.by-tag": ["test_one", "test_two"]})
    assert len(rows(page, "| 742 |")) == 1
    assert "`filtering.by-tag` MUST | `test_one`, `test_two` |" in rows(page, "| 742 |")[0]
    assert "| **none** |" in rows(page, "`filtering.by-node`")[0]


def test_the_page_shows_excluded_disputed_and_implementation_defined_statements() -> None:
    page = traceability({})
    assert "excluded: heading" in rows(page, "| 214 |")[0]
    assert "disputed" in rows(page, "`filtering.messages-mode`")[0]
    assert "implementation-defined" in rows(page, "`subgraphs.custom-without-flag`")[0]


def test_the_page_shows_a_requirement_without_lines_of_the_specification_once() -> None:
    [row] = rows(traceability({"framing.last-event": ["test_last"]}), "`framing.last-event`")
    assert row.endswith("| `test_last` |")


def test_the_page_refuses_a_check_of_an_unknown_requirement() -> None:
    with pytest.raises(catalogue.UnknownName, match=r"'framing.utf8'"):
        traceability({"framing.utf": ["test_text"]})
