"""What is said of leads before they are stored."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.campaigns.leads import Numbered, numbered, numbers, overrides, told, unfilled
from trunkline.campaigns.schemas import LeadBody
from trunkline.errors import BadRequest
from trunkline.policy.dialing import Rules
from trunkline.web.body import validated

SANDBOX = {
    "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
    "llm_config": {"provider": "sandbox", "model": "echo"},
    "tts_config": {"provider": "sandbox", "voice_id": "modem"},
    "max_duration_seconds": 600,
}


def lead(phone_number: str, **more: Any) -> LeadBody:
    return validated(LeadBody, {"phone_number": phone_number, **more})


def leads(*phone_numbers: str) -> list[LeadBody]:
    return [lead(phone_number) for phone_number in phone_numbers]


def test_every_number_that_is_none_is_named() -> None:
    with pytest.raises(BadRequest) as refused:
        numbers(numbered(leads("+31612345678", "0612345678", "sip:a@b", "+", "+15005550001")), Rules(allow_sip=True))
    assert [detail.split(":")[0] for detail in refused.value.details] == [f"leads[{n}].phone_number" for n in (1, 2, 3)]


def test_a_lead_that_came_alone_is_named_without_a_list() -> None:
    with pytest.raises(BadRequest) as refused:
        numbers([Numbered("", *leads("x"))], Rules())
    assert refused.value.details == ["phone_number: must be an E.164 number with a leading +"]


def test_what_may_not_be_called_today_is_noted() -> None:
    [said] = numbers(numbered(leads("+31612345678", "+31900123456")), Rules())
    assert said.startswith("leads[1].phone_number: ")
    assert "premium_rate" in said


def test_an_override_is_judged_with_the_assistant_it_changes() -> None:
    good = lead("+31612345678", assistant_override={"llm_config": {"model": "echo"}})
    bad = lead("+31612345678", assistant_override={"llm_config": {"provider": "nobody"}})
    overrides(numbered([good, *leads("+31612345678")]), SANDBOX)
    with pytest.raises(BadRequest) as refused:
        overrides(numbered([good, bad]), SANDBOX)
    assert refused.value.details[0].startswith("leads[1].assistant_override.llm_config.provider: ")


def test_a_missing_variable_is_told_with_the_number() -> None:
    full = lead("+31612345678", variables={"name": ""})
    said = unfilled(numbered([full, *leads("+31612345679")]), "Hello {{name}}")
    assert said == ["leads[1].variables: +31612345679 has no value for {{name}}"]
    assert unfilled(numbered([full]), None) == []


def test_not_more_is_told_than_anybody_reads() -> None:
    assert told(["x"] * 50) == ["x"] * 50
    assert told(["x"] * 52) == ["x"] * 50 + ["and 2 more"]
