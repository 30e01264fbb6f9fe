import numpy as np
import pytest
from audio_frames import SILENCE, frames, louder, noise, padded, voiced

from trunkline.audio import tones
from trunkline.audio.g711 import level_db, ulaw_to_samples
from trunkline.audio.modem import modulate


def strongest(ulaw: bytes) -> int:
    return int(np.abs(np.fft.rfft(ulaw_to_samples(ulaw))).argmax() * 8_000 / len(ulaw))


def detect(line: list[bytes]) -> str:
    detector = tones.DtmfDetector()
    return "".join(map(detector.feed, line))


def test_a_beep_is_a_kilohertz_for_400_ms():
    assert len(tones.beep()) == 3_200 and strongest(tones.beep()) == 1_000


def test_ring_back_sounds_one_second_in_five():
    loud = [level_db(frame) > -30 for frame in frames(tones.ring_back())]
    assert loud == [True] * 50 + [False] * 200


@pytest.mark.parametrize("ms", [40, 100])
@pytest.mark.parametrize("db", [0, -15])
def test_every_key_is_recognised_once(ms: int, db: float):
    keys = "123A456B789C*0#D"
    assert detect(padded(louder(tones.dtmf(keys, ms), db))) == keys


def test_the_same_key_twice_is_two_digits_and_a_long_press_is_one():
    assert detect(frames(tones.dtmf("55"))) == "55"
    assert detect(frames(tones.dtmf("5", ms=2_000))) == "5"


def test_keys_are_recognised_where_frames_begin_anywhere_and_over_noise():
    for offset in range(0, 160, 31):
        assert detect(padded(b"\xff" * offset + tones.dtmf("90#"))) == "90#"
    assert detect(frames(tones.dtmf("90#", pause_ms=60))) == "90#"


def test_a_comma_is_half_a_second_of_silence():
    assert tones.dtmf(",") == SILENCE * 25


def test_what_is_no_key_has_no_tones():
    with pytest.raises(ValueError, match="not a key"):
        tones.dtmf("1x")


def test_voices_noise_modems_and_single_tones_are_no_keys():
    for sound in (
        voiced(5_000),
        noise(40_000, -20),
        modulate("Hello there, my friend").audio,
        tones.beep(),
        b"\xff" * 1_600,
    ):
        assert detect(frames(sound)) == ""
