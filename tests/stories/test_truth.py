"""What is told as heard was heard, to the word: calls cut at random moments, in virtual time on the shipped code."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from call_plays import end, say
from call_stories import Live, Story
from truth_scenes import (
    MORE,
    SENTENCES,
    Scene,
    Verdict,
    corrupting,
    distribution,
    judge,
    scenes,
    stalling,
    verdict,
    within_margin,
)

from trunkline.calls.verbs import Interrupt
from trunkline.telephony.sandbox.script import read
from trunkline.testing.virtual import VirtualLoop

SEED = 20_260_101


def played(scene: Scene, turn_ms: int = 0) -> Story:
    """`turn_ms`: how long each turn of the loop takes, whatever is done in it."""
    return told_over(scene.steps(), scene, turn_ms)


def told_over(steps: Sequence[dict[str, Any]], scene: Scene, turn_ms: int = 0) -> Story:
    who = read(json.dumps({scene.number: steps}))[scene.number]

    async def script(live: Live) -> None:
        busy = asyncio.get_running_loop().create_task(_work(live, turn_ms))
        await _steer(live, scene)
        await busy

    return Story(who, scene.number, **scene.assistant()).play(script)


async def _work(live: Live, turn_ms: int) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    while turn_ms and not live.run.call.over:
        loop.now += turn_ms / 1_000
        await asyncio.sleep(0)


async def _steer(live: Live, scene: Scene) -> None:
    await live.answered()
    if scene.told:
        await live.ask(say("c1", scene.text))
    begun = await live.kind("speech.started")
    if scene.kind == "now":
        await live.after(scene.offset_ms)
        await live.ask(say("c2", MORE, interrupt=Interrupt.NOW))
        await live.outcome("c2")
    if scene.kind == "end":
        await live.after(scene.offset_ms)
    elif scene.kind == "hang_up":
        return
    else:
        await live.kind("speech.ended", utterance=begun["utterance"])
    await live.ask(end("c3", "", interrupt=Interrupt.NOW))


def events(story: Story) -> list[dict[str, Any]]:
    """As the API gives them."""
    names = ("kind", "at_ms")
    return [
        {"kind": event["kind"], "data": {name: value for name, value in event.items() if name not in names}}
        for event in story.pages.events
    ]


def judged(story: Story, scene: Scene) -> Verdict:
    return verdict(scene, events(story), story.of("sandbox.heard"))


def verdicts(cast: Sequence[Scene]) -> list[Verdict]:
    found = [judged(played(scene), scene) for scene in cast]
    print(distribution(found))
    return found


BATCHES = 5
CUTS = scenes(barge_ins=200, others=60, seed=SEED)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_barge_ins_and_other_cuts_are_told_to_the_word(batch: int):
    judge(verdicts(CUTS[batch::BATCHES]))


def test_a_line_that_stalls_changes_nothing_of_it():
    chance = random.Random(SEED)
    judge(verdicts([stalling(scene, chance) for scene in scenes(barge_ins=45, others=20, seed=SEED + 1)]))


@pytest.mark.parametrize("turn_ms", [7, 12, 30])
def test_a_loop_that_is_busy_all_the_time_changes_nothing_of_it(turn_ms: int):
    judge([judged(played(scene, turn_ms), scene) for scene in scenes(barge_ins=6, others=4, seed=SEED + turn_ms)])


def test_the_milliseconds_told_are_those_in_which_the_far_end_heard_speech():
    """But for a frame of a pause, which the line may swallow to make up for its own delay."""
    for scene in scenes(barge_ins=30, others=0, seed=SEED + 2):
        story = played(scene)
        claim, heard = story.of("speech.ended")[0], story.of("sandbox.heard")[0]
        pause = 200 if scene.kind == "greeting" else 0
        assert 0 <= claim["heard_ms"] - (heard["end_ms"] - heard["at_ms"]) <= 40 + pause, scene


def test_a_voice_without_alignment_keeps_within_the_margin_it_tells():
    cast = [
        replace(scene, voice="modem-unaligned")
        for scene in scenes(barge_ins=45, others=20, seed=SEED + 3, texts=SENTENCES)
    ]
    stories = [(scene, played(scene)) for scene in cast]
    claims = [(scene, story.of("speech.ended")[0]) for scene, story in stories]
    print(distribution(judged(story, scene) for scene, story in stories))
    assert {claim["text_basis"] for _, claim in claims} == {"proportional"}
    assert [one for one in claims if not within_margin(*one)] == []
    unsure = [(scene, {**claim, "margin_ms": 0}) for scene, claim in claims]
    assert [one for one in unsure if not within_margin(*one)] != [], "so much exactness needs no margin"


def test_words_that_the_end_of_the_call_cuts_are_told_before_the_call_is_over():
    story = played(Scene(0, "end", 3_100, SENTENCES[1], ""))
    heard = "Good evening! Dr. Smith can see you on"
    assert story.heard == [heard]
    (ended,) = story.of("speech.ended")
    assert ended["heard_text"] == story.receipt("c1")["heard_text"] == heard
    kinds = [event["kind"] for event in story.pages.events]
    assert kinds.index("speech.ended") < kinds.index("command.finished") < kinds.index("ended")


@pytest.mark.parametrize("word", range(1, len(SENTENCES[0].split())))
def test_three_garbled_frames_make_a_word_go_missing_and_the_comparison_says_so(word: int):
    scene = Scene(0, "say", 60_000, SENTENCES[0], "Wait.")
    story = told_over(corrupting(scene.text, word), scene)
    words = scene.text.split()
    assert story.heard == [" ".join(words[:word] + words[word + 1 :])]
    assert not story.of("sandbox.heard")[0]["ok"]
    assert story.receipt("c1")["heard_text"] == scene.text
    found = judged(story, scene)
    assert not found.exact
    with pytest.raises(AssertionError):
        judge([found])
