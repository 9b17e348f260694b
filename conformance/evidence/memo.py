"""Caches results on the exchange or recording that they were computed from."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

Owner = TypeVar("Owner")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")


def memoized(function: Callable[Concatenate[Owner, Rest], Result]) -> Callable[Concatenate[Owner, Rest], Result]:
    """Cache a function on its first argument, an exchange or a recording; the other arguments must be hashable.

    The result may depend on the arguments alone.  So a rewritten exchange, which is another object, never shares a
    result with the original, and an exchange that a fault left alone is read once.
    """

    @functools.wraps(function)
    def cached(owner: Owner, *args: Rest.args, **kwargs: Rest.kwargs) -> Result:
        results: dict[Any, Result] = owner.__dict__.setdefault("_memoized", {})
        key = (function, args, *kwargs.items())
        if key not in results:
            results[key] = function(owner, *args, **kwargs)
        return results[key]

    return cast(Callable[Concatenate[Owner, Rest], Result], cached)
