// Hear a file: choose or drop a recording, and see which families play when.
import { card, element } from "./element.js";
import { hear } from "./stream.js";
import { duration, family, number, text } from "./text.js";

export class HearView {
  constructor() {
    this.input = element("input", { type: "file", id: "recording", accept: "audio/*,video/*" });
    this.input.addEventListener("change", () => this.take(this.input.files[0]));
    this.status = element("p", { role: "status" });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.result = element("div", { class: "grid" });
    const label = element("label", { htmlFor: "recording" }, text("choose_recording"));
    const drop = card(text("hear"), element("p", { class: "explain" }, text("explain_hear")), label, " ", this.input, this.status, this.fault);
    drop.addEventListener("dragover", (event) => event.preventDefault());
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take(event.dataTransfer.files[0]);
    });
    this.root = element("div", { class: "grid one" }, drop, this.result);
  }

  async take(file) {
    if (!file) return;
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    this.fault.textContent = "";
    this.result.replaceChildren();
    this.status.textContent = text("sending", { name: file.name });
    const progress = (seconds) => {
      this.status.textContent = text("analysed", { time: duration(seconds) });
    };
    try {
      const result = await hear(file, progress, stop.signal);
      this.status.textContent = text("done", { name: file.name, time: duration(result.seconds) });
      this.show(file, result);
    } catch (error) {
      if (stop.signal.aborted) return;
      this.status.textContent = "";
      this.fault.textContent = error.message || text("no_answer");
    }
  }

  show(file, result) {
    URL.revokeObjectURL(this.sound);
    this.sound = URL.createObjectURL(file);
    const player = element("audio", { controls: true, src: this.sound });
    const timeline = new Timeline(result, player);
    const name = file.name.replace(/\.[^.]*$/, "");
    const downloads = element("p", {},
      download(`${name}.json`, "application/json", JSON.stringify({ file: file.name, ...result }, null, 1)), " ",
      download(`${name}.csv`, "text/csv", csvOf(result)));
    const listened = card(text("timeline"), player, timeline.root, downloads);
    const chunks = card(text("chunks"), tableOf(result));
    for (const part of [listened, chunks]) part.classList.add("wide");
    this.result.replaceChildren(listened, chunks);
  }
}

// One row a family, with a bar for each event, and a cursor where the sound is played.
class Timeline {
  constructor(result, player) {
    const seconds = Math.max(result.seconds, 0.001);
    const heard = result.families.filter((name) => result.events.some((event) => event.family === name));
    const rows = heard.map((name) => {
      const events = result.events.filter((event) => event.family === name);
      const bars = events.map((event) => this.bar(event, seconds, player));
      const track = element("div", { class: "lane" }, ...bars, element("span", { class: "cursor", "aria-hidden": "true" }));
      return element("li", { class: "row" }, element("span", {}, family(name)), track);
    });
    this.root = rows.length
      ? element("ul", { class: "timeline" }, ...rows)
      : element("p", {}, text("nothing_heard"));
    const cursors = this.root.querySelectorAll(".cursor");
    player.addEventListener("timeupdate", () => {
      for (const cursor of cursors) cursor.style.left = `${(100 * player.currentTime) / seconds}%`;
    });
  }

  bar(event, seconds, player) {
    const span = `${duration(event.onset)} – ${duration(event.end)}`;
    const name = text("play_from", { family: family(event.family), span, score: number(event.peak, 2) });
    const bar = element("button", { type: "button", class: "bar", title: name, "aria-label": name });
    bar.style.left = `${(100 * event.onset) / seconds}%`;
    bar.style.width = `${(100 * (event.end - event.onset)) / seconds}%`;
    bar.addEventListener("click", () => {
      player.currentTime = event.onset;
      player.play().catch(() => {}); // The browser may not know the format; the timeline stays useful.
    });
    return bar;
  }
}

function tableOf(result) {
  const heads = [text("time"), text("level"), ...result.families.map((name) => family(name))];
  const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)));
  const rows = result.chunks.map((chunk) =>
    element("tr", {},
      element("th", { scope: "row" }, duration(chunk.start)),
      element("td", {}, `${number(chunk.level)} dBFS`),
      ...result.families.map((name) => element("td", chunk.scores[name] >= 0.5 ? { class: "high" } : {}, number(chunk.scores[name], 2)))));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  return element("div", { class: "table tall", tabIndex: 0, role: "region", "aria-label": text("chunks") }, table);
}

function csvOf(result) {
  const head = ["start", "end", "level", ...result.families].join(",");
  const rows = result.chunks.map((chunk) =>
    [chunk.start, chunk.end, chunk.level, ...result.families.map((name) => chunk.scores[name])].join(","));
  return [head, ...rows, ""].join("\r\n");
}

function download(name, type, content) {
  const link = element("a", { download: name, href: URL.createObjectURL(new Blob([content], { type })) });
  link.append(text("download", { kind: name.split(".").pop().toUpperCase() }));
  return link;
}
