from trunkline.calls.leg import SILENCE
from trunkline.conversation.ears import ECHO_FRAMES, SPEAKING_DB, Ears
from trunkline.testing.vendors import ScriptedGate, ScriptedGuard

SOUND, ECHO = b"\x10" * 160, ScriptedGuard.ECHO


def ears() -> tuple[Ears, ScriptedGate]:
    gate = ScriptedGate()
    return Ears(gate, ScriptedGuard()), gate


def test_edges_of_speech_pass():
    one, _ = ears()
    assert [one.hear(f)[0] for f in (SILENCE, SOUND, SOUND, SILENCE, SILENCE)] == [
        None,
        "started",
        None,
        "stopped",
        None,
    ]


def test_our_own_echo_is_no_speech_and_silence_for_the_transcriber():
    one, _ = ears()
    one.played(SOUND)
    assert one.hear(ECHO) == (None, SILENCE)
    assert one.hear(SILENCE) == (None, SILENCE)


def test_a_voice_on_top_of_the_echo_is_heard_when_it_stands_out():
    one, _ = ears()
    one.played(SOUND)
    assert [one.hear(f) for f in (ECHO, SOUND, ECHO)] == [(None, SILENCE), ("started", SOUND), (None, ECHO)]


def test_long_after_our_last_sound_there_is_no_echo():
    one, _ = ears()
    one.played(SOUND)
    for _ in range(ECHO_FRAMES - 1):
        one.played(None)
    assert one.hear(ECHO)[0] is None
    one.hear(SILENCE)
    one.played(None)
    assert one.hear(ECHO)[0] == "started"


def test_while_we_speak_a_sound_must_be_louder():
    one, gate = ears()
    for frame in (None, SOUND, SOUND, None, None, SOUND):
        one.played(frame)
    assert gate.raised == [SPEAKING_DB, 0.0, SPEAKING_DB]
