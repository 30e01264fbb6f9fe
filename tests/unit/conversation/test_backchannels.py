from trunkline.conversation.backchannels import is_backchannel, plain


def test_listening_noises_are_backchannels():
    for text in ("mm-hm", "Uh-huh.", "Yeah", "okay, okay", "Right!", "ja", "Yeah. Okay."):
        assert is_backchannel(text), text


def test_anything_more_is_not():
    for text in ("", "...", "okay but", "wait", "no", "right now"):
        assert not is_backchannel(text), text


def test_words_are_compared_without_case_and_marks():
    assert plain("What's  UP, Doc? …") == ["whats", "up", "doc"]
