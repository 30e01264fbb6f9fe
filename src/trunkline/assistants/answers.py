"""What the routes of assistants, of the catalogue and of voices answer, for the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import ConfigDict, Field

from trunkline.assistants import describing, resolving
from trunkline.assistants.blocks import block_models
from trunkline.assistants.schemas import (
    FRONT_DESK,
    TRIAL,
    AnalysisPlan,
    AssistantConfig,
    Event,
    RecordingConsent,
    SpeechConfig,
)
from trunkline.web.answers import Answer, Pagination
from trunkline.web.body import Body

if TYPE_CHECKING:
    SttConfig = Body
    LlmConfig = Body
    TtsConfig = Body
else:  # one of the providers' models, told apart by their names
    SttConfig = Annotated[Union[tuple(block_models("stt").values())], Field(discriminator="provider")]  # noqa: UP007
    LlmConfig = Annotated[Union[tuple(block_models("llm").values())], Field(discriminator="provider")]  # noqa: UP007
    TtsConfig = Annotated[Union[tuple(block_models("tts").values())], Field(discriminator="provider")]  # noqa: UP007

_MADE = {
    "id": "6f1c2a0e-5b0d-4c39-9a55-0f6d1f5c8a11",
    "created_at": "2026-01-05T09:00:00.000Z",
    "updated_at": "2026-01-05T09:00:00.000Z",
}


def _example(body: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(AssistantConfig.model_fields), **resolving.saved(body).config, **_MADE}


_FRONT_DESK, _TRIAL = _example(FRONT_DESK), _example(TRIAL)
_WARNINGS: list[Any] = resolving.saved(FRONT_DESK).warnings


class AssistantShown(Answer):
    """A saved assistant, with the defaults that were filled in."""

    id: str
    name: str
    business_name: str | None
    notification_email: str | None
    notification_emails: list[str] | None
    recording_consent: RecordingConsent | None
    first_message: str | None
    first_message_interruptible: bool
    is_active: bool
    max_duration_seconds: int
    autonomous_silence_handling: bool
    silence_timeout_seconds: int
    voicemail_detection: bool | None
    voicemail_message: str | None
    gdpr_mode: bool
    webhook_url: str | None
    webhook_secret: str | None = Field(description="null for keys without the scope `full`")
    webhook_events: list[Event] | None
    analysis_plan: AnalysisPlan | None
    stt_config: SttConfig | None = Field(description="null for a realtime model")
    llm_config: LlmConfig
    tts_config: TtsConfig | None = Field(description="null for a realtime model")
    speech_config: SpeechConfig | None
    created_at: str
    updated_at: str


class AssistantAnswer(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"assistant": _FRONT_DESK}, {"assistant": _TRIAL}]})

    assistant: AssistantShown


class AssistantSavedAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"assistant": _FRONT_DESK, "warnings": _WARNINGS}, {"assistant": _TRIAL, "warnings": []}]
        }
    )

    assistant: AssistantShown
    warnings: list[str] = Field(description="what was stored but has no effect, or no call can be placed with")


class AssistantsAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"assistants": [_TRIAL], "pagination": {"total": 1, "limit": 100, "offset": 0}}]
        }
    )

    assistants: list[AssistantShown]
    pagination: Pagination


class CatalogField(Answer):
    """What one field may be."""

    type: Literal["string", "integer", "number", "boolean", "strings", "object", "objects"]
    required: bool
    nullable: bool
    default: Any = Field(None, description="absent: null")
    description: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = Field(None, description="of a string, or of each of several")
    max_length: int | None = None
    pattern: str | None = None
    choices: list[Any] | None = Field(None, description="all there are")
    suggested: list[str] | None = Field(None, description="known to work; others may too")
    min_items: int | None = None
    max_items: int | None = None
    deprecated: bool | None = None
    fields: dict[str, CatalogField] | None = Field(None, description="of an object, or of each of several")


class CatalogProvider(Answer):
    status: Literal["implemented", "known"] = Field(
        description="`known`: it is stored, but no call can be placed with it"
    )
    kind: Literal["text", "realtime"] | None = Field(description="of a language model; realtime ones listen and speak")
    aliases: list[str]
    models: list[str] = Field(description="the default first")
    default_model: str | None
    other_models: bool = Field(description="are models accepted that are not in the list?")
    postcall_models: list[str]
    voices: list[str]
    default_voice: str | None
    other_voices: bool = Field(description="are voices accepted that are not in the list?")
    fields: dict[str, CatalogField]


class CatalogLanguage(Answer):
    code: str
    locales: list[str] = Field(description="language tags that vendors know it by")


class CatalogDefaults(Answer):
    """What an assistant has that was created with nothing but a name."""

    stt_config: SttConfig
    llm_config: LlmConfig
    tts_config: TtsConfig


class Catalog(Answer):
    stt: dict[str, CatalogProvider]
    llm: dict[str, CatalogProvider]
    tts: dict[str, CatalogProvider]
    languages: list[CatalogLanguage]
    defaults: CatalogDefaults
    assistant: dict[str, CatalogField] = Field(description="fields of an assistant beside its blocks")
    speech_config: dict[str, CatalogField]


def _excerpt() -> dict[str, Any]:
    whole = describing.catalog()
    first = {block: dict([next(iter(whole[block].items()))]) for block in ("stt", "llm", "tts")}
    return {**whole, **first, "languages": whole["languages"][:3]}


class CatalogAnswer(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"catalog": _excerpt()}]})

    catalog: Catalog


class VoiceDescription(Answer):
    en: str


class VoiceShown(Answer):
    id: str
    name: str
    provider: str
    language: str | None = None
    description: VoiceDescription | None = None


class VoicesAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"voices": list(describing.voices()[:2]), "pagination": {"total": 2, "limit": 100, "offset": 0}}
            ]
        }
    )

    voices: list[VoiceShown]
    pagination: Pagination
