"""Phone numbers as they are written."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.errors import BadRequest
from trunkline.numbers.schemas import NumberBody, NumberChanges
from trunkline.web.body import Body, validated


@pytest.mark.parametrize("model", [NumberBody, NumberChanges])
def test_the_first_example_is_one(model: type[Body]) -> None:
    validated(model, model.model_json_schema()["examples"][0])


def refusals(model: type[Body], raw: dict[str, Any]) -> list[str]:
    with pytest.raises(BadRequest) as refused:
        validated(model, raw)
    return refused.value.details


@pytest.mark.parametrize(
    "phone_number",
    ["+31201234567", "+12125551234", "+80012345678", "+449091234567", "+3112345678901", "+881612345678"],
)
def test_whatever_number_somebody_can_own_is_one(phone_number: str) -> None:
    assert validated(NumberBody, {"phone_number": phone_number}).phone_number == phone_number


@pytest.mark.parametrize(
    ("phone_number", "says"),
    [
        ("0201234567", "must be a possible E.164 number with a leading +"),
        ("31201234567", "must be a possible E.164 number with a leading +"),
        ("sip:ann@example.com", "must be a possible E.164 number with a leading +"),
        ("+31 20 1234567", "must be a possible E.164 number with a leading +"),
        ("+3120", "must be a possible E.164 number with a leading +"),
        ("+310000000000000", "must be a possible E.164 number with a leading +"),
        ("+", "must be a possible E.164 number with a leading +"),
        ("", "must be a possible E.164 number with a leading +"),
        ("+15005550001", "is a sandbox line, which belongs to everybody"),
        ("+112", "is an emergency number"),
        ("+31112", "is an emergency number"),
        ("+1911", "is an emergency number"),
    ],
)
def test_what_nobody_can_own_is_refused(phone_number: str, says: str) -> None:
    assert refusals(NumberBody, {"phone_number": phone_number}) == [f"phone_number: {says}"]


def test_every_wrong_field_is_named() -> None:
    wrong = {
        "phone_number": 31, "name": "", "assistant_id": 5, "transfer_trunk_id": "x" * 65, "workflow_id": [],
        "source": "x" * 65, "is_active": "yes", "reserved_for_org_id": "", "typo": 1,
    }  # fmt: skip
    assert [line.partition(":")[0] for line in refusals(NumberBody, wrong)] == list(wrong)


def test_a_number_cannot_change() -> None:
    for value in ("+31201234567", None):
        assert refusals(NumberChanges, {"phone_number": value, "is_active": None}) == [
            "phone_number: cannot change; delete this number and register the other",
            "is_active: input should be a valid boolean",
        ]
    assert "phone_number" not in NumberChanges.model_json_schema()["properties"]


def test_what_was_not_sent_is_no_change_and_has_no_default_in_the_document() -> None:
    assert validated(NumberChanges, {}).changes() == {}
    assert validated(NumberChanges, {"assistant_id": None}).changes() == {"assistant_id": None}
    assert "default" not in NumberChanges.model_json_schema()["properties"]["is_active"]
