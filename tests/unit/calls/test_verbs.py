"""Commands and receipts cross the bus and the database unchanged."""

import json

import pytest

from trunkline.calls.verbs import (
    FINAL,
    UNSUCCESSFUL,
    Command,
    Interrupt,
    OnInterrupt,
    OverCaller,
    Receipt,
    Status,
    Verb,
)


def test_a_command_survives_being_written_and_read():
    command = Command(
        "c1",
        Verb.SAY,
        text="Héllo",
        interrupt=Interrupt.NOW,
        over_caller=OverCaller.TALK,
        on_interrupt=OnInterrupt.ABORT,
    )
    assert Command.from_json(json.loads(json.dumps(command.to_json()))) == command


def test_a_receipt_survives_being_written_and_read():
    receipt = Receipt("c1", Verb.END, Status.DONE, heard_text="Bye.", action={"type": "end", "status": "done"})
    assert Receipt.from_json(json.loads(json.dumps(receipt.to_json()))) == receipt


@pytest.mark.parametrize(
    ("command", "speaks"),
    [
        (Command("c", Verb.SAY), True),
        (Command("c", Verb.END), True),
        (Command("c", Verb.TRANSFER), True),
        (Command("c", Verb.INJECT, trigger=True), True),
        (Command("c", Verb.INJECT), False),
        (Command("c", Verb.HOLD), False),
        (Command("c", Verb.CANCEL), False),
    ],
    ids=lambda x: x.verb if isinstance(x, Command) else str(x),
)
def test_speech_commands_are_those_that_make_the_assistant_speak_or_leave(command, speaks):
    assert command.speaks is speaks


def test_a_command_is_under_way_or_has_one_of_the_six_outcomes():
    assert {status.value for status in FINAL} == {"heard", "interrupted", "done", "refused", "expired", "failed"}
    assert UNSUCCESSFUL < FINAL
