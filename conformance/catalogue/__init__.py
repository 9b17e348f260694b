"""Requirements, profiles and schemas: the data that a server is held to."""

from conformance.catalogue.capabilities import Capability
from conformance.catalogue.entries import (
    AREAS,
    KINDS,
    LEVELS,
    Catalogue,
    Disputed,
    ImplementationDefined,
    Level,
    Profile,
    Requirement,
    Section,
    Specification,
    Stage,
    Statement,
)
from conformance.catalogue.loading import ROOT, load
from conformance.catalogue.queries import (
    UnknownName,
    capabilities,
    digest,
    disputed,
    find,
    implementation_defined,
    profile,
    profiles,
    requirements,
    section_of,
    specification,
    statements,
)
from conformance.catalogue.ranking import places
from conformance.catalogue.tables import CatalogueError, nearest

__all__ = [
    "AREAS",
    "KINDS",
    "LEVELS",
    "ROOT",
    "Capability",
    "Catalogue",
    "CatalogueError",
    "Disputed",
    "ImplementationDefined",
    "Level",
    "Profile",
    "Requirement",
    "Section",
    "Specification",
    "Stage",
    "Statement",
    "UnknownName",
    "capabilities",
    "digest",
    "disputed",
    "find",
    "implementation_defined",
    "load",
    "nearest",
    "places",
    "profile",
    "profiles",
    "requirements",
    "section_of",
    "specification",
    "statements",
]
