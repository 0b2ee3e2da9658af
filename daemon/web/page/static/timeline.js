// What was heard in a recording, over its time, with a cursor where the sound is played.
import { element } from "./element.js";
import { duration, family, number, text } from "./text.js";

const ROLL_WIDTH = 2000;
const KEY_HEIGHT = 6;

export class Timeline {
  constructor(result, player) {
    this.seconds = Math.max(result.seconds, 0.001);
    this.player = player;
    const heard = result.families.filter((name) => result.events.some((event) => event.family === name));
    const rows = heard.map((name) => this.row(name, result.events.filter((event) => event.family === name)));
    const list = rows.length
      ? element("ul", { class: "timeline" }, ...rows)
      : element("p", {}, text("nothing_heard"));
    this.root = element("div", {}, list);
    if (result.notes) this.root.append(...this.notes(result.notes));
    this.cursors = this.root.querySelectorAll(".cursor");
    this.follow();
  }

  // One row a family, with a bar for each event.
  row(name, events) {
    const track = element("div", { class: "lane" }, ...events.map((event) => this.bar(event)), cursor());
    return element("li", { class: "row" }, element("span", {}, family(name)), track);
  }

  bar(event) {
    const span = `${duration(event.onset)} – ${duration(event.end)}`;
    const name = text("play_from", { family: family(event.family), span, score: number(event.peak, 2) });
    const bar = element("button", { type: "button", class: "bar", title: name, "aria-label": name });
    bar.style.left = `${(100 * event.onset) / this.seconds}%`;
    bar.style.width = `${(100 * (event.end - event.onset)) / this.seconds}%`;
    bar.addEventListener("click", () => {
      this.player.currentTime = event.onset;
      this.player.play().catch(() => {}); // The browser may not know the format; the timeline stays useful.
    });
    return bar;
  }

  // A sentence about the notes, and a picture with time to the right and pitch upwards.
  notes(notes) {
    if (!notes.length) return [element("p", {}, text("no_notes"))];
    const sorted = [...notes].sort((one, other) => one.midi - other.midi);
    const [low, high] = [sorted[0], sorted[sorted.length - 1]];
    const sentence = text("notes_found", { count: number(notes.length), low: low.note, high: high.note });
    const keys = high.midi - low.midi + 1;
    const canvas = element("canvas", { class: "notes", width: ROLL_WIDTH, height: KEY_HEIGHT * keys, role: "img", "aria-label": sentence });
    const paint = canvas.getContext("2d");
    paint.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
    for (const note of notes) {
      const left = (ROLL_WIDTH * note.onset) / this.seconds;
      const width = Math.max(2, (ROLL_WIDTH * (note.offset - note.onset)) / this.seconds);
      paint.fillRect(left, KEY_HEIGHT * (high.midi - note.midi), width, KEY_HEIGHT - 1);
    }
    const roll = element("div", { class: "lane roll" }, canvas, cursor());
    return [element("p", {}, sentence), element("div", { class: "notes-row" }, element("span", {}, text("notes")), roll)];
  }

  // Move the cursors as smoothly as the screen can show while the sound is played.
  follow() {
    const move = () => {
      for (const each of this.cursors) each.style.left = `${(100 * this.player.currentTime) / this.seconds}%`;
      if (!this.player.paused && this.root.isConnected) requestAnimationFrame(move);
    };
    for (const name of ["play", "seeked", "timeupdate"]) this.player.addEventListener(name, move);
  }
}

const cursor = () => element("span", { class: "cursor", "aria-hidden": "true" });
