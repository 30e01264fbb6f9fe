"""Which states a client may bring a campaign to."""

from __future__ import annotations

from trunkline.campaigns.answers import CampaignStatus
from trunkline.campaigns.answers import LeadStatus as ShownLeadStatus
from trunkline.campaigns.states import FINISHED, NEXT, REASSIGNABLE, LeadStatus, Status, refusal


def test_nobody_but_the_platform_completes_a_campaign() -> None:
    assert [status for status in Status if Status.COMPLETED in NEXT[status]] == []


def test_nothing_leads_out_of_a_finished_campaign() -> None:
    for status in FINISHED:
        assert NEXT[status] <= {status}


def test_every_state_has_its_moves_and_may_stay_but_completed() -> None:
    assert set(NEXT) == set(Status)
    assert [status for status in Status if refusal(status, status)] == [Status.COMPLETED]


def test_only_what_was_scheduled_can_be_paused() -> None:
    assert refusal(Status.DRAFT, Status.PAUSED) == "A draft campaign cannot be paused; it can be: cancelled, scheduled"
    assert refusal(Status.SCHEDULED, Status.PAUSED) is None


def test_a_refusal_of_a_finished_campaign_offers_nothing() -> None:
    assert refusal(Status.CANCELLED, Status.DRAFT) == "A cancelled campaign cannot change"


def test_the_assistant_is_not_exchanged_where_people_are_called() -> None:
    assert frozenset(Status) - FINISHED - {Status.SCHEDULED} == REASSIGNABLE


def test_the_document_knows_every_state() -> None:
    assert CampaignStatus.__args__ == tuple(Status)  # type: ignore[attr-defined]
    assert ShownLeadStatus.__args__ == tuple(LeadStatus)  # type: ignore[attr-defined]
