"""MIDI files with bends and pedals have the bytes that a synthesizer expects."""

from model_build.notes.material import score


def test_messages_are_sorted_by_time_and_rank() -> None:
    content = score.score_file(
        [
            score.press(0.5, 1, 60, 100),
            score.release(0.5, 1, 60),
            score.program(0.0, 1, 40),
            score.control(0.5, 1, score.PEDAL, 127),
        ]
    )
    track = content[content.index(b"MTrk") + 8 :]
    messages = [b"\xc1\x28", b"\xb1\x40\x7f", b"\x81\x3c\x00", b"\x91\x3c\x64"]
    places = [track.index(message) for message in messages]
    assert places == sorted(places)
    assert track.endswith(b"\x00\xff\x2f\x00")
    # 500 ticks after the program.
    assert track[places[1] - 2 : places[1]] == b"\x83\x74"


def test_bends_reach_two_semitones() -> None:
    assert score.bend(0.0, 0, 0.0).message == b"\xe0\x00\x40"
    assert score.bend(0.0, 0, -2.0).message == b"\xe0\x00\x00"
    assert score.bend(0.0, 0, 5.0).message == b"\xe0\x7f\x7f"
