"""Inputs and outputs of the reference graphs that several areas need, as `fixtures_graphs/README.md` defines them."""

from typing import Any

# --- joke: the specification's first example, lines 95-119

TOPIC = {"topic": "ice cream"}
"""The input of `joke`, and of all graphs that call the model."""
REFINED = {"topic": "ice cream and cats"}
JOKE = {"joke": "This is a joke about ice cream and cats"}
FINAL_STATE = REFINED | JOKE
"""The final state."""
PRINTED_UPDATES = [{"refine_topic": REFINED}, {"generate_joke": JOKE}]
"""The two updates that the specification prints, lines 209-210."""

# --- the answers of the model, which repeats its prompt, to TOPIC

ANSWER = "You said: Generate a joke about ice cream"
"""The answer in the graph `tokens`."""
ANSWERS = [f"You said: {which} joke about ice cream" for which in ("First", "Second", "Third", "Fourth")]
"""The answers in the graph `models`, in the order of the calls."""
BOTH = {"left": "You said: Left joke about ice cream", "right": "You said: Right joke about ice cream"}
"""The answers in the two nodes of the graph `models_at_once`."""
ROOT_ANSWER = "You said: Root joke about ice cream"
INNER_ANSWER = "You said: Inner joke about ice cream"
"""The answers in the root graph of `sub_model` and in its subgraph."""

# --- all graphs

CONCURRENT = ("parallel", "fanout", "twins", "models_at_once", "parallel_subgraphs")
"""Graphs in which nodes run at the same time, so that the order of their events is implementation-defined."""

DEEP: Any = "bottom"
for _ in range(12):
    DEEP = {"deeper": [DEEP]}
"""A deeply nested JSON value, which passes through every graph unchanged."""
