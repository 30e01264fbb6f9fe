"""The journal's vocabulary."""

import json
import re

from trunkline.calls.events import FLUSHED, HURRIED, KINDS, Event


def test_an_event_survives_being_written_and_read():
    event = Event(7, 1_200, "caller.said", {"text": "Hé.", "turn": 2})
    assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event


def test_what_is_flushed_is_a_kind_and_does_not_wait_for_others():
    assert set(KINDS) >= HURRIED >= FLUSHED


def test_kinds_are_words_joined_by_dots_and_each_says_what_it_holds():
    for kind, data in KINDS.items():
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", kind)
        assert data
