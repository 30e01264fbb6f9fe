"""An assistant as clients write it, but for what the vendors' blocks hold (`blocks.py`) and tools (`tools.py`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from trunkline.assistants.tools import Link
from trunkline.providers import catalogue
from trunkline.web.body import Body

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=5000)]
Sentence = Annotated[str, StringConstraints(max_length=300)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Event = Literal["assistant-request", "tool-calls", "status-update", "end-of-call-report"]


def _spoken(phrase: str) -> str:
    if sum(character.isalnum() for character in phrase) < 2:
        raise ValueError("needs at least 2 letters or digits")
    return phrase


Phrase = Annotated[str, StringConstraints(max_length=100), AfterValidator(_spoken)]


class TurnTaking(Body):
    """When a turn is over, and what an interruption is. For models that do not listen and speak themselves."""

    endpointing_min_delay: float = Field(0.4, ge=0.1, le=5)
    endpointing_max_delay: float = Field(2.0, ge=0.1, le=5)
    interruption_min_duration: float = Field(0.3, ge=0.05, le=2)
    interruption_min_words: int = Field(0, ge=0, le=10)
    false_interruption_timeout: Annotated[float, Field(ge=0.2, le=5)] | None = 1.5

    @model_validator(mode="after")
    def _max_not_below_min(self) -> Self:
        if self.endpointing_max_delay < self.endpointing_min_delay:
            raise ValueError("endpointing_max_delay: must not be below endpointing_min_delay")
        return self


class Pronunciation(Body):
    says: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(alias="from")
    to: Annotated[str, StringConstraints(max_length=128)]


class BackgroundAudio(Body):
    enabled: bool = False
    clip: Literal["office", "city", "forest", "crowded_room"] = "office"
    volume: float = Field(0.3, ge=0.05, le=1)


class Silence(Body):
    messages: list[Annotated[str, StringConstraints(min_length=1, max_length=300)]] = Field([], max_length=5)
    final_message: Sentence | None = None
    first_check_seconds: float = Field(3, ge=1, le=60)
    interval_seconds: float = Field(12, ge=3, le=120)
    max_attempts: int = Field(3, ge=1, le=10)


class SpeechConfig(Body):
    turn_taking: TurnTaking | None = None
    pronunciation: list[Pronunciation] | None = Field(None, max_length=50)
    background_audio: BackgroundAudio | None = None
    silence: Silence | None = None
    end_call_message: Sentence | None = None
    first_message_outbound: Sentence | None = None
    end_call_phrases: list[Phrase] | None = Field(None, max_length=5)


class PlanMessage(Body):
    role: Literal["system", "user"]
    content: Annotated[str, StringConstraints(max_length=20_000)]


class StructuredDataPlan(Body):
    enabled: bool = False
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    messages: list[PlanMessage] | None = Field(None, max_length=20)


class AnalysisPlan(Body):
    structured_data_plan: StructuredDataPlan | None = None
    min_messages_threshold: int = Field(2, ge=0, le=1000)


class RecordingConsent(Body):
    enabled: bool
    message: Annotated[str, StringConstraints(max_length=1000)] | None = None


class AssistantConfig(Body):
    """Everything but the name; the three blocks are checked by the catalogue afterwards."""

    business_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    notification_email: Email | None = Field(None, description="gets a mail when a call is over")
    notification_emails: list[Email] | None = Field(None, max_length=5)
    recording_consent: RecordingConsent | None = Field(None, description="asked of callers on inbound calls")
    first_message: Text | None = Field(None, description="the greeting; `{{name}}` is filled from `variables`")
    first_message_interruptible: bool = Field(True, description="may the caller barge in on the greeting")
    is_active: bool = Field(True, description="an inactive assistant takes and places no calls")
    max_duration_seconds: Annotated[int, Field(ge=30, le=14_400)] | None = Field(600, description="null: 600")
    autonomous_silence_handling: bool = Field(False, description="prompt a caller who says nothing, then hang up")
    silence_timeout_seconds: int = Field(8, ge=1, le=120, description="delays the first prompt")
    voicemail_detection: bool | None = Field(False, description="on outbound calls")
    voicemail_message: Text | None = Field(None, description="left on a voicemail; null or empty: hang up")
    gdpr_mode: bool = Field(False, description="`true` is refused: it is not supported yet")
    webhook_url: Link | None = Field(None, description="where events of this assistant's calls go")
    webhook_secret: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        None, description="signs webhooks; shown to keys with the scope `full` only"
    )
    webhook_events: list[Event] | None = Field(None, max_length=4, description="null: all of them")
    analysis_plan: AnalysisPlan | None = None
    stt_config: dict[str, Any] | None = Field(None, description="who listens; null for a realtime model")
    llm_config: dict[str, Any] = Field(default_factory=dict, description="who thinks")
    tts_config: dict[str, Any] | None = Field(None, description="who speaks; null for a realtime model")
    speech_config: SpeechConfig | None = None

    @model_validator(mode="after")
    def _refuse_what_would_be_a_lie(self) -> Self:
        """Promises about privacy are not stored before they are kept."""
        if self.gdpr_mode:
            raise ValueError("gdpr_mode: is not supported yet")
        if self.recording_consent is not None and self.recording_consent.enabled:
            raise ValueError("recording_consent.enabled: is not supported yet")
        return self


FRONT_DESK: dict[str, Any] = {
    "name": "Front desk",
    "business_name": "Brightsmile",
    "first_message": "Brightsmile, good morning. What can I do for you?",
    "max_duration_seconds": 900,
    **catalogue.RECOMMENDED,
    "speech_config": {
        "turn_taking": {"endpointing_min_delay": 0.4, "interruption_min_words": 2},
        "pronunciation": [{"from": "Dr.", "to": "doctor"}],
        "end_call_message": "Goodbye.",
    },
}
TRIAL: dict[str, Any] = {"name": "Trial", "first_message": "Hello.", **catalogue.SANDBOX}


class AssistantBody(AssistantConfig):
    """A saved assistant. Only `name` is required."""

    model_config = ConfigDict(json_schema_extra={"examples": [FRONT_DESK, TRIAL, {"name": "Ann"}]})

    name: Name


def _without_defaults(schema: dict[str, Any]) -> None:
    """What a change does not name stays as it is: no client may fill a default in."""
    for field in schema["properties"].values():
        field.pop("default", None)
    schema["examples"] = [
        {"first_message": "Good evening.", "webhook_url": None},
        {"name": "Front desk", "llm_config": catalogue.SANDBOX["llm_config"]},
    ]


class AssistantPatch(AssistantConfig):
    """What changes; everything else stays. Null clears a field that can be null; a block is replaced whole."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    name: Name = Field(default_factory=str)


class TransientBody(AssistantConfig):
    """An assistant for one call."""

    model_config = ConfigDict(json_schema_extra={"examples": [TRIAL, {**FRONT_DESK, "metadata": {"ticket": 7}}]})

    name: Name | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
