"""The options of a session, declared once for pytest and the command line, and checked before anything starts."""

from conformance.settings.checked import Settings, report_folder, settings
from conformance.settings.options import (
    API_KEY_VARIABLE,
    CLIENTS,
    DEFAULT_PROFILE,
    JUDGING,
    OPTIONS,
    OWN_RUNS,
    RECORDING,
    REPORT,
    SERVER,
    Option,
    add_option,
)
from conformance.settings.own_runs import OwnRuns
from conformance.settings.values import UsageError

__all__ = [
    "API_KEY_VARIABLE", "CLIENTS", "DEFAULT_PROFILE", "JUDGING", "OPTIONS", "OWN_RUNS", "RECORDING", "REPORT", "SERVER",
    "Option", "OwnRuns", "Settings", "UsageError", "add_option", "report_folder", "settings",
]  # fmt: skip
