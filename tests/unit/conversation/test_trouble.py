from trunkline.calls.talk import VendorFailed
from trunkline.conversation.trouble import Trouble


def test_the_second_failure_in_a_row_is_fatal():
    trouble = Trouble({"llm": "brain"})
    assert trouble.failed("llm", "x") == VendorFailed("llm", "brain", "x", fatal=False)
    assert trouble.fatal is None
    assert trouble.failed("llm", "y") == VendorFailed("llm", "brain", "y", fatal=False)
    assert trouble.fatal == VendorFailed("llm", "brain", "y", fatal=True)


def test_success_in_between_forgives():
    trouble = Trouble({})
    trouble.failed("llm", "x")
    trouble.worked("llm")
    trouble.failed("llm", "x")
    assert trouble.fatal is None


def test_vendors_are_counted_apart():
    trouble = Trouble({})
    trouble.failed("llm", "x")
    trouble.failed("tts", "x")
    trouble.worked("tts")
    assert (trouble.in_a_row["llm"], trouble.fatal) == (1, None)


def test_some_failures_say_themselves_whether_they_are_fatal():
    trouble = Trouble({})
    for _ in range(3):
        trouble.failed("stt", "x", fatal=False)
    assert trouble.fatal is None
    trouble.failed("stt", "x", fatal=True)
    assert trouble.fatal == VendorFailed("stt", "", "x", fatal=True)


def test_a_mere_line_does_not_count():
    trouble = Trouble({"tts": "throat"})
    assert trouble.fact("tts", "x") == VendorFailed("tts", "throat", "x", fatal=False)
    assert trouble.in_a_row["tts"] == 0
