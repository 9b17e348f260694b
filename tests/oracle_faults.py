"""How many of the suite's faults the oracle sees, in the golden recordings.

`python -m tests.oracle_faults` prints the share, and the faults that it does not see in every stream that they change.
Compared are the streams that creators and joining readers received, up to a size; a fault counts if it changes what an
event of the modes says, or which events there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from conformance.authoring.registry import Fault
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.faults.apply import apply
from conformance.oracle import Library, ObservedStream, first_difference, observed_streams, recorded_events, shipped
from conformance.oracle.cases import WIRE_MODES
from conformance.wire.endings import COMPLETE

from . import golden

LARGEST = 300_000
"""The size, in bytes, up to which streams are compared."""


Recordings = list[tuple[Recording, dict[int, ObservedStream]]]
"""Recordings with their streams that can be compared, by the place among the exchanges."""


def comparable(library: Library, largest: int = LARGEST) -> Recordings:
    """Return the golden recordings with streams that can be compared, without recordings of larger streams."""
    found = []
    for recording in golden.good().recordings.values():
        if any(len(exchange.content) > largest for exchange in recording.exchanges):
            continue
        places = {id(exchange): place for place, exchange in enumerate(recording.exchanges)}
        streams = {
            places[id(exchange)]: stream
            for exchange, stream in observed_streams(recording)
            if library.predicts(stream.case)
        }
        if streams:
            found.append((recording, streams))
    return found


def changed(fault: Fault, recordings: Recordings) -> Iterator[ObservedStream]:
    """Yield each stream that a fault (or a variation) changes, as that server sends it."""
    for recording, streams in recordings:
        faulty = apply(fault, recording)
        for place, stream in streams.items() if faulty else ():
            good, bad = recording.exchanges[place], faulty.exchanges[place] if faulty else None
            if bad is not None and bad is not good and bad.is_stream and said(bad) != said(good):
                ended = bad.ending == COMPLETE
                yield replace(stream, events=recorded_events(bad), run=bad.run_id or stream.run, ended=ended)


def said(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the names and the data of the events that the library defines."""
    return [(one.name, one.text) for one in exchange.events if one.base in (*WIRE_MODES, "error")]


def main() -> None:
    """Print the faults that are not seen in every stream, and the shares."""
    library = shipped()[0]
    recordings = comparable(library)
    shares: Counter[str] = Counter()
    for fault in golden.registry().faults:
        seen = [first_difference(stream, library) is not None for stream in changed(fault, recordings)]
        if seen:
            share = "every" if all(seen) else "some" if any(seen) else "none"
            shares[share] += 1
            if share != "every":
                print(f"seen in {sum(seen)} of {len(seen)} streams: {fault.name} ({fault.requirement})")
    print(f"faults that change such a stream: {shares.total()}; seen in every stream: {shares['every']}", end=", ")
    print(f"in some: {shares['some']}, in none: {shares['none']}")


if __name__ == "__main__":
    main()
