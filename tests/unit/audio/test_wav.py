import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.audio import wav
from trunkline.audio.g711 import ulaw_to_linear, ulaw_to_samples
from trunkline.audio.tones import tone


def test_the_library_reads_a_recording_left_from_right():
    left, right = tone((500,), 60), tone((900,), 60)
    sound = wav.interleave(left, right)
    with wave.open(io.BytesIO(wav.stereo_header(len(sound)) + sound)) as opened:
        assert opened.getparams()[:4] == (2, 2, 8_000, 480)
        read = np.frombuffer(opened.readframes(480), dtype="<i2").reshape(-1, 2)
    assert read[:, 0].tobytes() == ulaw_to_linear(left)
    assert read[:, 1].tobytes() == ulaw_to_linear(right)


def test_channels_of_different_length_are_refused():
    with pytest.raises(ValueError, match="160 and 159"):
        wav.interleave(bytes(160), bytes(159))


def test_the_header_is_44_bytes_and_may_be_written_before_the_length_is_known():
    assert len(wav.stereo_header()) == len(wav.stereo_header(1_000)) == wav.HEADER_BYTES


@given(st.binary(max_size=2_000))
def test_what_was_written_is_read_again(ulaw: bytes):
    assert ulaw_to_linear(wav.read(wav.write_mono(ulaw))) == ulaw_to_linear(ulaw)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_other_rates_widths_and_channels_are_the_same_sound(rate: int, channels: int, width: int):
    times = np.arange(rate) / rate
    sine = np.repeat(0.5 * np.sin(2 * np.pi * 440 * times), channels)
    scaled = (sine * (2 ** (8 * width - 1) - 1)).astype("<i8")
    raw = b"".join(int(v + 128 * (width == 1)).to_bytes(width, "little", signed=width > 1) for v in scaled)
    file = io.BytesIO()
    with wave.open(file, "wb") as opened:
        opened.setparams((channels, width, rate, 0, "NONE", ""))
        opened.writeframes(raw)
    samples = ulaw_to_samples(wav.read(file.getvalue()))
    assert abs(len(samples) - 8_000) <= 1
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(samples)) / 8_000)
    assert np.abs(samples - expected)[200:-200].max() < 0.03


@pytest.mark.parametrize("file", [b"", b"RIFF", b"no sound at all", wav.write_mono(bytes(99))[:20]])
def test_what_is_no_wav_is_refused(file: bytes):
    with pytest.raises(ValueError, match="not a PCM WAV file"):
        wav.read(file)
