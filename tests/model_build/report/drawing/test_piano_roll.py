from xml.etree import ElementTree as ET

from daemon.practice.harmoniser.harmony import Harmony
from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.tune import Tune, TuneNote
from model_build.report.drawing.piano_roll import piano_roll

SVG = "{http://www.w3.org/2000/svg}"


def test_piano_roll_has_every_note_and_chord() -> None:
    tune = Tune((TuneNote(0, 480, 72), TuneNote(480, 960, 71)), (0, 480, 960), (0,))
    bass = [TuneNote(0, 480, 48), TuneNote(480, 960, 43)]
    harmony = Harmony(Key(0, "major"), {"bass": bass}, [(0, "C:maj"), (480, "G:maj")], 0)
    picture = ET.fromstring(piano_roll("Two chords", tune, harmony))  # noqa: S314 (our own file)
    notes = [r for r in picture.iter(f"{SVG}rect") if r.get("rx")]
    assert len(notes) == 4
    by_colour = {(r.get("fill"), float(r.get("x", "0"))): float(r.get("y", "0")) for r in notes}
    melody, lower = "#1f2937", "#2563eb"
    assert by_colour[melody, 51.0] - by_colour[melody, 34.0] == 5.0  # a semitone lower
    assert by_colour[lower, 34.0] - by_colour[melody, 34.0] == 24 * 5.0
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert texts == ["Two chords", "C3", "C4", "C5", "C", "G", "melody", "bass"]
