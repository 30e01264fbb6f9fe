"""What a conversation may rely on from any vendor: one suite per port, run over every adaptor there is."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from audio_frames import frames, padded, receive, texts

from trunkline.audio.modem import modulate
from trunkline.conversation.ports import (
    LanguageModel,
    Message,
    SpeechToText,
    TextToSpeech,
    ToolCall,
    Transcript,
    VendorBroke,
    VendorError,
    VendorRefused,
    Word,
)
from trunkline.providers.build import build_llm, build_stt, build_tts
from trunkline.providers.sandbox.espeak import EspeakProcess

SENTENCE = "Good morning, this is Anna. How may I help you today? We are open until 5:30 p.m."

Story = Callable[[EspeakProcess], Awaitable[None]]


def run(story: Story) -> None:
    async def whole() -> None:
        espeak = EspeakProcess()
        try:
            async with asyncio.timeout(20):
                await story(espeak)
        finally:
            await espeak.close()

    asyncio.run(whole())


# ---- voices -------------------------------------------------------------------------------------

VOICES = ["modem", "modem-unaligned", "espeak"]
voices = pytest.mark.parametrize("voice_id", VOICES)


def voice(voice_id: str, espeak: EspeakProcess, **settings: str) -> TextToSpeech:
    return build_tts({"provider": "sandbox", "voice_id": voice_id, **settings}, espeak)


async def spoken(one: TextToSpeech, text: str) -> tuple[bytes, list[Word]]:
    pieces = [piece async for piece in one.speak(text)]
    return b"".join(piece.audio for piece in pieces), [word for piece in pieces for word in piece.words]


def alike(one: tuple[bytes, list[Word]], other: tuple[bytes, list[Word]]) -> bool:
    """The same words in about the same time: a human voice does not say a thing twice in the same samples."""
    same_words = [word.text for word in one[1]] == [word.text for word in other[1]]
    return same_words and abs(len(one[0]) - len(other[0])) <= 160


@voices
def test_a_voice_streams_its_speech_in_small_pieces(voice_id: str):
    async def story(espeak: EspeakProcess) -> None:
        pieces = [piece async for piece in voice(voice_id, espeak).speak(SENTENCE)]
        assert len(pieces) > 10
        assert max(len(piece.audio) for piece in pieces) <= 1_600
        assert sum(len(piece.audio) for piece in pieces) > 8_000

    run(story)


@voices
def test_a_voice_is_the_same_each_time_and_named_apart_from_others(voice_id: str):
    async def story(espeak: EspeakProcess) -> None:
        one = voice(voice_id, espeak)
        await spoken(one, "Something else first.")
        first = await spoken(one, SENTENCE)
        assert alike(await spoken(voice(voice_id, espeak), SENTENCE), first)
        assert len({voice(other, espeak).identity for other in VOICES}) == len(VOICES)
        assert one.identity == voice(voice_id, espeak).identity

    run(story)


@voices
def test_an_aligned_voice_tells_every_word_in_order_within_its_audio(voice_id: str):
    async def story(espeak: EspeakProcess) -> None:
        one = voice(voice_id, espeak)
        for text in (SENTENCE, "Hi", "€4,50 - or 'more'?", "Straße 你好 no. 12", "yes,no; well - ok"):
            audio, words = await spoken(one, text)
            if not one.aligned:
                assert words == []
                continue
            assert [word.text for word in words] == text.split()
            edges = [edge for word in words for edge in (word.start, word.end)]
            assert edges == sorted(edges)
            assert edges[0] >= 0 and edges[-1] <= len(audio)
            assert all(word.end > 0 for word in words)

    run(story)


@voices
@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_to_say_is_no_words_and_hardly_any_audio(voice_id: str, text: str):
    async def story(espeak: EspeakProcess) -> None:
        audio, words = await spoken(voice(voice_id, espeak), text)
        assert words == [] and len(audio) <= 160

    run(story)


@voices
def test_a_voice_that_is_stopped_in_mid_sentence_can_speak_again(voice_id: str):
    async def story(espeak: EspeakProcess) -> None:
        one = voice(voice_id, espeak)
        whole = await spoken(one, SENTENCE)
        async with aclosing(one.speak(SENTENCE)) as speech:
            async for _ in speech:
                break
        assert alike(await spoken(one, SENTENCE), whole)

        async def speak() -> None:
            while True:
                await spoken(one, SENTENCE)

        speaking = asyncio.get_running_loop().create_task(speak())
        await asyncio.sleep(0.02)
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
        assert alike(await spoken(one, SENTENCE), whole)

    run(story)


@voices
def test_two_calls_speak_at_once_without_mixing(voice_id: str):
    async def story(espeak: EspeakProcess) -> None:
        one, other = voice(voice_id, espeak), voice(voice_id, espeak)
        alone = await spoken(one, SENTENCE), await spoken(other, "Something quite different.")
        both = await asyncio.gather(spoken(one, SENTENCE), spoken(other, "Something quite different."))
        assert all(map(alike, both, alone))

    run(story)


def test_the_modem_voices_speak_what_a_receiver_hears():
    async def story(espeak: EspeakProcess) -> None:
        for voice_id in ("modem", "modem-unaligned"):
            audio, _ = await spoken(voice(voice_id, espeak), SENTENCE)
            assert texts(receive(frames(audio))) == SENTENCE.split()

    run(story)


# ---- the child of the human voice ----------------------------------------------------------------


def test_a_language_the_voice_does_not_have_is_refused():
    async def story(espeak: EspeakProcess) -> None:
        with pytest.raises(VendorRefused, match="tlh-x"):
            await spoken(voice("espeak", espeak, language="tlh-x"), "Hello")
        assert len((await spoken(voice("espeak", espeak, language="nl"), "Goedemorgen"))[0]) > 3_000

    run(story)


def test_a_child_that_dies_breaks_the_sentence_and_is_replaced_for_the_next():
    async def story(espeak: EspeakProcess) -> None:
        one = voice("espeak", espeak)
        whole = await spoken(one, "Hello there")
        first = espeak.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        asyncio.get_running_loop().call_later(0.05, os.kill, first, signal.SIGKILL)
        with pytest.raises(VendorBroke):
            await spoken(one, "Hello there")
        assert alike(await spoken(one, "Hello there"), whole)
        assert espeak.pid not in (None, first)

    run(story)


def test_calls_share_one_child_and_closing_ends_it():
    async def story(espeak: EspeakProcess) -> None:
        await asyncio.gather(*(spoken(voice("espeak", espeak), "Hello") for _ in range(5)))
        pid = espeak.pid
        assert pid is not None
        await spoken(voice("espeak", espeak), "Hello")
        assert espeak.pid == pid
        await espeak.close()
        assert espeak.pid is None
        await _gone(pid)

    run(story)


def test_the_child_dies_with_its_parent():
    program = """
        import asyncio, os
        from trunkline.providers.sandbox.espeak import EspeakProcess
        from trunkline.providers.sandbox.voice import EspeakVoice
        async def main():
            espeak = EspeakProcess()
            async for _ in EspeakVoice(espeak).speak("Hello"): pass
            print(espeak.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    asyncio.run(_gone(pid))


async def _gone(pid: int) -> None:
    """Wait until there is no such process, or only what is left of it to be collected."""
    async with asyncio.timeout(5):
        while _is_there(pid):  # noqa: ASYNC110 - another process ends without telling us
            await asyncio.sleep(0.01)


def _is_there(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


# ---- ears ---------------------------------------------------------------------------------------


@pytest.fixture(params=["modem"])
def ears(request: pytest.FixtureRequest) -> SpeechToText:
    return build_stt({"provider": "sandbox", "model": request.param, "language": "en"})


async def hearing(ears: SpeechToText, line: list[bytes]) -> list[Transcript]:
    told: list[Transcript] = []
    listening = asyncio.get_running_loop().create_task(ears.listen(told.append))
    await asyncio.sleep(0)
    for frame in line:
        ears.hear(frame)
    await asyncio.sleep(0)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    return told


def test_final_transcripts_add_up_to_what_was_said(ears: SpeechToText):
    async def story(_: EspeakProcess) -> None:
        line = padded(modulate(SENTENCE).audio + b"\xff" * 8_000)
        told = await hearing(ears, line)
        assert " ".join(t.text for t in told if t.final) == SENTENCE
        assert not told[0].final
        assert not any(t.end_of_turn for t in told)

    run(story)


def test_silence_is_no_transcript(ears: SpeechToText):
    async def story(_: EspeakProcess) -> None:
        assert await hearing(ears, [b"\xff" * 160] * 200) == []

    run(story)


def test_what_came_before_the_connection_is_not_lost(ears: SpeechToText):
    async def story(_: EspeakProcess) -> None:
        for frame in frames(modulate("Hello").audio):
            ears.hear(frame)
        told = await hearing(ears, frames(modulate("there.").audio + b"\xff" * 8_000))
        assert " ".join(t.text for t in told if t.final) == "Hello there."

    run(story)


# ---- minds --------------------------------------------------------------------------------------

RULES = [
    {"when": "fail", "say": "One moment", "fail": True},
    {"when": "slow", "say": "At last", "delay_ms": 30_000},
    {"when": "bye", "say": "Goodbye!", "call": {"name": "end_call", "arguments": {}}},
    {"when": "", "say": "You may say that again, and again, and again."},
]


@pytest.fixture(params=["echo", "rules"])
def mind(request: pytest.FixtureRequest) -> LanguageModel:
    return build_llm({"provider": "sandbox", "model": request.param, "rules": RULES})


def asked(mind: LanguageModel, text: str) -> AsyncIterator[str | ToolCall]:
    return mind.reply([Message("system", "Be kind."), Message("user", text)], ())


def test_a_mind_streams_its_reply(mind: LanguageModel):
    async def story(_: EspeakProcess) -> None:
        loop = asyncio.get_running_loop()
        at = [loop.time() async for _ in asked(mind, "Tell me something that is not very short")]
        assert len(at) >= 5
        assert at[-1] - at[0] >= 0.01

    run(story)


def test_a_mind_can_be_asked_by_two_calls_at_once(mind: LanguageModel):
    async def story(_: EspeakProcess) -> None:
        async def reply(text: str) -> list[str | ToolCall]:
            return [piece async for piece in asked(mind, text)]

        alone = await reply("one"), await reply("two two")
        assert tuple(await asyncio.gather(reply("one"), reply("two two"))) == alone

    run(story)


def test_a_mind_that_is_interrupted_answers_the_next_question(mind: LanguageModel):
    async def story(_: EspeakProcess) -> None:
        async def think() -> None:
            async for _ in asked(mind, "slow words, very slow words"):
                await asyncio.sleep(10)

        thinking = asyncio.get_running_loop().create_task(think())
        await asyncio.sleep(0.03)
        thinking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await thinking
        assert [piece async for piece in asked(mind, "hello")]

    run(story)


def test_a_rule_calls_a_tool_whole():
    async def story(_: EspeakProcess) -> None:
        mind = build_llm({"provider": "sandbox", "model": "rules", "rules": RULES})
        said = [piece async for piece in asked(mind, "bye")]
        assert said == ["Goodbye!", ToolCall("sandbox_1", "end_call", {})]

    run(story)


def test_a_failure_is_a_vendor_error_that_may_be_tried_again():
    async def story(_: EspeakProcess) -> None:
        mind = build_llm({"provider": "sandbox", "model": "rules", "rules": RULES})
        with pytest.raises(VendorError) as failure:
            async for _ in asked(mind, "fail"):
                pass
        assert failure.value.retryable

    run(story)
