"""Prove Timbrel in a real Home Assistant; `script/test-home-assistant` starts this.

Only the sound is simulated: a sound server without hardware plays the medley. Prints one line for
each proof; the exit code is the number of failures.
"""

import argparse
import signal
import sys
import traceback
from contextlib import ExitStack
from pathlib import Path

from tests.home_assistant.dashboard_proofs import (
    dashboard_works_for_any_name,
    shipped_configuration_works,
    takes_the_pictures,
)
from tests.home_assistant.entity_proofs import (
    announces_all_entities,
    assigns_the_area,
    icons_exist,
    keeps_entities_of_0_1_0,
)
from tests.home_assistant.house import (
    House,
)
from tests.home_assistant.playing_proofs import (
    activity_shows_every_event,
    scores_are_current,
    shows_the_medley,
)
from tests.home_assistant.practice_proofs import (
    lamp_follows_the_tuning,
    lamp_returns_when_timbrel_stops,
    speaker_says_how_the_tempo_drifts,
    the_made_up_place_goes,
    week_is_summed_up,
    weekly_goal_reminds_kindly,
)
from tests.home_assistant.recording_proofs import lamp_and_summary_follow_recordings
from tests.home_assistant.restart_proofs import (
    forget_removes_everything,
    home_assistant_logs_no_complaint,
    home_assistant_starts_last,
    recovers_from_restart_of_home_assistant,
    recovers_from_restart_of_the_broker,
    recovers_from_restart_of_timbrel,
    two_places_are_two_devices,
)
from tests.home_assistant.settings_proofs import (
    button_reopens_the_microphone,
    commands_are_applied,
    mute_closes_the_microphone,
)

PROOFS = [
    keeps_entities_of_0_1_0,
    announces_all_entities,
    assigns_the_area,
    icons_exist,
    shows_the_medley,
    activity_shows_every_event,
    dashboard_works_for_any_name,
    shipped_configuration_works,
    lamp_follows_the_tuning,
    lamp_returns_when_timbrel_stops,
    speaker_says_how_the_tempo_drifts,
    weekly_goal_reminds_kindly,
    week_is_summed_up,
    the_made_up_place_goes,
    lamp_and_summary_follow_recordings,
    scores_are_current,
    commands_are_applied,
    mute_closes_the_microphone,
    button_reopens_the_microphone,
    takes_the_pictures,
    recovers_from_restart_of_home_assistant,
    recovers_from_restart_of_the_broker,
    recovers_from_restart_of_timbrel,
    two_places_are_two_devices,
    home_assistant_starts_last,
    home_assistant_logs_no_complaint,
    forget_removes_everything,
]


def main() -> int:
    """Run all proofs, even if one fails; return the number of failures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tree", type=Path, required=True, help="root of the Debian tree")
    parser.add_argument("--home", required=True, help="Home Assistant's folder in the tree")
    parser.add_argument("--version", required=True, help="version of Home Assistant")
    parser.add_argument("--pictures", type=Path, help="take pictures into this folder")
    parser.add_argument("--only", nargs="*", default=[], metavar="PROOF", help="run only these")
    options = parser.parse_args()
    # Exit normally, so that all child processes are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = 0
    print(f"Home Assistant {options.version}", flush=True)
    with ExitStack() as stack:
        house = House(options.tree, options.home, stack, options.version, options.pictures)
        for proof in PROOFS:
            name = proof.__name__.replace("_", " ")
            if options.only and proof.__name__ not in options.only:
                continue
            try:
                print(f"ok      {name}: {proof(house)}", flush=True)
            except Exception as error:  # noqa: BLE001
                failed += 1
                print(f"FAILED  {name}: {type(error).__name__}: {error}", flush=True)
                traceback.print_exc()
                print(house.log_tail(), file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
