"""The table of endings is whole and free of contradictions."""

from trunkline.calls.endings import ENDINGS, EndReason, of_code, status_of


def test_every_reason_has_an_ending():
    assert set(ENDINGS) == set(EndReason)


def test_every_sip_code_means_one_thing():
    codes = [code for ending in ENDINGS.values() for code in ending.codes]
    assert len(codes) == len(set(codes))


def test_known_codes_name_their_reason_and_unknown_ones_the_trunk():
    assert of_code(486) is EndReason.BUSY
    assert of_code(404) is EndReason.UNALLOCATED_NUMBER
    assert of_code(503) is EndReason.TRUNK_ERROR
    assert of_code(699) is EndReason.TRUNK_ERROR


def test_an_answered_call_never_just_failed():
    assert status_of(EndReason.TRUNK_ERROR, answered=False) == "failed"
    assert status_of(EndReason.TRUNK_ERROR, answered=True) == "ended-with-error"
    assert status_of(EndReason.USER_HANGUP, answered=True) == "ended"
    assert status_of(EndReason.TRANSFERRED, answered=True) == "transferred"
