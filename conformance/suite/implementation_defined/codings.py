"""What was observed of compressed bodies."""

from conformance.authoring import Exchange, SessionRecordings, observes
from conformance.suite.implementation_defined.recordings import share


@observes("transport.content-coding")
def content_coding(session: SessionRecordings) -> object:
    """Count the answers that are compressed where the request accepts it, and where it does not."""
    answers = [one for recording in session.recordings.values() for one in recording.exchanges if one.content]
    asked = [one for one in answers if one.asks_for_coding]
    unasked = [one for one in answers if not one.asks_for_coding]
    against = any(one.coding for one in unasked)
    return {"accepted": _compressed(asked)} | ({"not accepted": _compressed(unasked)} if against else {})


def _compressed(answers: list[Exchange]) -> str:
    """Return how many answers are compressed, and by which codings."""
    codings = sorted({one.coding for one in answers if one.coding})
    text = share(sum(bool(one.coding) for one in answers), len(answers), "answers")
    return f"{text} ({', '.join(codings)})" if codings else text
