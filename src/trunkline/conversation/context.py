"""What a conversation needs to know of its assistant, read once from the wire form of api.md B 4 into one frozen object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from trunkline.conversation.ports import Message
from trunkline.conversation.tools import Toolbox, toolbox
from trunkline.conversation.turns import Manners

APOLOGIES = {
    "en": "I'm sorry, something went wrong on my side.",
    "nl": "Sorry, er ging iets mis aan mijn kant.",
    "de": "Entschuldigung, bei mir ist etwas schiefgegangen.",
    "fr": "Désolé, j'ai un problème technique.",
    "es": "Lo siento, algo ha fallado por mi parte.",
}
"""Spoken when a vendor fails, in the language of the caller."""


@dataclass(frozen=True, slots=True)
class TalkConfig:
    messages: tuple[Message, ...] = ()
    toolbox: Toolbox = field(default_factory=Toolbox)
    first_message: str = ""
    """Empty: the assistant waits for the caller."""
    first_message_interruptible: bool = True
    manners: Manners = field(default_factory=Manners)
    end_call_phrases: tuple[str, ...] = ()
    end_call_message: str = ""
    replacements: tuple[tuple[str, str], ...] = ()
    """Pronunciation: what is written, and how the voice must be given it."""
    apology: str = APOLOGIES["en"]
    providers: Mapping[str, str] = field(default_factory=dict)
    """By block (`stt`, `llm`, `tts`): the provider's name, for the journal."""
    first_token_s: float = 10.0
    """A vendor that has not begun to answer by then has failed."""

    @property
    def fixed_sentences(self) -> tuple[str, ...]:
        """What may have to be said at once."""
        return tuple(filter(None, (self.first_message, self.apology, self.end_call_message)))


def config_of(
    assistant: Mapping[str, Any], outbound: bool = True, first_message: str = "", first_token_s: float = 10.0
) -> TalkConfig:
    """`first_message` is the call's own and beats the assistant's."""
    llm, speech = _block(assistant, "llm_config"), _block(assistant, "speech_config")
    stt, tts = _block(assistant, "stt_config"), _block(assistant, "tts_config")
    greeting = (speech.get("first_message_outbound") if outbound else "") or assistant.get("first_message")
    language = str(stt.get("language") or "en").split("-")[0]
    return TalkConfig(
        messages=tuple(Message(m["role"], m["content"]) for m in llm.get("messages") or ()),
        toolbox=toolbox(cast(Sequence[Mapping[str, Any]], llm.get("tools") or ())),
        first_message=first_message or greeting or "",
        first_message_interruptible=assistant.get("first_message_interruptible") is not False,
        manners=_manners(_block(speech, "turn_taking")),
        end_call_phrases=tuple(speech.get("end_call_phrases") or ()),
        end_call_message=speech.get("end_call_message") or "",
        replacements=tuple((one["from"], one["to"]) for one in speech.get("pronunciation") or ()),
        apology=APOLOGIES.get(language, APOLOGIES["en"]),
        providers={
            block: str(config.get("provider") or "") for block, config in (("stt", stt), ("llm", llm), ("tts", tts))
        },
        first_token_s=first_token_s,
    )


def _block(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return config.get(name) or {}


def _manners(turn_taking: Mapping[str, Any]) -> Manners:
    """Seconds on the wire, milliseconds here."""
    usual = Manners()

    def ms(name: str, default: int) -> int:
        seconds = turn_taking.get(name)
        return default if seconds is None else round(seconds * 1_000)

    resume = turn_taking.get("false_interruption_timeout", 1.5)
    return Manners(
        min_delay=ms("endpointing_min_delay", usual.min_delay),
        max_delay=max(ms("endpointing_min_delay", usual.min_delay), ms("endpointing_max_delay", usual.max_delay)),
        interruption=ms("interruption_min_duration", usual.interruption),
        interruption_words=int(turn_taking.get("interruption_min_words") or 0),
        false_interruption=None if resume is None else round(resume * 1_000),
    )
