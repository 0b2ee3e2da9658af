"""Hear a file with another model: only the models that the configuration names can be chosen."""

import json
import time
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")
pytest.importorskip("av", reason="needs the media extra")

from daemon.configuration.settings import Settings
from daemon.configuration.web_settings import WebSettings
from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import Calibration, read_contract
from daemon.runtime.page_models import page_models
from tests.conftest import Timbrel, free_port
from tests.daemon.conftest import MakeModel
from tests.daemon.web.page.parts import Answer, Page, serving

LABELS = ("10", "2", "Äolsharfe")


@pytest.fixture
def drums(make_model: MakeModel) -> Path:
    """A model of classes."""
    return make_model(
        contract_version=2,
        task="classes",
        outputs={"classes": "output_0"},
        name="drums & bells",
        families=LABELS,
        activation="softmax",
        pooling="max",
        calibration=(Calibration(),) * 3,
    )


def upload(page: Page, content: bytes, model: str) -> Answer:
    path = f"/api/hear?model={quote(model, safe='')}"
    while True:
        answer = page.ask(path, "POST", content, x_timbrel_page=page.token())
        # The recording before is put away a moment after its result has arrived.
        if answer.code != 409:
            return answer
        time.sleep(0.1)


def test_a_recording_is_heard_with_the_chosen_model(drums: Path, tmp_path: Path) -> None:
    sound, built_in = tmp_path / "sound.wav", read_contract(BUILT_IN_MODEL)
    rng = np.random.default_rng(1)
    soundfile.write(sound, 0.05 * rng.standard_normal(8_000), 16_000)
    with serving(Page(free_port(), models=[drums])) as page:
        assert page.ask("/api/hear").json == {"models": [built_in.title, "drums & bells 1"]}
        answer = upload(page, sound.read_bytes(), "drums & bells 1")
        usual = upload(page, sound.read_bytes(), built_in.title)
        refused = [
            upload(page, sound.read_bytes(), name)
            for name in (str(drums), "../../etc/passwd", "", "drums & bells 2")
        ]
    result = json.loads(answer.body.splitlines()[-1])["result"]
    assert result["families"] == list(LABELS)
    (chunk,) = result["chunks"]
    assert list(chunk["scores"]) == list(LABELS)
    assert json.loads(usual.body.splitlines()[-1])["result"]["families"] == list(built_in.families)
    assert {(answer.code, answer.json["error"]) for answer in refused} == {
        (404, "there is no such model; load the page again")
    }


def test_models_keep_the_common_rules_but_not_those_of_other_families(
    drums: Path, tmp_path: Path
) -> None:
    (model,) = page_models(Settings(web=WebSettings(models=(str(drums),))))
    assert model.contract.families == LABELS
    assert len(model.rules) == 3
    missing = str(tmp_path / "missing.tflite")
    usual = str(BUILT_IN_MODEL)
    settings = Settings(web=WebSettings(models=(str(drums), missing, str(drums), usual)))
    with pytest.raises(InputError) as caught:
        page_models(settings)
    not_found, twice, known = caught.value.lines
    assert not_found.startswith(f"web.models: model file {missing}: not found; use a model made by")
    assert twice == f"web.models: {drums} and {drums} are both drums & bells 1; remove one"
    assert known.startswith(f"web.models: {usual} is timbrel-default ")


def test_check_names_a_damaged_model(drums: Path, tmp_path: Path, timbrel: Timbrel) -> None:
    damaged, config = tmp_path / "damaged.tflite", tmp_path / "timbrel.yaml"
    damaged.write_bytes(drums.read_bytes()[:-40])
    config.write_text(f"web: {{models: [{damaged}]}}\n")
    done = timbrel("check", config)
    assert done.returncode == 2
    assert f"web.models: model file {damaged}: has no contract, or was cut short" in done.stderr
