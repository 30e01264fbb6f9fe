from trunkline.conversation.ports import ToolCall
from trunkline.conversation.tools import toolbox

DESK = {"type": "number", "number": "+15005550010", "description": "the desk", "message": "One moment."}
SALES = {"type": "number", "number": "+15005550011", "description": "sales"}
BOTH = toolbox([{"type": "endCall"}, {"type": "transferCall", "destinations": [DESK, SALES]}])


def test_older_spellings_are_the_same_tools():
    assert [tool.name for tool in BOTH.tools] == ["end_call", "transfer_call"]
    assert [tool.name for tool in toolbox([{"type": "end_call"}]).tools] == ["end_call"]


def test_the_model_is_told_where_it_may_transfer_to():
    parameters = BOTH.tools[1].parameters
    assert parameters["properties"]["destination"]["enum"] == ["+15005550010", "+15005550011"]
    assert "+15005550010: the desk" in parameters["properties"]["destination"]["description"]
    assert parameters["required"] == ["destination"]


def test_a_transfer_without_destinations_and_other_tools_are_not_offered():
    assert toolbox([{"type": "transfer_call"}, {"type": "function", "function": {}}, {"name": "x"}]).tools == ()


def test_an_allowed_transfer_carries_its_message():
    to_desk = ToolCall("x", "transfer_call", {"destination": "+15005550010"})
    assert BOTH.allow(to_desk) == ({"destination": "+15005550010", "message": "One moment."}, "")
    said = ToolCall("x", "transfer_call", {"destination": " sales ", "message": "Bye. "})
    assert BOTH.allow(said) == ({"destination": "+15005550011", "message": "Bye."}, "")


def test_a_model_cannot_be_talked_into_another_destination():
    for wanted in ("+19005550000", "", None, 5):
        assert BOTH.allow(ToolCall("x", "transfer_call", {"destination": wanted})) == (None, "unknown_destination")


def test_a_single_destination_need_not_be_named_but_another_is_refused():
    one = toolbox([{"type": "transfer_call", "destinations": [SALES]}])
    assert one.allow(ToolCall("x", "transfer_call", {})) == ({"destination": "+15005550011", "message": ""}, "")
    assert one.allow(ToolCall("x", "transfer_call", {"destination": "+1"}))[0] is None


def test_ending_may_come_with_words():
    assert BOTH.allow(ToolCall("x", "end_call", {})) == ({}, "")
    assert BOTH.allow(ToolCall("x", "end_call", {"message": "Bye."})) == ({"message": "Bye."}, "")


def test_a_tool_that_was_not_offered_is_refused():
    assert BOTH.allow(ToolCall("x", "launch", {})) == (None, "unknown_tool")
    assert toolbox([]).allow(ToolCall("x", "end_call", {})) == (None, "unknown_tool")
