// Hear a file: choose, drop or record a recording, and see which families and notes are played when.
import { downloads, notesOf } from "./downloads.js";
import { card, element } from "./element.js";
import { Recorder, recordingErrorOf, recordingFault } from "./recorder.js";
import { hear, hearModels } from "./stream.js";
import { duration, family, has, number, text } from "./text.js";
import { Timeline } from "./timeline.js";

const MOST_BYTES = 50_000_000;
const MOST_SECONDS = 3600;
const MOST_TRIES = 5;
const METADATA_MILLISECONDS = 1000;

export class HearView {
  constructor() {
    this.input = element("input", { type: "file", id: "recording", accept: "audio/*,video/*" });
    this.input.addEventListener("change", () => this.take(this.input.files[0]));
    // The same file may be chosen again.
    this.input.addEventListener("click", () => {
      this.input.value = "";
    });
    this.notes = element("input", { type: "checkbox", id: "find-notes", checked: true });
    this.model = element("select", { id: "hear-model" });
    const models = element("p", { hidden: true },
      element("label", { htmlFor: "hear-model" }, text("hear_model")), " ", this.model);
    this.offer(models);
    this.status = element("p", { role: "status" });
    this.progress = element("progress", { hidden: true, "aria-label": text("progress") });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.result = element("div", { class: "grid" });
    const drop = card(text("hear"),
      element("p", { class: "explain" }, text("explain_hear")),
      element("p", {}, element("label", { htmlFor: "recording" }, text("choose_recording")), " ", this.input),
      element("p", {}, this.notes, " ", element("label", { htmlFor: "find-notes" }, text("find_notes"))),
      models,
      ...this.recording(), this.status, this.progress, this.fault);
    drop.addEventListener("dragover", (event) => event.preventDefault());
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take(event.dataTransfer.files[0]);
    });
    this.root = element("div", { class: "grid one" }, drop, this.result);
  }

  // The models to choose from, if the configuration has more than one.
  async offer(models) {
    const names = await hearModels();
    this.model.replaceChildren(...names.map((name) => element("option", { value: name }, name)));
    models.hidden = names.length < 2;
  }

  // The button that records; if the browser cannot, a sentence says why.
  recording() {
    const fault = recordingFault();
    if (fault) return [element("p", { class: "explain" }, text(fault))];
    this.button = element("button", { type: "button", onclick: () => this.record() }, text("record"));
    this.recorded = element("span", {});
    return [element("p", {}, this.button, " ", this.recorded)];
  }

  async record() {
    if (this.recorder) {
      this.recorder.stop();
      return;
    }
    const show = (seconds) => {
      this.recorded.textContent = text("recorded", { time: duration(seconds) });
    };
    const end = (file) => {
      this.endRecording();
      this.take(file);
    };
    this.fault.textContent = "";
    this.recorder = new Recorder(MOST_BYTES, show, end);
    this.button.disabled = true;
    try {
      await this.recorder.start();
      this.button.textContent = text("record_stop");
    } catch (error) {
      this.endRecording();
      this.fault.textContent = text(recordingErrorOf(error), { reason: error.message });
    }
    this.button.disabled = false;
  }

  endRecording() {
    this.recorder = null;
    this.recorded.textContent = "";
    this.button.textContent = text("record");
  }

  async take(file) {
    if (!file) return;
    // The daemon needs a moment to end an analysis that is not wanted any more.
    const tries = this.progress.hidden ? 1 : MOST_TRIES;
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    this.fault.textContent = "";
    this.result.replaceChildren();
    const player = this.player(file);
    this.status.textContent = text("sending", { name: file.name });
    this.progress.hidden = false;
    this.progress.removeAttribute("value");
    try {
      if (file.size > MOST_BYTES) throw new Error(text("hear_413"));
      if ((await lengthOf(player)) > MOST_SECONDS) throw new Error(text("hear_long"));
      const progress = (seconds) => this.showProgress(seconds, player);
      const result = await hear(file, this.notes.checked, this.model.value, progress, stop.signal, tries);
      this.status.textContent = text("done", { name: file.name, time: duration(result.seconds) });
      this.show(file, result, player);
    } catch (error) {
      if (stop.signal.aborted) return;
      this.status.textContent = "";
      const known = `hear_${error.code}`;
      this.fault.textContent = has(known) ? text(known) : error.message || text("no_answer");
    }
    this.progress.hidden = true;
  }

  player(file) {
    URL.revokeObjectURL(this.sound);
    this.sound = URL.createObjectURL(file);
    return element("audio", { controls: true, src: this.sound });
  }

  // The browser knows the length of most recordings; of others, only the seconds are shown.
  showProgress(seconds, player) {
    this.status.textContent = text("analysed", { time: duration(seconds) });
    if (!isKnown(player.duration)) return;
    this.progress.max = player.duration;
    this.progress.value = seconds;
  }

  show(file, result, player) {
    const unplayable = element("p", { class: "explain", hidden: !player.error }, text("unplayable"));
    player.addEventListener("error", () => {
      unplayable.hidden = false;
    });
    const notices = result.notices.map((notice) => element("p", { class: "fault" }, notice));
    const tempo = result.tempo_bpm === null ? [] : [element("p", {}, tempoOf(result))];
    const listened = card(text("timeline"), ...notices, player, unplayable,
      new Timeline(result, player).root, ...tempo, downloads(file, result));
    const chunks = card(text("chunks"), tableOf(result));
    for (const part of [listened, chunks]) part.classList.add("wide");
    this.result.replaceChildren(listened, chunks);
  }
}

const isKnown = (seconds) => seconds > 0 && Number.isFinite(seconds);

// The length in seconds; 0 if the browser does not know it.
async function lengthOf(player) {
  await new Promise((resolve) => {
    for (const name of ["loadedmetadata", "error"]) player.addEventListener(name, resolve);
    setTimeout(resolve, METADATA_MILLISECONDS);
  });
  return isKnown(player.duration) ? player.duration : 0;
}

const tempoOf = (result) => `${text("practice_tempo")}: ${text("beats", { value: number(result.tempo_bpm, 1) })}`;

function tableOf(result) {
  const heads = [text("time"), text("level"), ...result.families.map((name) => family(name))];
  if (result.notes) heads.push(text("notes"));
  const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)));
  const rows = result.chunks.map((chunk) => {
    const cells = result.families.map((name) => element("td", chunk.scores[name] >= 0.5 ? { class: "high" } : {}, number(chunk.scores[name], 2)));
    if (result.notes) cells.push(element("td", { class: "names" }, notesOf(result, chunk)));
    return element("tr", {}, element("th", { scope: "row" }, duration(chunk.start)), element("td", {}, `${number(chunk.level)} dBFS`), ...cells);
  });
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  return element("div", { class: "table tall", tabIndex: 0, role: "region", "aria-label": text("chunks") }, table);
}
