// What was played at one place: a year, its weeks and sessions, days in a row, and the weekly goal.
import { clockText, dayText } from "./calendar.js";
import { card, element } from "./element.js";
import { confirmed } from "./confirm.js";
import { HeatMap } from "./heat_map.js";
import { send } from "./stream.js";
import { family, number, text } from "./text.js";
import { Weeks } from "./weeks.js";

const COLUMNS = ["began", "duration", "instruments", "notes", "range", "practice_tuning", "practice_in_tune", "practice_tempo", "practice_key"];

export class HistoryView {
  constructor(place, announce) {
    this.place = place;
    this.announce = announce;
    this.day = null;
    this.fault = element("p", { class: "fault", role: "alert" });
    this.goal = new Goal(place);
    this.heatMap = new HeatMap((day) => this.choose(day));
    this.years = element("div", { class: "buttons", role: "group", "aria-label": text("year") });
    this.total = element("p", { class: "quiet" });
    this.weeks = new Weeks(place.families);
    this.streak = element("p", { class: "note" });
    this.sessions = new Sessions((session) => this.delete(session));
    this.older = element("button", { type: "button", hidden: true, onclick: () => this.showSessions(this.sessions.oldest) }, text("show_older"));
    this.scope = element("p", { class: "buttons" });
    this.root = element("div", { class: "grid pairs" },
      card(text("this_week"), this.goal.root),
      card(text("streak"), this.streak, element("p", { class: "explain" }, text("explain_streak"))),
      wide(card(text("year"), this.fault, this.years, this.total, this.heatMap.root)),
      wide(card(text("weeks"), this.weeks.root)),
      wide(card(text("sessions"), this.scope, this.sessions.root, this.older)),
      wide(this.takeAway()));
    this.goal.show();
    this.refresh();
  }

  close() {
    this.weeks.close();
    this.isClosed = true;
  }

  message(message) {
    if (message.type !== "state" || message.place !== this.place.name) return;
    this.goal.show();
    if (message.leaf === "practice/summary") this.refresh();
  }

  takeAway() {
    const links = ["csv", "json", "ics"].map((form) => {
      const query = new URLSearchParams({ place: this.place.name, form });
      return element("a", { href: `api/history/export?${query}`, download: "" }, text(`export_${form}`));
    });
    const remove = element("button", { type: "button", onclick: () => this.delete(null) }, text("delete_everything"));
    return card(text("take_away"), element("p", { class: "explain" }, text("explain_take_away")),
      element("p", { class: "buttons" }, ...links), element("p", {}, remove));
  }

  async ask(path, query) {
    try {
      const answer = await fetch(`api/${path}?${new URLSearchParams({ place: this.place.name, ...query })}`);
      const body = await answer.json();
      this.fault.textContent = answer.ok ? "" : body.error;
      return answer.ok && !this.isClosed ? body : null;
    } catch {
      return null; // The page says already that the daemon does not answer.
    }
  }

  async refresh(year = this.overview?.year) {
    const overview = await this.ask("history", year ? { year } : {});
    if (!overview) return;
    this.overview = overview;
    if (!this.day?.startsWith(overview.year)) this.day = null;
    this.years.replaceChildren(...overview.years.map((each) =>
      element("button", { type: "button", "aria-pressed": String(each === overview.year), onclick: () => this.refresh(each) }, String(each))));
    this.total.textContent = text("year_total", { hours: number(overview.minutes / 60, 1), days: number(overview.played_days) });
    this.streak.textContent = text("streak_days", { current: overview.streaks.current, longest: overview.streaks.longest });
    this.heatMap.show(overview, this.day);
    this.weeks.show(overview.weeks, this.goal.minutes);
    await this.showSessions();
  }

  choose(day) {
    const before = this.day;
    this.day = day;
    this.heatMap.show(this.overview, day);
    this.heatMap.focus(day ?? before);
    this.showSessions();
  }

  // Show the newest sessions of the day or year, or add those before a time.
  async showSessions(before = null) {
    const { year } = this.overview;
    const [since, until] = this.day ? [this.day, this.day] : [`${year}-01-01`, `${year}-12-31`];
    const found = await this.ask("history/sessions", before === null ? { since, until } : { since, until, before });
    if (!found) return;
    this.sessions.show(found.sessions, before !== null);
    this.older.hidden = !found.are_more;
    const scope = [element("span", {}, this.day ? dayText(this.day) : String(year))];
    if (this.day) {
      scope.push(element("button", { type: "button", onclick: () => this.choose(null) }, text("whole_year", { year })),
        element("button", { type: "button", onclick: () => this.delete(this.day) }, text("delete_day")));
    }
    this.scope.replaceChildren(...scope);
  }

  // Delete a session, a day ("2026-03-29") or everything (null), once the user has confirmed it.
  async delete(what) {
    const place = this.place.name;
    const [question, body] = what === null
      ? [text("ask_everything", { place }), { what: "everything" }]
      : typeof what === "string"
        ? [text("ask_day", { day: dayText(what) }), { what: "day", day: what }]
        : [text("ask_session", { time: clockText(what.started) }), { what: "session", session: what.id }];
    if (!(await confirmed(question, text("delete")))) return;
    const fault = await send("api/history/delete", { place, ...body });
    if (fault !== null) {
      this.fault.textContent = fault;
      return;
    }
    this.announce(text("deleted"));
    await this.refresh();
  }
}

const wide = (made) => {
  made.classList.add("wide");
  return made;
};

// The minutes of this week, and how many there should be.
class Goal {
  constructor(place) {
    this.place = place;
    this.played = element("p", { class: "playing" });
    this.fill = element("span");
    this.meter = element("div", { class: "meter", role: "meter", "aria-label": text("this_week") }, this.fill);
    this.input = element("input", { type: "number", id: "goal", min: 0, max: 10_080, step: 1, onchange: () => this.set() });
    this.fault = element("p", { class: "fault", role: "alert" });
    const label = element("label", { htmlFor: "goal" }, text("setting_practice_goal"));
    this.root = element("div", {}, this.played, this.meter, element("p", { class: "buttons" }, label, this.input), this.fault);
  }

  get minutes() {
    return Number(this.place.states.practice_goal ?? 0);
  }

  show() {
    const played = this.place.states.practice?.week_minutes ?? 0;
    const minutes = number(played);
    this.played.textContent = this.minutes ? text("of_goal", { minutes, goal: number(this.minutes) }) : text("min", { minutes });
    const share = this.minutes ? Math.min(1, played / this.minutes) : 0;
    this.fill.style.width = `${100 * share}%`;
    this.meter.hidden = !this.minutes;
    this.meter.setAttribute("aria-valuenow", Math.round(100 * share));
    this.meter.setAttribute("aria-valuetext", this.played.textContent);
    if (document.activeElement !== this.input) this.input.value = this.minutes;
  }

  async set() {
    const fault = await send("api/set", { place: this.place.name, leaf: "practice_goal", value: this.input.value });
    this.fault.textContent = fault ?? "";
  }
}

class Sessions {
  constructor(remove) {
    this.remove = remove;
    this.rows = element("tbody");
    this.nothing = element("p", { class: "quiet" }, text("no_sessions"));
    const heads = COLUMNS.map((key) => element("th", { scope: "col" }, text(key)));
    const table = element("table", { class: "sessions" }, element("thead", {}, element("tr", {}, ...heads, element("td"))), this.rows);
    this.region = element("div", { class: "table tall", tabIndex: 0, role: "region", "aria-label": text("sessions") }, table);
    this.root = element("div", {}, this.nothing, this.region);
  }

  show(sessions, areOlder) {
    if (!areOlder) this.rows.replaceChildren();
    this.rows.append(...sessions.map((session) => this.row(session)));
    this.oldest = sessions.at(-1)?.id ?? this.oldest;
    this.nothing.hidden = this.rows.children.length > 0;
    this.region.hidden = !this.nothing.hidden;
  }

  row(session) {
    const minutes = (Date.parse(session.ended) - Date.parse(session.started)) / 60_000;
    const played = Object.entries(session.minutes).map(([name, part]) => (part === null ? family(name) : `${family(name)} ${number(part, 1)}`));
    const began = clockText(session.started);
    const cells = [
      text("min", { minutes: number(minutes, 1) }),
      played.join(", "),
      known(session.notes, (notes) => number(notes)),
      known(session.range, (range) => range.join(" – ")),
      known(session.a4_hz, (value) => text("hertz", { value: number(value, 1) })),
      known(session.in_tune, (share) => `${number(100 * share)} %`),
      known(session.tempo_range, (tempi) => tempi.map((tempo) => number(tempo)).join(" – ")),
      known(session.keys, (keys) => Object.keys(keys).join(", ")),
    ];
    const remove = element("button", { type: "button", onclick: () => this.remove(session), "aria-label": text("delete_session", { time: began }) }, text("delete"));
    return element("tr", {}, element("th", { scope: "row" }, began), ...cells.map((cell) => element("td", {}, cell)), element("td", {}, remove));
  }
}

const known = (value, words) => (value === null || value === undefined ? "–" : words(value) || "–");
