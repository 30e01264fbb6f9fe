import pytest
from audio_frames import SILENCE, frames, louder, noise, voiced

from trunkline.audio.modem import modulate
from trunkline.audio.vad import Edge, EnergyGate, Gate, WebrtcGate

MODEM = frames(modulate("Hello there my friend").audio)
VOICE = frames(voiced(1_600))


def edges(gate: Gate, line: list[bytes]) -> list[tuple[int, Edge]]:
    """Each edge with the number of frames that were needed to see it."""
    told = ((number, gate.feed(frame)) for number, frame in enumerate(line, 1))
    return [(number, edge) for number, edge in told if edge]


@pytest.mark.parametrize(
    "speech", [MODEM, VOICE, frames(louder(b"".join(MODEM), -15))], ids=["modem", "voice", "faint"]
)
@pytest.mark.parametrize("hangover_ms", [120, 200])
def test_the_energy_gate_starts_within_40_ms_and_stops_after_the_hangover(speech: list[bytes], hangover_ms: int):
    line = [SILENCE] * 50 + speech + [SILENCE] * 50
    assert edges(EnergyGate(hangover_ms), line) == [
        (52, "started"),
        (50 + len(speech) + hangover_ms // 20, "stopped"),
    ]


def test_it_starts_at_the_first_words_of_a_call():
    assert edges(EnergyGate(), MODEM) == [(2, "started")]


def test_speaking_is_what_the_last_edge_said():
    gate = EnergyGate()
    for frame in [SILENCE, *MODEM[:2]]:
        gate.feed(frame)
    assert gate.speaking
    for _ in range(8):
        gate.feed(SILENCE)
    assert not gate.speaking


def test_a_click_is_no_speech():
    assert edges(EnergyGate(), [SILENCE] * 5 + MODEM[:1] + [SILENCE] * 5) == []


def test_a_gap_shorter_than_the_hangover_is_part_of_the_speech():
    assert edges(EnergyGate(160), MODEM + [SILENCE] * 7 + MODEM) == [(2, "started")]


def test_the_quiet_end_of_a_word_belongs_to_it_but_begins_none():
    quiet = frames(noise(160 * 20, -49.5))
    assert edges(EnergyGate(), [SILENCE] * 5 + quiet) == []
    assert edges(EnergyGate(), MODEM + quiet) == [(2, "started")]


def test_steady_noise_is_learnt_and_speech_above_it_still_heard():
    gate = EnergyGate()
    learning = frames(noise(8_000 * 20, -45))
    assert edges(gate, learning)[-1][1] == "stopped"
    assert edges(gate, frames(noise(8_000 * 10, -45, seed=2))) == []
    assert edges(gate, MODEM)[0] == (2, "started")


def test_half_a_minute_of_unbroken_modem_is_speech_to_its_end():
    assert edges(EnergyGate(), MODEM * 20) == [(2, "started")]


def test_a_raised_threshold_wants_louder_speech_until_it_is_lowered():
    faint = frames(louder(b"".join(MODEM), -20))
    gate = EnergyGate()
    gate.raise_threshold(25)
    assert edges(gate, [SILENCE] * 10 + faint + [SILENCE] * 10) == []
    assert edges(gate, MODEM + [SILENCE] * 10) != []
    gate.raise_threshold(0)
    assert edges(gate, faint)[0] == (2, "started")


def test_the_webrtc_gate_hears_a_voice_within_60_ms_and_stops_after_it():
    told = edges(WebrtcGate(200), [SILENCE] * 50 + VOICE + [SILENCE] * 50)
    assert [edge for _, edge in told] == ["started", "stopped"]
    assert 51 < told[0][0] <= 53 and 0 <= told[1][0] - (50 + len(VOICE) + 10) <= 15


def test_the_webrtc_gate_wants_a_voice_as_loud_as_the_threshold():
    gate = WebrtcGate()
    gate.raise_threshold(40)
    assert edges(gate, [SILENCE] * 20 + VOICE) == []
    assert not gate.speaking
