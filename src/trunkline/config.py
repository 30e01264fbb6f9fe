"""Every setting, in one object, built once and passed down. `TRUNKLINE_*` variables, or a TOML file named by
`TRUNKLINE_CONFIG`. The reference page is generated from this class."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TRUNKLINE_", extra="ignore")

    data_dir: Path = Field(Path("data"), description="where the database, the journal and the recordings live")
    host: str = Field("127.0.0.1", description="address the API listens on")
    port: int = Field(8080, ge=0, le=65_535, description="port the API listens on; 0 takes a free one")
    workers: int = Field(0, description="worker processes under `serve`; 0 means cores − 1, at least 1")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite in the data folder")
    nats_url: str = Field("", description="your own NATS; empty means that `serve` runs one in the data folder")
    nats_replicas: int = Field(1, description="replicas of the journal stream")
    bootstrap_key: str = Field(
        "", description="an API key to add at start if it is not there: tl_live_ and ≥ 32 characters"
    )
    drain_seconds: float = Field(30, description="how long live calls may go on after SIGTERM")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")

    max_calls: int = Field(100, description="calls one worker holds at the same time")
    max_late_ms: float = Field(60, description="a worker whose ticks are later than this (p99) takes no new calls")
    claim_seconds: float = Field(30, description="a call that no worker claims in this time fails")
    dial_seconds: float = Field(15, description="no provisional answer for this long: trunk_error")
    release_seconds: float = Field(
        5, description="a release that is not confirmed in this time ends the call and says so"
    )
    media_timeout_seconds: float = Field(20, description="no media for this long when not on hold: media_timeout")
    silence_hangup_seconds: float = Field(120, description="no speech from either side for this long: silence_timeout")
    model_first_token_seconds: float = Field(10, description="a model that has not begun to answer by then has failed")
    worker_lost_seconds: float = Field(15, description="a worker not heard of for this long is lost")
    beat_seconds: float = Field(2, description="how often a worker says that it lives")

    rate_limit_per_minute: int = Field(6000, ge=0, description="requests per key and minute; 0 for no limit")
    control_limit_per_minute: int = Field(120, ge=0, description="control commands per call and minute; 0 for no limit")

    allowed_prefixes: list[str] = Field(
        [], description='E.164 prefixes that may be called, such as ["+31", "+32"]; empty allows every country'
    )
    denied_prefixes: list[str] = Field(
        [], description='E.164 prefixes that may not be called, besides the built-in ranges, such as ["+1900"]'
    )
    allow_sip: bool = Field(False, description="may `sip:` targets be called and transferred to")
    sip_from: str = Field("sip:trunkline@127.0.0.1", description="the caller's address for `sip:` targets")
    sip_bind: str = Field("127.0.0.1", description="local address for SIP and RTP")
    sip_username: str = Field("", description="digest user for `sip:` targets")
    sip_password: str = Field("", description="digest password for `sip:` targets")
    sip_far_buffer_ms: int = Field(120, description="assumed jitter buffer of a SIP far end, for receipts")
    sip_tail_ms: int = Field(250, description="silence sent before BYE and REFER so that the last word arrives")

    sandbox_voice: str = Field(
        "modem", description="voice of sandbox far ends: modem, espeak, or the path of a WAV file"
    )
    sandbox_script: str = Field(
        "", description="path of a JSON file with persons of your own at sandbox numbers (see the sandbox's page)"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("TRUNKLINE_CONFIG")
        toml = (TomlConfigSettingsSource(settings_cls, Path(file)),) if file else ()
        return (init_settings, env_settings, *toml)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'trunkline.db').resolve()}"

    @property
    def recordings(self) -> Path:
        return self.data_dir / "recordings"
