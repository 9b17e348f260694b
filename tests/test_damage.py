"""The suite judges damaged recordings without an error of its own."""

import random

from hypothesis import given
from hypothesis import strategies as st

from .damage import damaged, is_damage, noticed


@given(st.randoms(use_true_random=False))
def test_no_damage_causes_an_error_of_the_suite(dice: random.Random) -> None:
    done = damaged(dice)
    if done is not None:
        _, faulty = done
        noticed(faulty)  # raises SuiteError if a check raises anything unexpected
        is_damage(faulty)
