import asyncio

import pytest
from audio_frames import SILENCE, frames, voiced

from trunkline.audio.modem import modulate
from trunkline.conversation.ports import Transcript
from trunkline.providers.sandbox.ears import ModemEars
from trunkline.testing.virtual import run


def transcripts(line: list[bytes], ears: ModemEars | None = None) -> list[Transcript]:
    ears = ears or ModemEars()

    async def story() -> list[Transcript]:
        told: list[Transcript] = []
        async with asyncio.timeout(1):
            listening = asyncio.get_running_loop().create_task(ears.listen(told.append))
            await asyncio.wait([listening], timeout=0.01)
            for frame in line:
                ears.hear(frame)
            listening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await listening
        return told

    return run(story())


def test_each_word_makes_the_transcript_longer_and_a_pause_makes_it_final():
    assert transcripts(frames(modulate("Hello there friend.").audio) + [SILENCE] * 10) == [
        Transcript("Hello", False),
        Transcript("Hello there", False),
        Transcript("Hello there friend.", False),
        Transcript("Hello there friend.", True),
    ]


def test_the_next_transcript_begins_after_the_final_one():
    told = transcripts(frames(modulate("One. Two").audio) + [SILENCE] * 10)
    assert [(t.text, t.final) for t in told] == [("One.", False), ("One.", True), ("Two", False), ("Two", True)]


@pytest.mark.parametrize("ms", [200, 500])
def test_the_pause_is_as_long_as_asked(ms: int):
    line = frames(modulate("Hello").audio)
    assert not transcripts(line + [SILENCE] * (ms // 20 - 1), ModemEars(ms))[-1].final
    assert transcripts(line + [SILENCE] * (ms // 20), ModemEars(ms))[-1].final


def test_words_become_final_even_if_the_line_never_falls_silent():
    told = transcripts(frames(modulate("Hello").audio) + frames(voiced(2_400)))
    assert told[-1] == Transcript("Hello", True)


def test_silence_and_other_sounds_are_no_words():
    assert transcripts([SILENCE] * 100 + frames(voiced(3_000)) + [SILENCE] * 100) == []


def test_what_is_heard_before_anybody_listens_is_told_when_somebody_does():
    ears = ModemEars()
    for frame in frames(modulate("Hello there").audio):
        ears.hear(frame)
    assert [t.text for t in transcripts([SILENCE] * 10, ears)] == ["Hello", "Hello there", "Hello there"]


def test_a_second_listener_hears_what_comes_after_the_first():
    ears = ModemEars()
    assert [t.text for t in transcripts(frames(modulate("Hello").audio) + [SILENCE] * 10, ears)] == ["Hello", "Hello"]
    assert [t.text for t in transcripts(frames(modulate("again").audio), ears)] == ["again"]
