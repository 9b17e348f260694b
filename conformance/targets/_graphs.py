# mypy: ignore-errors
"""Loads the reference graphs that a langgraph.json names, for the application modules in this folder."""

import importlib
import json
import os
import sys
from pathlib import Path


def graphs():
    """Return each graph by name, from the langgraph.json with absolute paths that GRAPHS_CONFIG names."""
    found = {}
    for name, place in json.loads(Path(os.environ["GRAPHS_CONFIG"]).read_text("utf-8"))["graphs"].items():
        path, _, attribute = place.rpartition(":")
        sys.path.append(str(Path(path).parent))
        found[name] = getattr(importlib.import_module(Path(path).stem), attribute)
    return found


def compiled(graph):
    """Return a function that compiles the graph with a checkpointer, which the server passes."""
    return lambda checkpointer: graph.builder.compile(checkpointer=checkpointer)
