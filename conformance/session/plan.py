"""The plan of a session: target, requirements, baseline and folders, all fixed before anything is recorded."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import catalogue, suite
from conformance.authoring.registry import Variant
from conformance.catalogue import Profile
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import FOLDER, RecordingSource, report_folder_of, source_of
from conformance.judging.applicability import missing_for_variant
from conformance.judging.baseline import Baseline, Entry, read_baseline, read_entries
from conformance.judging.informational import informational_variants
from conformance.judging.items import Item, items_of
from conformance.judging.stages import stage_of
from conformance.session.own_runs import ChosenRuns, chosen_runs, described_runs
from conformance.session.predicting import command_of
from conformance.settings import DEFAULT_PROFILE, Settings, UsageError, report_folder
from conformance.targets.names import check_names
from conformance.targets.target import Target
from conformance.targets.target_file import find_target, recorded_session

if TYPE_CHECKING:
    from conformance.clients.readers import Reader


@dataclass(frozen=True)
class Plan:
    """Everything about a session that is fixed before it starts."""

    settings: Settings
    profile: Profile
    target: Target
    baseline: Baseline
    redactor: Redactor
    items: dict[str, Item]
    """Every item of the profile, by id."""
    folder: Path
    """The folder that holds the recordings."""
    known: tuple[Entry, ...] = ()
    """The entries of an earlier baseline that --write-baseline updates."""
    own_runs: ChosenRuns | None = None
    """The runs that are performed instead of the suite's scenarios."""
    readers: tuple[Reader, ...] = ()
    """The real clients that the streams are played to."""
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    """The random mark of the session, in the metadata of its threads."""
    started: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))

    @property
    def recordings(self) -> Path:
        """The folder that a session records into."""
        return self.folder / FOLDER

    @cached_property
    def source(self) -> RecordingSource:
        """The recordings to judge."""
        return source_of(self.settings.judge or self.recordings)

    @property
    def report_folder(self) -> Path:
        """The folder of the report: the one that holds the recordings, unless another was chosen."""
        return self.settings.report_dir or self.folder

    @property
    def judges_again(self) -> bool:
        """Whether stored recordings are judged, without a server."""
        return self.settings.judge is not None

    def in_folder(self, folder: Path) -> Plan:
        """Return the same plan for the recordings in another folder, as a worker of xdist needs it."""
        return replace(self, folder=folder)

    @cached_property
    def offered(self) -> list[Item]:
        """The items that can be selected: all, those of the chosen stages, those that recordings were made for."""
        made_for = recorded_session(self.settings.judge).get("selected") if self.settings.judge else None
        last, stages = self.settings.stage, self.profile.stages
        staged = [one for one in self.items.values() if last is None or stage_of(one, stages) <= last]
        return [item for item in staged if made_for is None or item.id in made_for]

    def variants(self, selected: Iterable[str]) -> list[Variant]:
        """Return the scenario variants that these items look at, each once.

        In a session with runs of its own these are all of them.  A check with a scope looks at what the others record;
        if there are no others, at the scenarios that it names for this, otherwise `suite.example()`.  The variants of
        observations and disputed statements are included only if the whole profile is selected.  Variants
        that need something the target lacks are excluded.  The option --long adds its own.
        """
        items = [self.items[id] for id in selected]
        wanted = [variant for item in items for variant in item.variants]
        if self.own_runs is not None:
            wanted = [*self.own_runs.variants.values()]
        elif len({item.id for item in items}) == len(self.items):
            wanted += informational_variants(suite.load())
        if not wanted:
            scenarios = (one for item in items for one in item.check.alone or (suite.example(),))
            wanted = [variant for scenario in scenarios for variant in scenario.variants()]
        wanted += self._long_variants()
        unique = {variant.id: variant for variant in wanted}
        return [variant for variant in unique.values() if not missing_for_variant(variant, self.target.lacks)]

    def _long_variants(self) -> list[Variant]:
        """Return the variants of the scenarios that last as long as the user says."""
        seconds = self.settings.long_s
        if seconds is None:
            return []
        given = (int(seconds) if seconds.is_integer() else seconds,)
        optional = (one for one in suite.load().scenarios.values() if one.is_optional)
        return [variant for scenario in optional for variant in scenario.variants(seconds=given)]


def make_plan(settings: Settings) -> Plan:
    """Return the plan for these settings; raises UsageError, UnknownName and DeclarationError."""
    registry = suite.load()
    recorded = recorded_session(settings.judge) if settings.judge else {}
    profile = catalogue.profile(settings.profile or recorded.get("profile") or DEFAULT_PROFILE)
    _check_stage(settings, profile)
    runs = described_runs(recorded) if settings.judge else chosen_runs(settings.own_runs)
    if runs is not None:
        profile = replace(profile, stages=())
        command_of(runs, settings.own_runs.library)  # a wrong place is reported before anything starts
    target = find_target(settings)
    if settings.judge is None or settings.lacks:
        check_names(target, registry)
    checks = [check for check in registry.checks if check.requirement in profile.requirements]
    baseline = _baseline(settings, target if runs is None else replace(target, baseline=None))
    items = (item for check in checks for item in items_of(check)) if runs is None else runs.items(checks)
    return Plan(
        settings,
        profile,
        target,
        baseline,
        Redactor([*settings.secrets, *target.secrets]),
        {item.id: item for item in items},
        _folder(settings, target),
        _known(settings, baseline),
        runs,
        _readers(settings),
    )


def _check_stage(settings: Settings, profile: Profile) -> None:
    """Raise UsageError if the profile does not have the chosen stage."""
    if settings.stage is not None and settings.stage > len(profile.stages):
        numbered = "; ".join(f"{number} {one.name}" for number, one in enumerate(profile.stages, 1))
        has = f"has the stages {numbered}" if numbered else "has no stages"
        raise UsageError(f"--stage {settings.stage}: the profile {profile.name} {has}")


def _baseline(settings: Settings, target: Target) -> Baseline:
    chosen = settings.baseline or target.baseline
    if chosen and settings.write_baseline and chosen.absolute() == settings.write_baseline.absolute():
        chosen = chosen if chosen.exists() else None  # this session creates it
    return read_baseline(chosen, datetime.date.today()) if chosen else Baseline()


def _known(settings: Settings, baseline: Baseline) -> tuple[Entry, ...]:
    """Return the entries that --write-baseline updates: those of its file, otherwise those of the baseline in use."""
    file = settings.write_baseline
    if file is None:
        return ()
    return tuple(read_entries(file)) if file.is_file() else (*baseline.entries, *baseline.expired)


def _folder(settings: Settings, target: Target) -> Path:
    if settings.judge is not None:
        return report_folder_of(settings.judge)
    return report_folder(settings.report_dir, target.name, datetime.datetime.now()).absolute()


def _readers(settings: Settings) -> tuple[Reader, ...]:
    """Return the real clients that the settings name; raises UsageError."""
    if settings.clients is None:
        return ()
    from conformance.clients.readers import named

    return tuple(named(settings.clients))
