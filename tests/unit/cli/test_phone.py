from __future__ import annotations

import pytest

from trunkline.audio import modem, wav
from trunkline.cli import phone


def test_what_a_phone_plays_is_what_a_listener_decodes():
    assert phone.heard(phone.voice("This is a phone.")) == [{"text": "This is a phone."}]


def test_silence_has_no_words():
    assert phone.heard(wav.write_mono(b"\xff" * 8_000)) == [{"text": ""}]


def test_words_cut_off_at_the_end_are_not_heard():
    audio = modem.modulate("One two.").audio
    assert phone.heard(wav.write_mono(audio[: len(audio) // 2])) == [{"text": "One"}]


def test_what_is_no_recording_is_refused():
    with pytest.raises(ValueError, match="not a PCM WAV"):
        phone.heard(b"nonsense")
