# mypy: ignore-errors
"""Loads the reference graphs that a langgraph.json names, for the application files beside this one."""

import importlib
import json
import os
import sys
from pathlib import Path


def graphs():
    """Each graph by name; the file is the one that the variable GRAPHS_CONFIG names, its paths are absolute."""
    found = {}
    for name, place in json.loads(Path(os.environ["GRAPHS_CONFIG"]).read_text("utf-8"))["graphs"].items():
        path, _, attribute = place.rpartition(":")
        sys.path.append(str(Path(path).parent))
        found[name] = getattr(importlib.import_module(Path(path).stem), attribute)
    return found


def compiled(graph):
    """A function that compiles the graph with the checkpointer of a server."""
    return lambda checkpointer: graph.builder.compile(checkpointer=checkpointer)
