import audioop

import numpy as np
import pytest

from trunkline.audio import g711

EVERY = bytes(range(256))


def test_each_code_survives_the_way_to_linear_and_back():
    there = g711.linear_to_ulaw(g711.ulaw_to_linear(EVERY))
    assert all(got == code or {got, code} == {0x7F, 0xFF} for got, code in zip(there, EVERY, strict=True))


def test_the_ends_of_the_scale_are_where_g711_has_them():
    linear = np.frombuffer(g711.ulaw_to_linear(bytes([0x00, 0x80, 0xFF, 0x7F])), dtype="<i2")
    assert linear.tolist() == [-32_124, 32_124, 0, 0]


def test_a_law_and_mu_law_differ_by_less_than_a_step():
    as_ulaw = np.frombuffer(g711.ulaw_to_linear(g711.alaw_to_ulaw(EVERY)), dtype="<i2").astype(int)
    as_alaw = np.frombuffer(audioop.alaw2lin(EVERY, 2), dtype="<i2").astype(int)
    assert (np.abs(as_ulaw - as_alaw) <= 16 + np.abs(as_alaw) // 16).all()
    back = np.frombuffer(g711.ulaw_to_linear(g711.alaw_to_ulaw(g711.ulaw_to_alaw(EVERY))), dtype="<i2").astype(int)
    once = np.frombuffer(g711.ulaw_to_linear(EVERY), dtype="<i2").astype(int)
    assert (np.abs(back - once) <= 24 + np.abs(once) // 12).all()


def test_samples_are_fractions_of_full_scale_and_clip():
    assert g711.ulaw_to_samples(b"\xff\x80").tolist() == [0.0, np.float32(32_124 / 32_768)]
    assert g711.samples_to_ulaw(np.array([0, 4, -4], dtype=np.float32)) == b"\xff\x80\x00"


@pytest.mark.parametrize(("amplitude", "db"), [(1.0, -3.0), (0.1, -23.0), (0.01, -43.0)])
def test_the_level_of_a_sine_is_three_decibels_below_its_peak(amplitude: float, db: float):
    sine = amplitude * np.sin(2 * np.pi * 500 * np.arange(160) / 8_000)
    assert g711.level_db(g711.samples_to_ulaw(sine.astype(np.float32))) == pytest.approx(db, abs=0.3)


def test_silence_has_the_lowest_level_there_is():
    assert g711.level_db(b"\xff" * 160) == pytest.approx(-90, abs=0.1)
