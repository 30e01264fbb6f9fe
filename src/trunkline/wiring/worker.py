"""A worker process: its lines, its vendors, and how one call is plugged into both."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from trunkline.audio.echo import EchoGuard
from trunkline.audio.vad import EnergyGate
from trunkline.bus.nats import NatsBus
from trunkline.calls.call import Call
from trunkline.calls.commands import Lanes
from trunkline.calls.leg import Leg, Tell
from trunkline.calls.lifecycle import Life, Patience
from trunkline.calls.plan import Plan
from trunkline.calls.worker import Socketed, Worker
from trunkline.config import Settings
from trunkline.conversation.cascade import Cascade
from trunkline.conversation.context import TalkConfig, config_of
from trunkline.conversation.ears import Ears
from trunkline.conversation.ports import LanguageModel, SpeechToText, TextToSpeech
from trunkline.conversation.voice import Greetings
from trunkline.policy.dialing import Blocked, Malformed, Rules, judge
from trunkline.providers.build import build_llm, build_stt, build_tts
from trunkline.providers.sandbox.espeak import EspeakProcess
from trunkline.providers.sandbox.espeak_now import EspeakNow
from trunkline.telephony.sandbox import script
from trunkline.telephony.sandbox.exchange import Exchange
from trunkline.telephony.sandbox.farend import Voice
from trunkline.telephony.sandbox.leg import Sandbox
from trunkline.telephony.sandbox.lines import Lines, is_sandbox, modem_voice, wav_voice
from trunkline.telephony.sip.endpoint import Endpoint
from trunkline.telephony.sip.leg import SipLeg, SipOptions


async def run(settings: Settings, name: str) -> None:
    """Until SIGTERM or SIGINT, which drain it."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    bus = await NatsBus.connect(settings.nats_url, replicas=settings.nats_replicas)
    plant = Plant(settings)
    try:
        await Worker(settings, bus, name, plant.plug).work(stop)
    finally:
        await plant.close()
        await bus.close()


@dataclass(frozen=True, slots=True)
class Vendors:
    """How an assistant's blocks become vendors."""

    stt: Callable[[Mapping[str, Any]], SpeechToText] = build_stt
    llm: Callable[[Mapping[str, Any]], LanguageModel] = build_llm
    tts: Callable[[Mapping[str, Any], EspeakProcess], TextToSpeech] = build_tts


class Plant:
    """What all calls of one worker share: the sandbox exchange, the SIP endpoint, the voices."""

    def __init__(self, settings: Settings, lines: Lines | None = None, vendors: Vendors | None = None) -> None:
        self._settings = settings
        self._vendors = vendors or Vendors()
        media_timeout_ms = round(settings.media_timeout_seconds * 1_000)
        self._sandbox = Sandbox(lines or _lines(settings), Exchange(), media_timeout_ms)
        self._sip = SipOptions(
            caller=settings.sip_from,
            username=settings.sip_username,
            password=settings.sip_password,
            far_buffer_ms=settings.sip_far_buffer_ms,
            tail_ms=settings.sip_tail_ms,
            media_timeout_ms=media_timeout_ms,
        )
        self._endpoint: Endpoint | None = None
        self._greetings = Greetings()
        self._espeak = EspeakProcess()
        self._rules = Rules.of(settings)

    def plug(self, plan: Plan, tell: Tell) -> Socketed:
        """Raises VendorRefused where the assistant's vendors cannot be built."""
        config = config_of(
            plan.assistant,
            outbound=True,
            first_message=plan.first_message,
            first_token_s=self._settings.model_first_token_seconds,
        )
        leg = self._leg(plan, tell)
        talk = self._talk(plan, config, leg, tell)
        return Socketed(self._call(plan, config, leg), leg, talk)

    async def close(self) -> None:
        if self._endpoint is not None:
            self._endpoint.close()
        await self._espeak.close()

    def _call(self, plan: Plan, config: TalkConfig, leg: Leg) -> Call:
        patience = Patience(
            dialing=round(self._settings.dial_seconds * 1_000),
            ringing=plan.ring_timeout_ms,
            talking=plan.max_duration_ms,
            hanging_up=round(self._settings.release_seconds * 1_000),
        )
        return Call(
            life=Life(patience),
            lanes=Lanes(basis=leg.basis, forbids=partial(_forbidden, self._rules)),
            silence_ms=round(self._settings.silence_hangup_seconds * 1_000),
            end_call_message=config.end_call_message,
        )

    def _leg(self, plan: Plan, tell: Tell) -> Leg:
        if is_sandbox(plan.destination):
            return self._sandbox.leg(plan.destination, tell)
        if self._endpoint is None:
            self._endpoint = Endpoint.open(self._settings.sip_bind)
        return SipLeg(self._endpoint, plan.destination, self._sip, tell)

    def _talk(self, plan: Plan, config: TalkConfig, leg: Leg, tell: Tell) -> Cascade:
        assistant = plan.assistant
        return Cascade(
            config,
            self._vendors.stt(assistant["stt_config"]),
            self._vendors.llm(assistant["llm_config"]),
            self._vendors.tts(assistant["tts_config"], self._espeak),
            leg,
            tell,
            Ears(EnergyGate(), EchoGuard()),
            self._greetings,
        )


def _forbidden(rules: Rules, destination: str) -> str | None:
    """The dialing policy's objection to a destination, if it has one."""
    match judge(destination, rules):
        case Blocked(rule):
            return rule
        case Malformed(message):
            return message
        case _:
            return None


def _lines(settings: Settings) -> Lines:
    written = settings.sandbox_script
    return Lines(script.read(Path(written).read_text(encoding="utf-8")) if written else None, _far_voice(settings))


def _far_voice(settings: Settings) -> Voice:
    match settings.sandbox_voice:
        case "modem":
            return modem_voice
        case "espeak":
            return EspeakNow()
        case path:
            return wav_voice(Path(path).read_bytes())
