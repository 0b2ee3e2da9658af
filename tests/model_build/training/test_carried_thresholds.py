import pytest

from daemon.hearing.logits import logit
from daemon.hearing.model_file import Calibration, read_contract
from model_build.networks.earlier_model import earlier_model
from model_build.training.carried_thresholds import with_earlier_thresholds

EARLIER = earlier_model("timbrel-0.1")


def test_thresholds_of_the_earlier_model_itself_do_not_change() -> None:
    contract = read_contract(EARLIER)
    kept = with_earlier_thresholds(
        contract.families, contract.thresholds, contract.calibration, EARLIER
    )
    assert kept == pytest.approx(contract.thresholds)


def test_the_mean_is_taken_in_logits_after_each_models_own_calibration() -> None:
    contract = read_contract(EARLIER)
    families = contract.families[::-1]  # found by name, not by place
    guitar = contract.families.index("guitar")
    before = contract.calibration[guitar]
    of_network = (logit(contract.thresholds[guitar]) - before.offset) * before.temperature
    own = Calibration(temperature=2.0, offset=0.5)
    mean = with_earlier_thresholds(families, [0.5] * 12, [own] * 12, EARLIER)
    carried = of_network / 2.0 + 0.5
    assert logit(mean[families.index("guitar")]) == pytest.approx(carried / 2.0)
