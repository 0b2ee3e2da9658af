"""The help of `timbrel` and of each command: a summary, a description and examples.

TIMBREL and SUDO_TIMBREL stand for the program; `ProgramParser` replaces them.
"""

from typing import NamedTuple

EXIT_CODES = "exit codes: 0 success, 1 runtime failure, 2 invalid input"

DESCRIPTION = """\
Timbrel listens to a room, recognizes which family of musical instruments is
being played (guitar, drums, flute and nine others), and publishes it over MQTT
to Home Assistant or another hub. Sound is never stored or sent.
"""
EPILOG = f"""\
`timbrel COMMAND --help` explains a command and shows examples.

try it without a microphone and without a broker:
  TIMBREL demo
show which instruments are recognized in a recording:
  TIMBREL replay practice.flac
tune an instrument at the microphone:
  TIMBREL tune
listen to a microphone and publish to your broker:
  TIMBREL devices
  TIMBREL check --try timbrel.yaml
  TIMBREL run --config timbrel.yaml
do that in the background whenever the machine is on:
  SUDO_TIMBREL install-service

{EXIT_CODES}
"""


class CommandHelp(NamedTuple):
    """The help of one command; every line is at most 79 characters long."""

    summary: str
    """One phrase for the list of commands."""
    description: str
    """What the command does."""
    examples: str
    """Command lines, each below a line that says what it is for."""


HELP = {
    "run": CommandHelp(
        "listen and publish over MQTT until stopped",
        """\
Listen to every configured microphone and camera, and publish to the broker,
until SIGTERM or Ctrl-C. SIGHUP reloads the configuration. The first lines of
the log show the settings in use.
""",
        """\
listen to the default microphone, with a broker on this machine:
  TIMBREL run
use your own configuration:
  TIMBREL run --config timbrel.yaml
show what is heard in a browser on this machine, at http://127.0.0.1:8324:
  TIMBREL run --web
apply changes of its configuration to the installed service:
  sudo systemctl reload timbrel
""",
    ),
    "replay": CommandHelp(
        "show which instruments are recognized in recordings",
        """\
Process recordings as `timbrel run` processes a microphone, and print a line
when an instrument family starts and when it ends. A file that cannot be read
is reported and the others are still replayed; the exit code is then 2.
""",
        """\
replay a recording as fast as possible:
  TIMBREL replay practice.flac
print JSON, here the score of guitar in every window of 4 seconds:
  TIMBREL replay --json --scores *.wav | jq .scores.guitar
write the notes to a MIDI file:
  TIMBREL replay --midi practice.mid practice.flac
use a microphone through a pipe:
  arecord -f S16_LE -r 16000 -c 1 | TIMBREL replay -
test your automations with a recording instead of an instrument:
  TIMBREL replay --publish --speed 1 --config timbrel.yaml practice.flac
""",
    ),
    "practice": CommandHelp(
        "show how recordings are played: notes, tuning, tempo, dynamics",
        """\
Measure how the music of recordings is played, and print a page for each: its
figures, its notes over time, its tempo and its tuning. What cannot be measured
is unknown. A file that cannot be read is reported; the exit code is then 2.
""",
        """\
show a page about a recording:
  TIMBREL practice practice.flac
print JSON, here the tempo of every recording:
  TIMBREL practice --json *.flac | jq .tempo_bpm
write one page for the browser, tuned to 442 Hz:
  TIMBREL practice --a4 442 --html practice.html practice.flac
""",
    ),
    "tune": CommandHelp(
        "show which note sounds and how well it is in tune",
        """\
Listen to the microphone and show, ten times a second, the note that sounds,
how many cents it is sharp (+) or flat (-), and its frequency. Green is within
5 cents, yellow within 15, red beyond. It follows one voice: play one string or
one note at a time. A reading is 0.4 s late. Ctrl-C ends.

In a pipe, and for a recording, each reading with a note is a line; --json also
prints readings without a note. `at` is its time in seconds.
""",
        """\
tune an instrument:
  TIMBREL tune
use another microphone, and an orchestra's A4:
  TIMBREL tune --device usb:1234:5678 --a4 442
show how well a recording is in tune:
  TIMBREL tune practice.flac
print the largest deviation of a recording in cents:
  TIMBREL tune --json song.wav | jq -s 'map(.cents // 0 | fabs) | max'
watch the notes of a daemon that uses the microphone:
  mosquitto_sub -t timbrel/NODE/practice/note
""",
    ),
    "check": CommandHelp(
        "validate a configuration and show the effective settings",
        """\
Report every error in a configuration file with its line, the setting and how
to correct it. If there is none, show the settings in use. The last line is the
verdict. Warnings do not change the exit code.
""",
        """\
validate a file:
  TIMBREL check timbrel.yaml
also open the microphones and connect to the broker:
  TIMBREL check --try timbrel.yaml
check the configuration of the installed service:
  SUDO_TIMBREL check /etc/timbrel/timbrel.yaml
""",
    ),
    "devices": CommandHelp(
        "list the microphones",
        """\
Print a line for each microphone: its index, its name and, for a USB device, a
name such as usb:1234:5678. The setting audio.device accepts any of the three.
Prefer the usb: name: it does not change when devices are replugged.
""",
        """\
list the microphones of this machine:
  TIMBREL devices
""",
    ),
    "demo": CommandHelp(
        "recognize the instruments in a bundled medley, on one screen",
        """\
Play a medley of 87 seconds on the loudspeaker and show what is recognized in
it, live. At the end, show which passages were recognized correctly. It needs
no microphone, no configuration and no broker: it starts its own.
""",
        """\
play the medley:
  TIMBREL demo
play your instrument instead:
  TIMBREL demo --mic
take 9 seconds instead of 87, without sound:
  TIMBREL demo --speed 10
publish to your own broker, and show the messages:
  TIMBREL demo --messages --config timbrel.yaml
""",
    ),
    "bench": CommandHelp(
        "measure memory, CPU time and start-up on this machine",
        """\
Measure how much CPU time each step of a window takes, how much memory and CPU
time the running daemon uses, and how fast it starts. It takes about a minute.
""",
        """\
print a table:
  TIMBREL bench
measure YAMNet too, for comparison:
  TIMBREL bench --peer yamnet.tflite
""",
    ),
    "harmonise": CommandHelp(
        "add three voices or chords to a melody",
        """\
Write a MIDI file with the melody as it is, and a harmony for it: three voices
as in a chorale, or a triad a bar. The melody is the top voice of the first
track with notes, or what was played or sung in a recording. The input file is
never changed.
""",
        """\
add alto, tenor and bass to a melody; writes tune-harmonised.mid:
  TIMBREL harmonise tune.mid
add chords, and play the result into a file:
  TIMBREL harmonise tune.mid -o song.mid --style pop --audio song.wav
harmonise the second track in a key of your choice:
  TIMBREL harmonise tune.mid --track 2 --key 'A minor'
""",
    ),
    "dashboard": CommandHelp(
        "print a Home Assistant dashboard for the configured places",
        """\
Print the YAML of a dashboard with the entities of every configured place. It
uses Home Assistant's built-in cards only. Its first lines explain where in
Home Assistant to paste it.
""",
        """\
write the dashboard of your configuration to a file:
  TIMBREL dashboard --config timbrel.yaml > dashboard.yaml
""",
    ),
    "history": CommandHelp(
        "show what was played: sessions, events or minutes per day",
        """\
Print the sessions of playing that the daemon has recorded, the oldest first.
The daemon may be running. A session belongs to the day on which it began;
--until includes its whole day. Times are local.
""",
        """\
show all sessions of the installed service:
  SUDO_TIMBREL history --state /var/lib/timbrel
put the sessions of a month into a spreadsheet:
  TIMBREL history --csv --since 2026-06-01 --until 2026-06-30 > june.csv
put them into a calendar (import the file there):
  TIMBREL history --ics > practice.ics
print the minutes of each day in one place as JSON, one object per line:
  TIMBREL history --json --days --place attic
""",
    ),
    "install-service": CommandHelp(
        "install a systemd service that starts with the machine",
        """\
Write a systemd unit and, if they do not exist, a configuration and an empty
password file. Then enable and start the service. Run it again to update the
unit; an existing configuration is kept.
""",
        """\
show the files and commands without changing anything:
  TIMBREL install-service --dry-run
install the service, or update it:
  SUDO_TIMBREL install-service
install it for yourself, on a desktop with PipeWire:
  TIMBREL install-service --user
remove it:
  SUDO_TIMBREL install-service --uninstall
""",
    ),
    "web-password": CommandHelp(
        "set the password of the page",
        """\
Ask for a password and store its hash in /etc/timbrel/web-password, or in the
file that web.password_file names. The page needs it if other machines can
reach it. Restart Timbrel afterwards.
""",
        """\
set the password of the installed service, and apply it:
  SUDO_TIMBREL web-password
  SUDO_TIMBREL install-service
""",
    ),
    "reset": CommandHelp(
        "discard the settings that were changed from the hub",
        """\
Discard mute, sensitivity and the other settings as they were set from the hub,
for every place. They override the configuration, even after a restart,
until you run this. Stop the daemon first.

With --to-schema, go back to the copies of the outbox and the history that a
newer Timbrel made before it converted them. The converted files are kept as
NAME.newer; an older Timbrel cannot read them.
""",
        """\
reset the service:
  sudo systemctl stop timbrel
  SUDO_TIMBREL reset --state /var/lib/timbrel
  sudo systemctl start timbrel
""",
    ),
    "forget": CommandHelp(
        "remove an old node, gone or renamed, from broker and hub",
        """\
Clear the retained topics of a node, so that the hub removes its device. A node
is a place, or a box with only one place. A node that is online is not removed.
""",
        """\
remove the node that publishes below timbrel/attic:
  TIMBREL forget attic --config timbrel.yaml
""",
    ),
}
