"""The likely cause of a failure is the fault that the server has, or none if no fault fits."""

import pytest

from conformance import suite
from conformance.authoring.registry import REGISTRY
from conformance.faults.cause import Cause, KnownFault, known_faults, likely_cause, proof

FAULTS = known_faults()
EVERY = frozenset(id for fault in FAULTS for id in fault.requirements)
EXACT = 0.9
"""The least share of faults that are named exactly; for the others another fault fits equally well."""


def named(fault: KnownFault) -> Cause:
    """Return the cause that is named for a server with this fault alone."""
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


def test_nearly_every_fault_is_named_exactly() -> None:
    assert sum(named(fault).fault is fault for fault in FAULTS) >= EXACT * len(FAULTS)


ONE = KnownFault("one", "area.a", "Sends one.", {"test_a": "event 1 of 2 is missing"}, frozenset({"area.a"}))
TWO = KnownFault("two", "area.a", "Sends two.", {"test_a": "the body is not JSON"}, frozenset({"area.a", "area.b"}))
OTHER = KnownFault("other", "area.b", "Sends none.", {"test_b": "nothing arrived"}, frozenset({"area.a", "area.b"}))
JUDGED = {"area.a", "area.b", "area.c", "area.d"}


def cause(message: str, failed: set[str], *faults: KnownFault, judged: set[str] = JUDGED) -> Cause | None:
    """Return the cause of a failure of `test_a`, which belongs to `area.a`."""
    return likely_cause("area.a", "test_a[x-y]", message, failed=failed, judged=judged, faults=faults)


def fault_of(found: Cause | None) -> KnownFault | None:
    return found.fault if found is not None else None


def test_the_other_failures_of_the_session_decide() -> None:
    assert fault_of(cause("an unknown message", {"area.a", "area.b"}, ONE, TWO)) is TWO


def test_the_message_decides_between_faults_that_break_the_same_requirements() -> None:
    assert fault_of(cause("event 2 of 3 is missing", {"area.a"}, ONE, TWO, judged={"area.a"})) is ONE
    assert fault_of(cause("the body is not JSON", {"area.a"}, ONE, TWO, judged={"area.a"})) is TWO


def test_a_fault_of_another_requirement_may_be_the_cause() -> None:
    assert fault_of(cause("another message", {"area.a", "area.b"}, ONE, OTHER)) is OTHER


def test_a_fault_is_not_the_cause_if_most_of_its_requirements_passed() -> None:
    wide = KnownFault("wide", "area.a", "Breaks.", {"test_a": "broken"}, frozenset(JUDGED))
    assert cause("broken", {"area.a"}, wide) is None


def test_a_poor_fit_is_no_cause() -> None:
    assert cause("0 of 12", {"area.a", "area.c", "area.d"}, TWO) is None
    assert cause("0 of 12", {"area.a"}) is None


def test_the_text_names_the_fault_and_states_a_resemblance() -> None:
    text = Cause(ONE, 1.0, ("two",)).text
    assert "resemble those of a server that sends one (fault `one`" in text
    assert "`two`" in text
    assert "slightly resemble" in Cause(ONE, 0.4).text
    assert "slightly" not in text


def test_every_check_has_a_fault_that_proves_it() -> None:
    suite.load()
    owners = {fault.name: fault.requirement for fault in FAULTS}
    assert {check.name: owners[proof(f"{check.name}[x]", FAULTS)] for check in REGISTRY.checks} == {
        check.name: check.requirement for check in REGISTRY.checks
    }
    assert proof("test_of_nothing", FAULTS) == ""
