"""Whatever is damaged, the suite judges it: it never errs."""

from hypothesis import given
from hypothesis import strategies as st

from .damage import caught, damaged, is_damage


@given(st.randoms(use_true_random=False))
def test_no_damage_makes_the_suite_err(dice):
    done = damaged(dice)
    if done is not None:
        _, faulty = done
        caught(faulty)  # raises SuiteError where a check errs
        is_damage(faulty)
