"""The likely cause of a failure: of each known fault that fault, of a poor fit none, and never more than a likeness."""

import pytest

from conformance import suite
from conformance.authoring.registry import REGISTRY
from conformance.faults.cause import Cause, KnownFault, known_faults, likely_cause, proof

FAULTS = known_faults()
EVERY = frozenset(id for fault in FAULTS for id in fault.requirements)
EXACT = 0.9
"""In what share of all faults at least the cause that is named is exactly the fault; others fit it equally well."""


def named(fault: KnownFault) -> Cause:
    """The cause that is named where a server has this fault alone."""
    check, message = next(iter(fault.checks.items()))
    failed = fault.requirements
    cause = likely_cause(fault.requirement, check, message, failed=failed, judged=EVERY, faults=FAULTS)
    assert cause is not None
    return cause


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_recognised_by_what_it_turns_red(fault: KnownFault) -> None:
    cause = named(fault)
    assert cause.fault.requirements == fault.requirements
    assert fault.name in (cause.fault.name, *cause.equals)


def test_nearly_every_fault_is_named_itself() -> None:
    assert sum(named(fault).fault is fault for fault in FAULTS) >= EXACT * len(FAULTS)


ONE = KnownFault("one", "area.a", "Sends one.", {"test_a": "event 1 of 2 is missing"}, frozenset({"area.a"}))
TWO = KnownFault("two", "area.a", "Sends two.", {"test_a": "the body is no JSON"}, frozenset({"area.a", "area.b"}))
OTHER = KnownFault("other", "area.b", "Sends none.", {"test_b": "nothing came"}, frozenset({"area.a", "area.b"}))
JUDGED = {"area.a", "area.b", "area.c", "area.d"}


def cause(message: str, failed: set[str], *faults: KnownFault, judged: set[str] = JUDGED) -> Cause | None:
    return likely_cause("area.a", "test_a[x-y]", message, failed=failed, judged=judged, faults=faults)


def test_what_else_fails_decides() -> None:
    unheard_of = "something"
    assert cause(unheard_of, {"area.a", "area.b"}, ONE, TWO).fault is TWO


def test_what_the_check_says_decides_where_the_same_fails() -> None:
    assert cause("event 2 of 3 is missing", {"area.a"}, ONE, TWO, judged={"area.a"}).fault is ONE
    assert cause("the body is no JSON", {"area.a"}, ONE, TWO, judged={"area.a"}).fault is TWO


def test_a_fault_of_another_requirement_may_be_the_cause() -> None:
    assert cause("something else altogether", {"area.a", "area.b"}, ONE, OTHER).fault is OTHER


def test_a_fault_much_of_whose_harm_did_not_happen_is_not_the_cause() -> None:
    wide = KnownFault("wide", "area.a", "Breaks.", {"test_a": "broken"}, frozenset(JUDGED))
    assert cause("broken", {"area.a"}, wide) is None


def test_a_poor_fit_is_no_cause() -> None:
    assert cause("0 of 12", {"area.a", "area.c", "area.d"}, TWO) is None
    assert cause("0 of 12", {"area.a"}) is None


def test_the_text_says_no_more_than_a_likeness() -> None:
    assert cause("event 1 of 2 is missing", {"area.a"}, ONE).text == (
        "What fails looks like a server that sends one (fault `one`)."
    )
    assert Cause(ONE, 0.4).text.startswith("What fails looks a little like a server that ")
    assert Cause(ONE, 1.0, ("two",)).text.endswith("(fault `one`; as well like `two`).")


def test_every_check_has_a_fault_that_proves_it() -> None:
    suite.load()
    owners = {fault.name: fault.requirement for fault in FAULTS}
    assert {check.name: owners[proof(f"{check.name}[x]", FAULTS)] for check in REGISTRY.checks} == {
        check.name: check.requirement for check in REGISTRY.checks
    }
    assert proof("test_of_nothing", FAULTS) == ""
