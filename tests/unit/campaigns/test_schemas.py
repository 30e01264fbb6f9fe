"""Campaigns and leads as they are written."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.calls.endings import ENDINGS
from trunkline.campaigns.schemas import REASONS, CampaignBody, CampaignChanges, LeadBody, LeadsBody, zones
from trunkline.errors import BadRequest
from trunkline.web.body import Body, validated


def test_a_lead_is_tried_again_after_the_endings_that_allow_it() -> None:
    assert set(REASONS) == {reason for reason, ending in ENDINGS.items() if ending.retry}


def test_the_time_zones_of_this_machine_are_known() -> None:
    assert {"Europe/Amsterdam", "UTC", "America/New_York"} <= zones()
    assert not {"localtime", "Factory", "posixrules"} & zones()


@pytest.mark.parametrize("model", [CampaignBody, CampaignChanges, LeadBody, LeadsBody])
def test_the_first_example_is_one(model: type[Body]) -> None:
    validated(model, model.model_json_schema()["examples"][0])


def test_what_was_not_sent_is_no_change_and_has_no_default_in_the_document() -> None:
    assert validated(CampaignChanges, {}).changes() == {}
    assert validated(CampaignChanges, {"calls_per_minute": None}).changes() == {"calls_per_minute": None}
    fields: dict[str, Any] = CampaignChanges.model_json_schema()["properties"]
    assert {name for name, field in fields.items() if field.get("default", None) is not None} == set()


def test_a_block_is_replaced_whole() -> None:
    changes = validated(CampaignChanges, {"retry": {"max_attempts": 2}}).changes()
    assert changes == {"retry": {"max_attempts": 2, "delay_seconds": 3600, "on": list(REASONS)}}


@pytest.mark.parametrize(("written", "kept"), [("00:00", "00:00:00"), ("23:59", "23:59:00"), ("09:30:15", "09:30:15")])
def test_times_are_kept_with_their_seconds(written: str, kept: str) -> None:
    assert validated(CampaignChanges, {"schedule_start_time": written}).schedule_start_time == kept


@pytest.mark.parametrize("written", ["", "9:00", "24:00", "12:60", "12:00:60", "12", "12:00:0", " 12:00", "١٢:00"])
def test_what_is_no_time_of_day_is_refused(written: str) -> None:
    with pytest.raises(BadRequest) as refused:
        validated(CampaignChanges, {"schedule_end_time": written})
    assert refused.value.details == ["schedule_end_time: must be a time of day: HH:MM or HH:MM:SS"]
