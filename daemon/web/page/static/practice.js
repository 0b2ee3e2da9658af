// How it is played: a tuner with the note that sounds, and the figures of the last seconds.
import { card, element } from "./element.js";
import { number, text } from "./text.js";

const MOST_CENTS = 50;
const MOST_DEGREES = 60;
const IN_TUNE_CENTS = 5;

export class PracticeCard {
  constructor(place) {
    this.place = place;
    this.tuner = new Tuner();
    this.rows = element("tbody");
    this.table = element("table", {}, this.rows);
    this.rest = element("p", { class: "quiet" });
    this.root = card(text("practice"), this.tuner.root, this.rest, this.table);
    this.state();
  }

  // Show the newest states; called when one of them has changed.
  state() {
    const { states } = this.place;
    const isOn = (name) => states[`practice_${name}`] === "ON";
    this.root.hidden = states.practice_enabled === undefined;
    this.tuner.root.hidden = !(isOn("enabled") && isOn("live_notes"));
    this.tuner.show(states["practice/note"]);
    const wanted = isOn("enabled") ? rowsOf(states["practice/now"] ?? {}, isOn) : [];
    const isAnyKnown = wanted.some(([, value]) => value);
    this.table.hidden = !isAnyKnown;
    this.rows.replaceChildren(...wanted.map(([key, value]) =>
      element("tr", {}, element("th", { scope: "row" }, text(`practice_${key}`)), element("td", {}, value || "–"))));
    const notes = [];
    if (!isOn("enabled")) notes.push(text("practice_off"));
    else {
      if (!isAnyKnown) notes.push(text("practice_rests"));
      if (!isOn("live_notes")) notes.push(text("practice_no_tuner"));
    }
    this.rest.hidden = !notes.length;
    this.rest.textContent = notes.join(" ");
  }
}

function rowsOf(now, isOn) {
  const on = (switched, key, value) => (isOn(switched) ? [[key, value]] : []);
  const a = (value, words) => (Number.isFinite(value) ? words(value) : null);
  const percent = (value) => a(value, (share) => `${number(100 * share)} %`);
  const cents = (value) => a(value, () => text("cents", { value: number(value, 1) }));
  const vibrato = a(now.vibrato_hz, (hertz) =>
    [text("hertz", { value: number(hertz, 1) }), a(now.vibrato_cents, (extent) => text("plus_minus_cents", { value: number(extent) }))].filter(Boolean).join(", "));
  const chord = [now.chord, now.next_chord && text("then", { chord: now.next_chord })].filter(Boolean).join(", ");
  const genre = now.genre && Object.keys(now.genre).map((name) => name.replaceAll("_", " ")).join(", ");
  return [
    ...on("tuning", "tuning", a(now.a4_hz, (hertz) => text("hertz", { value: number(hertz, 1) }))),
    ...on("tuning", "in_tune", percent(now.in_tune)),
    ...on("tuning", "deviation", cents(now.median_cents)),
    ...on("tempo", "tempo", a(now.tempo_bpm, (beats) => text("beats", { value: number(beats) }))),
    ...on("tempo", "stability", percent(now.tempo_stability)),
    ...on("tempo", "drift", a(now.tempo_drift, (drift) => `${drift < 0 ? "−" : "+"}${number(Math.abs(100 * drift))} %`)),
    ...on("key", "key", now.key),
    ...on("chords", "chord", chord),
    ...on("dynamics", "dynamic", now.dynamic),
    ...on("notes", "vibrato", vibrato),
    ...on("genre", "genre", genre),
  ];
}

// A needle from 50 cents flat to 50 cents sharp.
class Tuner {
  constructor() {
    this.needle = element("span", { class: "needle" });
    this.dial = element("div", { class: "dial", role: "meter", "aria-label": text("tuner") }, this.needle);
    this.dial.setAttribute("aria-valuemin", -MOST_CENTS);
    this.dial.setAttribute("aria-valuemax", MOST_CENTS);
    this.note = element("p", { class: "note" });
    this.cents = element("p", { class: "quiet" });
    this.root = element("div", { class: "tuner" }, this.dial, this.note, this.cents);
  }

  show(sounding) {
    const note = sounding?.note ?? null;
    const cents = sounding?.cents ?? null;
    const others = (sounding?.notes ?? []).filter((name) => name !== note);
    const deviation = cents === null ? "" : text("cents", { value: number(cents, 1) });
    this.note.textContent = note ?? "–";
    this.cents.textContent = [deviation, others.join(" ")].filter(Boolean).join(" · ") || "\u00a0";
    this.dial.classList.toggle("rests", cents === null);
    this.dial.classList.toggle("tuned", cents !== null && Math.abs(cents) <= IN_TUNE_CENTS);
    const shown = Math.max(-MOST_CENTS, Math.min(MOST_CENTS, cents ?? 0));
    this.needle.style.transform = `rotate(${(MOST_DEGREES * shown) / MOST_CENTS}deg)`;
    this.dial.setAttribute("aria-valuenow", Math.round(shown));
    this.dial.setAttribute("aria-valuetext", note === null ? text("no_note") : [note, deviation].filter(Boolean).join(", "));
  }
}
