"""The entities that Home Assistant must show, and the log lines that it may write."""

from typing import NamedTuple

from tests.home_assistant.house import BINARY, BUTTON, EVENT, NUMBER, SELECT, SENSOR, SWITCH


class ExpectedEntity(NamedTuple):
    """An entity as Home Assistant must register it."""

    entity_id: str
    """Its id, with the domain."""
    name: str
    """Its name without that of the device."""
    category: str | None = None
    """`diagnostic`, `config`, or None."""
    unit: str | None = None
    """The unit of measurement."""
    enabled: bool = True
    """True if it is enabled from the start."""


EXPECTED = {
    "playing": ExpectedEntity(BINARY + "playing", "Playing"),
    "instrument": ExpectedEntity(SENSOR + "instrument", "Instrument"),
    # Boxes that are older than `played` keep it enabled; on new ones it is disabled.
    "heard": ExpectedEntity(EVENT + "heard", "Heard"),
    "played": ExpectedEntity(EVENT + "played", "Played"),
    "minutes_today": ExpectedEntity(SENSOR + "minutes_today", "Minutes today", None, "min"),
    "session": ExpectedEntity(SENSOR + "session", "Session"),
    "week_minutes": ExpectedEntity(SENSOR + "minutes_this_week", "Minutes this week", None, "min"),
    "week_goal": ExpectedEntity(SENSOR + "weekly_goal", "Weekly goal", None, "min"),
    "last_practice": ExpectedEntity(SENSOR + "last_practice", "Last practice", None, "min"),
    "last_session": ExpectedEntity(SENSOR + "last_session", "Last session", None, "min"),
    "a4": ExpectedEntity(SENSOR + "a4", "A4", None, "Hz"),
    "in_tune": ExpectedEntity(SENSOR + "in_tune", "In tune", None, "%"),
    "tempo": ExpectedEntity(SENSOR + "tempo", "Tempo", None, "bpm"),
    "key": ExpectedEntity(SENSOR + "key", "Key"),
    "cents": ExpectedEntity(SENSOR + "cents", "Cents", None, "cents", enabled=False),
    "tempo_drift": ExpectedEntity(SENSOR + "tempo_drift", "Tempo drift", None, "%", enabled=False),
    "chord": ExpectedEntity(SENSOR + "chord", "Chord", enabled=False),
    "next_chord": ExpectedEntity(SENSOR + "next_chord", "Next chord", enabled=False),
    "dynamic": ExpectedEntity(SENSOR + "dynamic", "Dynamic", enabled=False),
    "vibrato": ExpectedEntity(SENSOR + "vibrato", "Vibrato", None, "Hz", enabled=False),
    "genre": ExpectedEntity(SENSOR + "genre", "Genre", enabled=False),
    "note": ExpectedEntity(SENSOR + "note", "Note", enabled=False),
    "guitar_playing": ExpectedEntity(BINARY + "guitar", "Guitar"),
    "organ_playing": ExpectedEntity(BINARY + "organ", "Organ", enabled=False),
    "guitar_minutes_today": ExpectedEntity(
        SENSOR + "guitar_minutes_today", "Guitar minutes today", None, "min"
    ),
    "organ_minutes_today": ExpectedEntity(
        SENSOR + "organ_minutes_today", "Organ minutes today", None, "min", enabled=False
    ),
    "guitar_score": ExpectedEntity(
        SENSOR + "guitar_score", "Guitar score", "diagnostic", enabled=False
    ),
    "synth_lead_score": ExpectedEntity(
        SENSOR + "synth_lead_score", "Synth lead score", "diagnostic", enabled=False
    ),
    "hearing": ExpectedEntity(BINARY + "hearing", "Hearing", "diagnostic"),
    "level": ExpectedEntity(SENSOR + "level", "Level", "diagnostic", "dBFS"),
    "inference_ms": ExpectedEntity(
        SENSOR + "inference_time", "Inference time", "diagnostic", "ms", enabled=False
    ),
    "practice_ms": ExpectedEntity(
        SENSOR + "practice_time", "Practice time", "diagnostic", "ms", enabled=False
    ),
    "lost_seconds": ExpectedEntity(SENSOR + "lost_sound", "Lost sound", "diagnostic", "s"),
    "queued": ExpectedEntity(
        SENSOR + "queued_events", "Queued events", "diagnostic", enabled=False
    ),
    "model": ExpectedEntity(SENSOR + "model", "Model", "diagnostic"),
    "started": ExpectedEntity(SENSOR + "running_since", "Running since", "diagnostic"),
    "mute": ExpectedEntity(SWITCH + "mute", "Mute", "config"),
    "sensitivity": ExpectedEntity(NUMBER + "sensitivity", "Sensitivity", "config"),
    "sensitivity_guitar": ExpectedEntity(
        NUMBER + "guitar_sensitivity", "Guitar sensitivity", "config"
    ),
    "quiet_gate": ExpectedEntity(NUMBER + "quiet_gate", "Quiet gate", "config", "dBFS"),
    "stop_after": ExpectedEntity(NUMBER + "stop_after", "Stop after", "config", "s"),
    "patience": ExpectedEntity(SELECT + "patience", "Patience", "config"),
    "practice_goal": ExpectedEntity(NUMBER + "practice_goal", "Practice goal", "config", "min"),
    "practice_enabled": ExpectedEntity(
        SWITCH + "practice_companion", "Practice companion", "config"
    ),
    "practice_tuning": ExpectedEntity(SWITCH + "measure_tuning", "Measure tuning", "config"),
    "practice_tempo": ExpectedEntity(SWITCH + "measure_tempo", "Measure tempo", "config"),
    "practice_key": ExpectedEntity(SWITCH + "measure_key", "Measure key", "config"),
    "practice_notes": ExpectedEntity(SWITCH + "measure_notes", "Measure notes", "config"),
    "practice_dynamics": ExpectedEntity(SWITCH + "measure_dynamics", "Measure dynamics", "config"),
    "practice_chords": ExpectedEntity(SWITCH + "measure_chords", "Measure chords", "config"),
    "practice_genre": ExpectedEntity(SWITCH + "measure_genre", "Measure genre", "config"),
    "practice_live_notes": ExpectedEntity(SWITCH + "live_notes", "Live notes", "config"),
    "practice_reference_hz": ExpectedEntity(
        NUMBER + "reference_pitch", "Reference pitch", "config", "Hz"
    ),
    "restart_listening": ExpectedEntity(
        BUTTON + "restart_listening", "Restart listening", "config"
    ),
}
# The proofs themselves make the broker unavailable. The last line is from old versions, which write
# it when a device is removed over MQTT.
EXPECTED_COMPLAINTS = (
    "The client is not currently connected",
    "Disconnected from MQTT server",
    "Failed to connect to MQTT",
    "Error returned from MQTT server",
    "No device components to cleanup",
)
