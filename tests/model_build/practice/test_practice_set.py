from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.practice.practice_set import read_practice

MANIFEST = """\
path,split,kind,truth,source,polyphonic
bach10-01-violin.flac,dev,notes;f0,a.csv;b.csv,bach10,0
other.flac,train,notes,c.csv,someone,0
bach10-01.flac,dev,key,d.csv,bach10,1
blues.00001.flac,dev,tempo,e.csv,gtzan,1
strings.flac,dev,tuning,f.csv,someone,0
"""


def test_reads_the_recordings_of_dev_with_their_annotations(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(MANIFEST)
    (tmp_path / "f.csv").write_text("a4_hz\n442\n")
    violin, whole, blues, strings = read_practice(tmp_path)
    assert violin.truth == {"notes": tmp_path / "a.csv", "f0": tmp_path / "b.csv"}
    assert (violin.number, whole.number, whole.is_polyphonic) == (0, 2, True)
    assert strings.annotation("tuning") == [{"a4_hz": "442"}]
    # One piece, one recording of a collection, one player.
    clusters = [recording.cluster for recording in (violin, whole, blues, strings)]
    assert clusters == ["bach10-01", "bach10-01", "blues.00001.flac", "someone"]
    with pytest.raises(InputError, match=r"d\.csv: No such file"):
        whole.annotation("key")


def test_missing_folders_name_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="TIMBREL_PRACTICE"):
        read_practice(None)
    with pytest.raises(InputError, match=r"manifest\.csv: No such file"):
        read_practice(tmp_path)
    (tmp_path / "manifest.csv").write_text("path,split\na,dev\n")
    with pytest.raises(InputError, match="lacks the columns kind, polyphonic, source, truth"):
        read_practice(tmp_path)
