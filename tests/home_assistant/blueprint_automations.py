"""Automations as the forms of the blueprints would write them."""

TUNED = "tuned"
"""The place whose messages the proofs of the practice blueprints publish themselves."""


def tuning_lamp(topic: str) -> str:
    """Return the automation of the lamp that follows the notes on `topic`, as YAML."""
    return f"""
- id: tuning_lamp
  alias: Tuning lamp
  use_blueprint:
    path: timbrel/tuning-lamp.yaml
    input:
      topic: {topic}
      lamps: [light.tuning_lamp]
"""


PRACTICE_AUTOMATIONS = f"""{tuning_lamp(f"timbrel/{TUNED}/practice/note").rstrip()}
- id: tempo_drift
  alias: Tempo drift
  use_blueprint:
    path: timbrel/tempo-drift.yaml
    input:
      topic: timbrel/{TUNED}/practice/now
      playing: binary_sensor.{TUNED}_playing
      speaker: media_player.speaker
      voice: tts.voice
- id: weekly_goal
  alias: Weekly goal
  use_blueprint:
    path: timbrel/weekly-goal.yaml
    input:
      minutes: sensor.{TUNED}_minutes_this_week
      goal: sensor.{TUNED}_weekly_goal
      weekdays: [mon, tue, wed, thu, fri, sat, sun]
- id: week_summary
  alias: Summary of the week
  use_blueprint:
    path: timbrel/week-summary.yaml
    input:
      minutes: sensor.{TUNED}_minutes_this_week
      goal: sensor.{TUNED}_weekly_goal
      last_practice: sensor.{TUNED}_last_practice
      weekday: [mon, tue, wed, thu, fri, sat, sun]
"""
"""Those with triggers that need MQTT, or with entities of `TUNED`."""


def blueprint_automations(node: str) -> str:
    """Return those that need only the entities of `node`, as YAML."""
    return f"""
- id: practice_starts
  alias: Practice starts
  use_blueprint:
    path: timbrel/practice-starts.yaml
    input:
      playing: binary_sensor.{node}_playing
      scene: [scene.practice]
      quiet: [input_boolean.quiet_please]
      played_for: {{seconds: 2}}
      silent_for: {{seconds: 2}}
      afterwards:
        - action: persistent_notification.create
          data: {{notification_id: afterwards, message: It is over}}
- id: practice_at_home
  alias: When somebody practises
  use_blueprint:
    path: timbrel/practice-starts.yaml
    input:
      playing: binary_sensor.{node}_guitar
      scene: [scene.practice]
      quiet: [input_boolean.quiet_please]
- id: practice_reminder
  alias: Practice reminder
  use_blueprint:
    path: timbrel/practice-reminder.yaml
    input:
      minutes: sensor.{node}_minutes_today
      least: 240
      at: "18:00:00"
      remind:
        - action: persistent_notification.create
          data: {{notification_id: reminder, message: Nobody has practised yet}}
"""
