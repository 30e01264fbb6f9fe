"""The words of the catalogue: what a provider, one of its settings and one of its voices are. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Block = Literal["stt", "llm", "tts"]
Status = Literal["implemented", "known"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a provider's block. Bounds hold for the number, or for each string's length."""

    type: Literal["string", "integer", "number", "boolean", "strings", "object", "objects"]
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str | int, ...] = ()
    default: Any = None
    required: bool = False
    suggested: tuple[str, ...] = ()
    """Values that are known to work, where others may too."""
    min_items: int | None = None
    max_items: int | None = None
    fields: Mapping[str, Setting] = field(default_factory=dict)
    """Of an object, or of each of several. Empty: it is the client's own."""
    unless: tuple[str, tuple[str, ...]] | None = None
    """A field beside this one, and the values of it with which this one is not taken."""
    deprecated: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    id: str
    name: str
    language: str | None = None
    """What it speaks, where it is one language."""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    status: Status
    models: tuple[str, ...] = ()
    """The default first. Others are accepted with a warning where the provider is implemented. Empty: it has no models."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """Besides those that every provider of its block has."""
    kind: Literal["text", "realtime"] = "text"
    """Of a language model: `realtime` ones listen and speak themselves."""
    voices: tuple[Voice, ...] = ()
    """Those that are known by name, the default first."""
    open_voices: bool = False
    """There are voices that are not in the list."""
    default_voice: str | None = None
    """The `voice_id` of a block that names none. None: it must name one."""
    closed: bool = False
    """It has no other models than these: no call can be placed with another."""
    postcall_models: tuple[str, ...] = ()
    """What can write down or sum up a call of this provider when it is over, the default first."""

    @property
    def default_model(self) -> str | None:
        return self.models[0] if self.models else None

    @property
    def voice_ids(self) -> tuple[str, ...]:
        return tuple(voice.id for voice in self.voices)


def table(*providers: Provider) -> Mapping[str, Provider]:
    return {provider.name: provider for provider in providers}


def named(*names: str) -> tuple[Voice, ...]:
    """Voices whose id is their name."""
    return tuple(Voice(name, name[:1].upper() + name[1:]) for name in names)


LONG = 10_000
FLAG = Setting("boolean")
TEXT = Setting("string")
TEXTS = Setting("strings", max_items=200)
INSTRUCTIONS = Setting("string", maximum=LONG)
LANGUAGE = Setting("string", minimum=2, maximum=35, about="a language tag, such as `en` or `pt-BR`")
SPEED = Setting("number", 0.5, 2)
UNIT = Setting("number", 0, 1)
TOKENS = Setting("integer", 1, 32_768)
