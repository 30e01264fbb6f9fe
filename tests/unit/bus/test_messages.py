from __future__ import annotations

import pytest

from trunkline.bus import messages


def test_a_message_survives_the_way_and_carries_its_version() -> None:
    packed = messages.pack({"plan": {"call_id": "call_1"}, "text": "grüß dich"})
    assert messages.unpack(packed) == {"v": 1, "plan": {"call_id": "call_1"}, "text": "grüß dich"}


@pytest.mark.parametrize("payload", [b"", b"no json", b"[1]", b'{"plan": 1}', b'{"v": 2}', b"1"])
def test_what_is_not_a_message_of_this_version_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):
        messages.unpack(payload)


def test_a_journals_log_name_says_whose_it_is() -> None:
    log = messages.journal("org_1", "call_1")
    assert log == "calls.org_1.call_1"
    assert messages.call_of(log) == ("org_1", "call_1")


def test_each_call_has_subjects_of_its_own() -> None:
    assert messages.owner("call_1") != messages.owner("call_2")
    assert messages.told("call_1") != messages.owner("call_1")
