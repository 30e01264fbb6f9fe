from trunkline.conversation.keypad import PAUSE_MS, Keypad


def test_digits_are_complete_after_a_pause():
    keypad = Keypad()
    assert keypad.press(1_000, "1") == []
    assert keypad.due == 1_000 + PAUSE_MS
    assert keypad.press(2_000, "23") == []
    assert keypad.due == 2_000 + PAUSE_MS
    assert keypad.wake() == "123"
    assert (keypad.pressed, keypad.due) == ("", None)


def test_a_hash_completes_at_once():
    keypad = Keypad()
    assert keypad.press(0, "12#34#5") == ["12", "34"]
    assert (keypad.pressed, keypad.due) == ("5", PAUSE_MS)


def test_a_hash_alone_is_an_input():
    keypad = Keypad()
    assert keypad.press(0, "#") == ["#"]
    assert keypad.due is None
