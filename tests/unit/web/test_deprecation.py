"""Old names become new ones, unless both are there and differ."""

from __future__ import annotations

import pytest

from trunkline.errors import BadRequest
from trunkline.web.deprecation import renamed

NAMES = {"agent_id": "assistant_id"}


def test_old_names_are_replaced_and_it_is_said() -> None:
    assert renamed({"agent_id": "a", "x": 1}, NAMES) == ({"assistant_id": "a", "x": 1}, True)
    assert renamed({"assistant_id": "a"}, NAMES) == ({"assistant_id": "a"}, False)
    assert renamed({"agent_id": "a", "assistant_id": "a"}, NAMES) == ({"assistant_id": "a"}, True)


def test_an_old_and_a_new_name_that_differ_are_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        renamed({"agent_id": "a", "assistant_id": "b"}, NAMES)
    assert refused.value.details == ["agent_id: differs from assistant_id, which replaces it"]
