"""A plan crosses the bus unchanged."""

import json

from trunkline.calls.plan import Plan


def test_a_plan_survives_being_written_and_read():
    plan = Plan(
        "call_1", "org_1", "+15005550001", "+15005550000", {"llm_config": {"model": "echo"}}, metadata={"a": [1]}
    )
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
