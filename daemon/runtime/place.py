"""One listening place: its sound, the events in it, and its messages to the hub."""

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from daemon.counters import Counters
from daemon.errors import SoundLostError
from daemon.hearing.pipeline import Observation, Observer, listen
from daemon.hearing.rules import Rules
from daemon.hearing.scorer import Scorer
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import Event, EventEnded, Tracker
from daemon.hub.changes import ChangeFilter
from daemon.hub.reporter import Reporter
from daemon.place_state import PlaceState
from daemon.runtime.wakeup import Wakeup
from daemon.sound.source import Source
from daemon.sound.window import Window
from daemon.system.limited_log import LimitedLog

log = logging.getLogger(__name__)

_DIAGNOSTICS_SECONDS = 60.0
# The weight of the newest window in the moving average of inference time.
_NEWEST_WEIGHT = 0.05


class PlaceStatus(NamedTuple):
    """The current status of a place."""

    state: PlaceState
    """Whether it is starting, hearing, deaf or muted."""
    reason: str | None = None
    """Why it is deaf."""
    playing: Sequence[str] = ()
    """The families that play now."""
    last: str | None = None
    """The family that stopped playing last."""
    last_at: float = 0.0
    """When that family was last heard, by time.monotonic()."""


class Place:
    """Listens to one source until `end`; a loop, which waits for `wakeup`, calls `turn`.

    Any thread may call `mute` and read `status` and `counters`, which are immutable and replaced as
    a whole. All other methods are for the loop's thread.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        scorer: Scorer,
        tracker: Tracker,
        observers: Sequence[Observer],
        *,
        reporter: Reporter,
        wakeup: Wakeup,
        shown: ShownScores | None = None,
    ) -> None:
        self.name = name
        self.status = PlaceStatus(PlaceState.STARTING)
        self.counters = Counters()
        # Beside the hub's choice and the state, two flags are needed. Any thread may set this one,
        # and the loop acts on it. The source's `muted` decides if the device is to be opened: after
        # unmuting, the state stays MUTED until sound arrives.
        self._wants_mute = False
        self._source = source
        self._scorer = scorer
        self._tracker = tracker
        self._reporter = reporter
        self._wakeup = wakeup
        self._shown = shown or ShownScores()
        self._observers: list[Observer] = [self, *observers]
        self._ended_at = 0.0
        self._began = 0.0
        self._inference_ms = 0.0
        self._limited_log = LimitedLog(log)
        self._has_warned_of_cancelling = False
        self._diagnostics = ChangeFilter(Counters.differs_notably, seconds=_DIAGNOSTICS_SECONDS)

    @property
    def has_sound(self) -> bool:
        """True while sound arrives."""
        return self._source.sounds

    @property
    def is_settled(self) -> bool:
        """True once a window was heard, and while the place is deaf or muted."""
        return self.status.state in {PlaceState.DEAF, PlaceState.MUTED} or self.counters.windows > 0

    @property
    def has_news(self) -> bool:
        """True if a turn would process sound or change state."""
        return self._wants_mute != self._source.muted or self._source.has_news

    @property
    def due(self) -> float:
        """The latest time for the next turn, by time.monotonic()."""
        return self._source.due

    @property
    def unanswered_seconds(self) -> float:
        """Seconds since the device was asked to open, while it has not answered; else 0."""
        return self._source.unanswered_seconds

    def mute(self, muted: bool) -> None:  # noqa: FBT001
        """Close the device, or open it again, on the loop's next turn; wakes the loop.

        Does nothing if that has been requested already. May be called from any thread.
        """
        if muted != self._wants_mute:
            self._wants_mute = muted
            self._wakeup.wake()

    def follow(self, observer: Observer) -> None:
        """Pass every later observation to `observer`, too."""
        self._observers.append(observer)

    def turn(self) -> None:
        """Process the sound that has arrived, and follow changes of the device and of `mute`."""
        if self._wants_mute != self._source.muted:
            self._apply_mute()
        if self.status.state != PlaceState.HEARING:
            self._reporter.rest()
        try:
            window = self._source.poll()
        except SoundLostError as error:
            self._sound_lost(str(error))
        else:
            if self._source.sounds and self.status.state != PlaceState.HEARING:
                self._sound_started()
            if window is not None:
                self._hear(window)
        self._warn_of_cancelling()
        self.counters = replace(
            self._source.counters,
            inference_ms=self._inference_ms,
            practice_ms=self._reporter.practice_ms,
        )

    def restart(self) -> None:
        """Close the device and open it again, which ends open events; ignored while muted."""
        if self._source.muted:
            return
        was_heard = self.status.state == PlaceState.HEARING
        self._source.mute(muted=True)
        self._source.mute(muted=False)
        if was_heard:
            self._reporter.sound_ended(self._source.sounded_seconds, self._close_events("stopped"))
            self.status = self.status._replace(state=PlaceState.STARTING, playing=())
        log.info("%s: restarting the audio input", self.name)

    def retune(self, rules: Sequence[Rules], gate_dbfs: float | None) -> None:
        """Replace the rules and the gate; open events continue under the new ones."""
        self._tracker.retune(rules)
        self._scorer.gate_dbfs = gate_dbfs

    def publish_diagnostics(self, counters: Counters) -> None:
        """Publish the counters if they have changed, at most once a minute."""
        now = time.monotonic()
        if self.is_settled and self._diagnostics.is_due(counters, now):
            self._diagnostics.published(counters, now)
            self._reporter.publish_diagnostics(counters)

    def end(self) -> None:
        """Close the device for good and end open events."""
        was_heard = self.status.state == PlaceState.HEARING
        self._source.close()
        if was_heard:
            events = self._close_events("stopped")
            self._reporter.sound_ended(self._source.sounded_seconds, events)

    def observe(self, observation: Observation) -> None:
        """Update inference time and status from one window; called before other observers."""
        heard, events = observation.heard, observation.events
        if heard.scores.any():
            cost_ms = 1000 * (time.perf_counter() - self._began)
            share = _NEWEST_WEIGHT if self._inference_ms else 1.0
            self._inference_ms += share * (cost_ms - self._inference_ms)
        self._ended_at = heard.ended_at
        if events:
            self._log_events(events)
            playing = [event.family for event in observation.playing]
            self.status = self.status._replace(playing=playing)

    def _hear(self, window: Window) -> None:
        self._began = time.perf_counter()
        listen((window,), self._scorer, self._tracker, self._observers)

    def _sound_started(self) -> None:
        """Begin to hear; times of sound count from here."""
        was = self.status.state
        self._scorer.forget()
        self._limited_log.reset()
        self.status = self.status._replace(state=PlaceState.HEARING, reason=None)
        self._reporter.sound_started()
        log.info("%s: hearing%s", self.name, "" if was is PlaceState.STARTING else " again")

    def _sound_lost(self, reason: str) -> None:
        was_heard = self.status.state == PlaceState.HEARING
        if reason == self.status.reason and not was_heard:
            return
        events = self._close_events(PlaceState.DEAF.value) if was_heard else []
        since_seconds = time.monotonic() - self._source.sounded_until
        self.status = self.status._replace(state=PlaceState.DEAF, reason=reason, playing=())
        self._limited_log.log(
            logging.ERROR, f"{self.name}: deaf: {reason}; retrying until sound returns"
        )
        self._reporter.sound_lost(reason, self._source.sounded_seconds, events, since_seconds)

    def _warn_of_cancelling(self) -> None:
        if self._source.cancels and not self._has_warned_of_cancelling:
            self._has_warned_of_cancelling = True
            log.warning(
                "%s: the channels of its microphone are in opposite phase and cancel each other "
                "when they are mixed; set channel: 1 for it",
                self.name,
            )

    def _apply_mute(self) -> None:
        was_heard = self.status.state == PlaceState.HEARING
        self._source.mute(self._wants_mute)
        if not self._wants_mute:
            log.info("%s: no longer muted", self.name)
            return
        events = self._close_events(PlaceState.MUTED.value) if was_heard else []
        self.status = self.status._replace(state=PlaceState.MUTED, reason=None, playing=())
        log.info("%s: muted", self.name)
        self._reporter.sound_muted(self._source.sounded_seconds, events)

    def _close_events(self, reason: str) -> Sequence[Event]:
        events = self._tracker.close(self._source.sounded_seconds, reason)
        self._log_events(events)
        return events

    def _log_events(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, EventEnded):
                ago_seconds = self._ended_at - event.ended_at
                last_at = time.monotonic() - max(0.0, ago_seconds)
                self.status = self.status._replace(last=event.family, last_at=last_at)
                happened, more = "ended", f" after {event.duration_seconds:.0f} s"
            else:
                score = self._shown.of(event.family, event.score)
                happened, more = "started", f", score {score:.2f}"
            of = {"node": self.name, "family": event.family, "event": happened}
            log.info("%s: %s %s%s", self.name, event.family, happened, more, extra=of)
