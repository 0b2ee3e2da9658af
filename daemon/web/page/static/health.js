// The daemon's health, its newest changes and the model.
import { card, element } from "./element.js";
import { dateOf, family, number, text } from "./text.js";

const REFRESH_MILLISECONDS = 5000;

export class HealthView {
  constructor(store) {
    this.state = element("div");
    this.model = element("div");
    this.changes = element("tbody");
    this.root = element("div", { class: "grid" },
      card(text("health"), this.state),
      card(text("model"), this.model),
      card(text("changes"), scrollable(text("changes"), element("table", {}, this.changes))));
    for (const change of store.changes) this.change(change);
    this.refresh();
    this.timer = setInterval(() => this.refresh(), REFRESH_MILLISECONDS);
  }

  close() {
    clearInterval(this.timer);
  }

  message(message) {
    if (message.type === "change") this.change(message);
  }

  async refresh() {
    try {
      const answer = await fetch("api/health");
      if (!answer.ok) return;
      const health = await answer.json();
      this.showState(health);
      if (!this.model.children.length) this.showModel(health.model);
    } catch {
      // The page says already that the daemon does not answer.
    }
  }

  showState(health) {
    const rows = [["version", health.version], ["started", dateOf(health.started)], ["broker", health.broker]];
    for (const place of health.places) {
      const { counters } = place;
      rows.push([null, place.name], ["state", [text(place.state), place.reason].filter(Boolean).join(": ")],
        ["windows", number(counters.windows)], ["late_windows", number(counters.late_windows)],
        ["lost_seconds", number(counters.lost_seconds, 1)], ["overflows", number(counters.overflows)],
        ["reopens", number(counters.reopens)], ["inference", `${number(counters.inference_ms, 1)} ms`],
        ["queued", number(counters.queued)], ["dropped", number(counters.dropped)]);
    }
    const verdict = health.problems.length ? health.problems.join("; ") : text("healthy");
    this.state.replaceChildren(element("p", {}, verdict), table(rows));
  }

  showModel(model) {
    const rows = [["model", model.title], ["base", model.base || "–"], ["licence", model.licence || "–"], ["checksum", model.sha256]];
    if (model.genres) rows.push(["genres", model.genres.join(", ")]);
    rows.push([null, text("thresholds")]);
    const points = Object.entries(model.families).map(([name, value]) => [name, number(value, 3)]);
    const figures = Object.entries(model.figures).map(([name, value]) => [name, number(value, 3)]);
    const parts = [table(rows), table(points, family)];
    if (figures.length) parts.push(element("p", { class: "explain" }, text("explain_figures")), table(figures, (name) => name.replaceAll("_", " ")));
    this.model.replaceChildren(...parts);
  }

  change(change) {
    const { leaf } = change;
    const value = leaf === "hearing" ? [text(change.value.hearing), change.value.reason].filter(Boolean).join(": ") : String(change.value);
    const cells = [dateOf(change.at), change.place, text(`setting_${leaf}`).replace(/^setting_/, ""), value];
    this.changes.prepend(element("tr", {}, ...cells.map((cell) => element("td", {}, cell))));
    while (this.changes.children.length > 100) this.changes.lastChild.remove();
  }
}

const scrollable = (name, content) =>
  element("div", { class: "table", tabIndex: 0, role: "region", "aria-label": name }, content);

// A table of names and values; a row without a name is a heading.
function table(rows, nameOf = text) {
  return element("table", {}, ...rows.map(([key, value]) =>
    key === null
      ? element("tr", {}, element("th", { colSpan: 2 }, value))
      : element("tr", {}, element("th", { scope: "row" }, nameOf(key)), element("td", {}, value))));
}
