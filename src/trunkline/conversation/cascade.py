"""Speech-to-text, model, text-to-speech: the shell of a conversation, where the effects of its turns are performed.

Implements `calls/talk.py`. Decides nothing of whose turn it is (`turns.py`) nor of what was heard (`spoken.py`, `playout.py`);
it feeds the machines, performs what they say and tells the facts. Work on our own words is the `Speaker`'s.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from trunkline import ids
from trunkline.calls.leg import FRAME_MS, SILENCE, Line, Noted, Tell
from trunkline.calls.talk import Ended, Floor, Heard, Known, PhraseSaid, Words
from trunkline.conversation import turns
from trunkline.conversation.context import TalkConfig
from trunkline.conversation.ears import Ears
from trunkline.conversation.exchange import Exchange
from trunkline.conversation.keypad import Keypad
from trunkline.conversation.listening import listen
from trunkline.conversation.memory import Memory
from trunkline.conversation.mouth import Listener, Mouth
from trunkline.conversation.playout import Utterance
from trunkline.conversation.ports import LanguageModel, SpeechToText, TextToSpeech, Transcript, VendorError
from trunkline.conversation.speaker import Promise, Speaker
from trunkline.conversation.trouble import Trouble
from trunkline.conversation.turns import Caller, Ours, Turns
from trunkline.conversation.voice import Greetings, Voice


class Cascade:
    def __init__(
        self,
        config: TalkConfig,
        stt: SpeechToText,
        llm: LanguageModel,
        tts: TextToSpeech,
        line: Line,
        tell: Tell,
        ears: Ears,
        greetings: Greetings,
    ) -> None:
        self._config, self._stt, self._tell, self._ears = config, stt, tell, ears
        self._voice = Voice(tts, greetings, config.replacements, config.first_token_s)
        self._memory = Memory(config.messages)
        self._exchange = Exchange(self._memory, tell)
        self._trouble = Trouble(config.providers)
        self._mouth = Mouth(line, tell, self._memory, Listener(self._began, self._over))
        self._speaker = Speaker(config, llm, self._voice, self._mouth, self._memory, self._trouble, tell)
        self._turns = Turns(config.manners)
        self._keypad = Keypad()
        self._inputs: deque[turns.Input] = deque()
        self._performing = False
        self._floor = Floor(assistant=False, thinking=False, caller=False)
        self._now = 0
        self._prepared = asyncio.Event()
        self._prepared.set()
        self._orders: list[Callable[[], None]] | None = []
        self._deaf = self._mute = self._held = self._closed = False

    # ---- the life of it -------------------------------------------------------------------

    async def prepare(self) -> None:
        self._prepared.clear()
        try:
            async with asyncio.TaskGroup() as group:
                for sentence in dict.fromkeys(self._config.fixed_sentences):
                    group.create_task(self._keep(sentence))
        finally:
            self._prepared.set()

    async def _keep(self, sentence: str) -> None:
        try:
            await self._voice.keep(sentence)
        except VendorError as error:
            self._tell(self._trouble.fact("tts", str(error)))

    async def converse(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._speaker.spawn = group.create_task
            group.create_task(listen(self._stt, self._transcribed, self._stt_failed))
            orders, self._orders = self._orders or [], None
            if self._config.first_message:
                group.create_task(self._greet())
            for order in orders:
                order()
            await asyncio.Event().wait()

    async def _greet(self) -> None:
        if self._voice.kept(self._config.first_message) is None:
            await self._prepared.wait()
        if self._mouth.current is None and self._turns.ours is Ours.SILENT and not (self._mute or self._held):
            config = self._config
            greeting = Words(ids.new("utt"), "greeting", config.first_message, config.first_message_interruptible)
            self._speak(greeting, promised=False, resumable=True)

    def _stt_failed(self, error: str, fatal: bool) -> None:
        self._tell(self._trouble.failed("stt", error, fatal))
        if fatal:
            self._speaker.stop("failure")
            self._apologize()

    # ---- one tick ----------------------------------------------------------------------------

    def hear(self, frame: bytes) -> None:
        if self._closed:
            return
        self._now += FRAME_MS
        edge, audible = self._ears.hear(SILENCE if self._deaf or self._held else frame)
        self._stt.hear(audible)
        if edge is not None:
            self._take(turns.SpeechStarted() if edge == "started" else turns.SpeechStopped())
        elif self._turns.deadline is not None and self._now >= self._turns.deadline:
            self._take(turns.Wake())
        if self._keypad.due is not None and self._now >= self._keypad.due:
            self._typed(self._keypad.wake())

    def utter(self) -> bytes | None:
        if self._closed:
            return None
        frame = self._mouth.frame()
        self._voice.played()
        self._ears.played(frame)
        return frame

    def _transcribed(self, transcript: Transcript) -> None:
        self._trouble.worked("stt")
        self._take(turns.Transcribed(transcript.text, transcript.final, transcript.end_of_turn))

    # ---- turns ---------------------------------------------------------------------------------

    def _take(self, input: turns.Input) -> None:
        """Through the machine. What performing an effect brings about is taken afterwards, and the floor told last."""
        self._inputs.append(input)
        if self._performing:
            return
        self._performing = True
        while self._inputs:
            for effect in self._turns.handle(self._now, self._inputs.popleft()):
                self._perform(effect)
        self._performing = False
        self._tell_floor()

    def _perform(self, effect: turns.Effect) -> None:
        match effect:
            case turns.Ask(text):
                self._ask(text)
            case turns.Unask():
                self._speaker.forget()
            case turns.Yield():
                self._interrupted()
                if not self._mouth.pause():
                    self._take(turns.Silent())
            case turns.Resume():
                if (current := self._mouth.current) is not None:
                    self._tell(Noted("barge_in.resumed", {"utterance": current.id}))
                self._mouth.resume()
            case turns.Cut():
                self._interrupted()
                self._speaker.stop("caller")
            case turns.Backchannel(text):
                self._tell(Noted("backchannel", {"text": text}))

    def _interrupted(self) -> None:
        if (current := self._mouth.current) is not None and not self._mouth.paused:
            self._tell(Noted("barge_in", {"utterance": current.id}))

    def _ask(self, text: str) -> None:
        self._exchange.asked(text)
        if self._mute:
            self._exchange.close()
            self._take(turns.Silent())
        else:
            self._speaker.think(self._exchange.turn)

    def _tell_floor(self) -> None:
        floor = Floor(
            assistant=self._turns.ours is Ours.SPEAKING,
            thinking=self._turns.ours is Ours.THINKING,
            caller=self._turns.caller is not Caller.QUIET,
        )
        if floor != self._floor:
            self._floor = floor
            self._tell(floor)

    # ---- our words -------------------------------------------------------------------------------

    def _speak(self, words: Words, promised: bool, resumable: bool = False) -> None:
        self._speaker.say(words, promised, resumable)
        answers = words.source == "apology"
        self._take(turns.Speaking(answers, words.interruptible, resumable))

    def _began(self, utterance: Utterance) -> None:
        self._speaker.kept(utterance)
        if not utterance.exact:
            self._exchange.close()
            self._take(turns.Speaking(True, utterance.interruptible, utterance.resumable))

    def _over(self, utterance: Utterance, heard: Heard, alone: bool) -> None:
        self._speaker.kept(utterance)
        if not utterance.cut_by:
            for phrase in self._config.end_call_phrases:
                if phrase.lower() in heard.text.lower():
                    self._tell(PhraseSaid(phrase))
                    break
        if utterance.source == "apology":
            self._give_up()
        if not alone or utterance.cut_by in ("caller", "command", "end"):
            return
        if utterance.failed and utterance.source != "apology" and (self._trouble.fatal or not utterance.exact):
            self._apologize()
        elif self._speaker.must_ask_again and not utterance.exact:
            self._speaker.think(self._exchange.turn)
        else:
            if not utterance.exact:
                self._exchange.close()
            self._take(turns.Silent())

    def _apologize(self) -> None:
        self._exchange.close()
        text, fatal = self._config.apology, self._trouble.fatal
        voiceless = self._trouble.in_a_row["tts"] and self._voice.kept(text) is None
        if voiceless or self._mute or self._held:
            self._take(turns.Silent())
            self._give_up()
        else:
            self._speak(Words(ids.new("utt"), "apology", text, interruptible=fatal is None), promised=False)

    def _give_up(self) -> None:
        fatal, self._trouble.fatal = self._trouble.fatal, None
        if fatal is not None:
            self._tell(fatal)

    # ---- orders ----------------------------------------------------------------------------------

    def say(self, words: Words) -> None:
        if self._later(lambda: self.say(words)):
            return
        if self._mute or self._held:
            self._tell(Ended(words.utterance, words.source, Heard(unheard=words.text), "command"))
            return
        self._speaker.stop("command")
        self._exchange.stand()
        self._speak(words, promised=True)

    def answer(self, utterance: str, content: str | None, interruptible: bool) -> None:
        if self._later(lambda: self.answer(utterance, content, interruptible)):
            return
        if content:
            self._memory.told(content)
        if self._mute:
            self._tell(Ended(utterance, "inject-context", Heard(), "command"))
            return
        self._let_answer(Promise(utterance, "inject-context", interruptible, told=True))

    def tell_model(self, content: str, speak: bool) -> None:
        if self._later(lambda: self.tell_model(content, speak)):
            return
        self._memory.told(content)
        if speak and not self._mute:
            self._let_answer(None)

    def _let_answer(self, promise: Promise | None) -> None:
        """One answer, to all that the model knows now. A request that is under way becomes this one."""
        if self._turns.ours in (Ours.SPEAKING, Ours.YIELDED):
            self._speaker.stop("command")
            self._take(turns.Silent())
        if promise is not None:
            self._speaker.promise(promise)
        self._take(turns.ModelAsked())
        if not self._held:
            self._ask("")

    def know(self, command: str, content: str) -> None:
        self._memory.told(content)
        asked_again = self._exchange.is_open and self._turns.owed
        self._tell(Known(command, self._exchange.turn + (0 if asked_again else 1)))

    def hush(self) -> None:
        self._speaker.stop("command")
        self._exchange.close()
        self._take(turns.Silent())

    def settle(self) -> None:
        self._closed = True
        waiting = self._turns.caller is not Caller.QUIET
        self._exchange.unanswered(self._turns.text if waiting else "")
        self._mouth.close()

    def mute(self, target: Literal["caller", "assistant"], muted: bool) -> None:
        if target == "caller":
            self._deaf = muted
            return
        self._mute = muted
        if muted:
            self.hush()

    def hold(self, held: bool) -> None:
        if held == self._held:
            return
        self._held = held
        if held:
            self._speaker.stop("command")
            self._exchange.stand()
        self._take(turns.Held(held))

    def digits(self, digits: str) -> None:
        for complete in self._keypad.press(self._now, digits):
            self._typed(complete)

    def _typed(self, digits: str) -> None:
        self._take(turns.Typed(f"[keypad] {digits}"))

    def state(self) -> Mapping[str, Any]:
        ours, caller = self._floor.assistant, self._floor.caller
        current = self._mouth.current
        return {
            "speaking": "both" if ours and caller else "assistant" if ours else "caller" if caller else None,
            "thinking": self._floor.thinking,
            "turn": self._exchange.turn,
            "utterance": current.id if current is not None and ours else None,
            "interruptible": current.interruptible if current is not None and ours else None,
            "muted": self._mute,
            "held": self._held,
        }

    def _later(self, order: Callable[[], None]) -> bool:
        """Orders given between the answer and the conversation's first step are carried out then."""
        if self._orders is None:
            return False
        self._orders.append(order)
        return True
