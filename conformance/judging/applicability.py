"""What a target that declares to lack something is not judged by."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from conformance.authoring.registry import Variant
from conformance.judging.items import Item


def missing_for_variant(variant: Variant, lacks: Collection[str]) -> str | None:
    """Return what the target lacks and the scenario variant needs: its graph or a value of an axis; None if nothing."""
    needs = [variant.graph]
    for value in variant.axes.values():
        needs += value if isinstance(value, (list, tuple)) else [value]
    return next((need for need in needs if need in lacks), None)


def missing_for_item(item: Item, lacks: Collection[str]) -> str | None:
    """Return what the target lacks and the item is about: its requirement, area or variants; None if nothing.

    A check that gets several variants together is about all of them only: it can judge those that are performed.
    """
    requirement = item.check.requirement
    about = [requirement, requirement.partition(".")[0]]
    for argument in item.arguments:
        variants = argument.values() if isinstance(argument, Mapping) else [argument]
        missing = [missing_for_variant(variant, lacks) for variant in variants]
        about += [name for name in missing[:1] if name is not None and None not in missing]
    return next((name for name in about if name in lacks), None)
