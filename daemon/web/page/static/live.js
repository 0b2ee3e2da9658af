// What is heard now at one place, and why.
import { card, element } from "./element.js";
import { PracticeCard } from "./practice.js";
import { Scrolling, drawPicture } from "./spectrogram.js";
import { duration, family, number, text, timeOf } from "./text.js";

const FLOOR_DBFS = -90;

export class LiveView {
  constructor(store, place, announce) {
    this.store = store;
    this.place = place;
    this.announce = announce;
    this.playing = element("p", { class: "playing" });
    this.since = element("p", { class: "quiet" });
    this.level = element("span");
    this.meter = element("div", { class: "meter", role: "meter", "aria-label": text("level") }, this.level);
    this.meter.setAttribute("aria-valuemin", FLOOR_DBFS);
    this.meter.setAttribute("aria-valuemax", 0);
    this.meter.setAttribute("aria-valuenow", FLOOR_DBFS);
    this.levelText = element("span", { class: "quiet" });
    this.scores = new Scores(place.families);
    const picture = element("canvas", { class: "picture", role: "img", "aria-label": text("spectrogram") });
    const over = element("canvas", { class: "over", "aria-hidden": "true" });
    this.scrolling = new Scrolling(picture, over, store);
    this.today = element("p");
    this.practice = new PracticeCard(place);
    this.events = element("ol", { class: "events" });
    this.calls = element("tbody");
    const pictureCard = card(text("spectrogram"), element("div", { class: "layers" }, picture, over));
    pictureCard.classList.add("wide");
    const heads = ["time", "instrument", "score", "needed"].map((key) => element("th", { scope: "col" }, text(key)));
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), this.calls);
    this.root = element("div", { class: "grid pairs" },
      card(text("now"), this.playing, this.since, element("p", { class: "quiet" }, text("level"), " ", this.levelText), this.meter, this.today),
      card(text("scores"), this.scores.root, element("p", { class: "explain" }, text("explain_scores"))),
      pictureCard,
      this.practice.root,
      card(text("events"), this.events),
      card(text("close_calls"), element("p", { class: "explain" }, text("explain_close_calls")),
        element("div", { class: "table", tabIndex: 0, role: "region", "aria-label": text("close_calls") }, table)));
    this.scores.update({}, place.points, []);
    for (const [leaf, value] of Object.entries(place.states)) this.state(leaf, value);
    for (const event of store.events) this.event(event);
    for (const call of store.closeCalls) this.closeCall(call);
  }

  message(message) {
    if (message.place !== this.place.name) return;
    if (message.type === "state") {
      this.state(message.leaf, message.value);
      if (message.leaf === "practice/note") this.scrolling.note(message.value.notes, message.at, this.place.states.practice_reference_hz);
    } else if (message.type === "window") this.window(message);
    else if (message.type === "event") this.event(message);
    else if (message.type === "close") this.closeCall(message);
  }

  state(leaf, value) {
    if (leaf === "hearing" || leaf === "state") this.now();
    else if (leaf.startsWith("practice_") || leaf.startsWith("practice/")) this.practice.state();
    else if (leaf === "practice") this.today.textContent = text("today", { minutes: number(value.minutes, 1) });
  }

  // Show what plays, from the newest messages.
  now() {
    const { hearing, state } = this.place.states;
    const families = Object.entries(state?.families ?? {});
    let playing = text("nothing_plays");
    let since = "";
    if (hearing?.hearing === "deaf") {
      playing = text("deaf");
      since = hearing.reason ?? "";
    } else if (hearing?.hearing === "muted") {
      playing = text("muted");
    } else if (!hearing) {
      playing = text("starting");
    } else if (families.length) {
      playing = families.map(([name]) => family(name)).join(" + ");
      const times = families.map(([, { since: onset }]) => timeOf(Date.parse(onset) / 1000));
      since = text("since", { time: times.join(", ") });
    }
    if (this.playing.textContent !== playing) this.announce(playing);
    this.playing.textContent = playing;
    this.since.textContent = since;
  }

  window(message) {
    const { level } = message;
    this.level.style.width = `${100 * Math.max(0, 1 - level / FLOOR_DBFS)}%`;
    this.levelText.textContent = `${number(level)} dBFS`;
    this.meter.setAttribute("aria-valuenow", Math.round(level));
    this.scores.update(message.scores, message.points, message.playing);
    if (message.picture) this.scrolling.add(message.picture);
    this.scrolling.mark(message.playing, message.at, family);
  }

  event(event) {
    if (event.place !== this.place.name) return;
    const known = this.events.querySelector(`[data-id="${event.id}"]`);
    if (known) {
      known.querySelector("summary").textContent = summaryOf(event);
      return;
    }
    const details = element("details", {}, element("summary", {}, summaryOf(event)));
    details.addEventListener("toggle", () => this.open(details, event), { once: true });
    const item = element("li", {}, details);
    item.dataset.id = event.id;
    this.events.prepend(item);
    while (this.events.children.length > 50) this.events.lastChild.remove();
  }

  // Show why an event started: the sound and the scores of that moment.
  open(details, event) {
    const canvas = element("canvas", { class: "picture", role: "img", "aria-label": text("event_picture") });
    drawPicture(canvas, event.picture, this.store.eventBands);
    const scores = new Scores(Object.keys(event.scores));
    scores.update(event.scores, event.points, [event.family]);
    details.append(element("div", { class: "inside" }, element("div", {}, canvas, element("p", { class: "explain" }, text("explain_event"))), scores.root));
  }

  closeCall(call) {
    if (call.place !== this.place.name) return;
    const cells = [timeOf(call.began), family(call.family), number(call.score, 2), number(call.point, 2)];
    this.calls.prepend(element("tr", {}, ...cells.map((cell) => element("td", {}, cell))));
    while (this.calls.children.length > 50) this.calls.lastChild.remove();
  }
}

function summaryOf(event) {
  const score = number(event.score, 2);
  const parts = [timeOf(event.onset), family(event.family), text("with_score", { score })];
  parts.push(event.ended === null ? text("plays") : duration(event.ended - event.onset));
  if (event.reason) parts.push(event.reason);
  return parts.join(" · ");
}

class Scores {
  constructor(families) {
    this.rows = Object.fromEntries(families.map((name) => [name, new ScoreRow(name)]));
    this.root = element("ul", { class: "scores" }, ...Object.values(this.rows).map((row) => row.root));
  }

  update(scores, points, playing) {
    for (const [name, row] of Object.entries(this.rows)) {
      row.update(scores[name] ?? 0, points[name], playing.includes(name));
    }
  }
}

class ScoreRow {
  constructor(name) {
    this.fill = element("span", { class: "fill" });
    this.point = element("span", { class: "point" });
    this.value = element("span", { class: "value" });
    const track = element("span", { class: "track", "aria-hidden": "true" }, this.fill, this.point);
    this.root = element("li", { class: "score" }, element("span", {}, family(name)), track, this.value);
  }

  update(score, point, plays) {
    this.fill.style.width = `${100 * score}%`;
    this.point.style.left = `${100 * point}%`;
    this.value.textContent = number(score, 2);
    this.root.classList.toggle("over", plays);
  }
}
