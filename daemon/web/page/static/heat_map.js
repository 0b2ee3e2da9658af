// A year as a calendar: a column a week, a row a weekday, darker where more was played.
import { dayText, mondayOf, plus, weekday } from "./calendar.js";
import { element } from "./element.js";
import { family, number, text } from "./text.js";

const LEAST_MINUTES = [1, 15, 30, 60];
const KEYS = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1 };

export class HeatMap {
  constructor(choose) {
    this.choose = choose;
    this.table = element("table", { class: "heat", role: "grid", "aria-label": text("heat_map") });
    this.table.addEventListener("click", (event) => this.pick(event.target.closest("[data-day]")));
    this.table.addEventListener("keydown", (event) => this.press(event));
    const steps = [0, ...LEAST_MINUTES].map((least, level) =>
      element("span", {}, element("span", { class: `swatch h${level}` }), level ? text("at_least", { minutes: least }) : text("not_played")));
    this.scroll = element("div", { class: "table" }, this.table);
    this.root = element("div", {}, this.scroll, element("p", { class: "legend explain" }, ...steps));
  }

  show({ year, days, today }, chosen) {
    const playing = Object.fromEntries(days.map((day) => [day.day, day]));
    const first = `${year}-01-01`;
    const last = `${year}-12-31`;
    this.cells = {};
    const rows = Array.from({ length: 7 }, (_, row) => {
      const monday = mondayOf(first);
      const cells = [element("th", { scope: "row" }, dayText(plus(monday, row), { weekday: "short" }))];
      for (let day = plus(monday, row); day <= plus(last, 6 - weekday(last)); day = plus(day, 7)) {
        cells.push(day < first || day > last ? element("td") : this.cell(day, playing[day], day > today, day === chosen));
      }
      return element("tr", {}, ...cells);
    });
    this.table.replaceChildren(element("thead", {}, monthRow(year)), element("tbody", {}, ...rows));
    const entered = [chosen, today, days.at(-1)?.day, first].find((day) => day in this.cells);
    this.cells[entered].tabIndex = 0;
    this.scroll.scrollLeft = this.cells[entered].offsetLeft - this.scroll.clientWidth / 2;
  }

  cell(day, playing, isFuture, isChosen) {
    const minutes = playing?.minutes ?? 0;
    const level = LEAST_MINUTES.filter((least) => minutes >= least).length || (minutes > 0 ? 1 : 0);
    const parts = Object.entries(playing?.families ?? {}).map(([name, part]) => `${family(name)} ${number(part, 1)}`);
    const played = minutes ? text("min", { minutes: number(minutes, 1) }) : text("not_played");
    const label = `${dayText(day)}: ${[played, ...parts].join(", ")}`;
    const cell = element("td", { class: `h${level}`, tabIndex: -1, title: label, "aria-label": label, "aria-selected": String(isChosen) });
    if (isFuture) cell.classList.add("future");
    cell.dataset.day = day;
    this.cells[day] = cell;
    return cell;
  }

  pick(cell) {
    if (cell) this.choose(cell.getAttribute("aria-selected") === "true" ? null : cell.dataset.day);
  }

  press(event) {
    const cell = event.target.closest("[data-day]");
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") this.pick(cell);
    else if (event.key in KEYS) this.move(cell, plus(cell.dataset.day, KEYS[event.key]));
    else if (event.key === "Home") this.move(cell, `${cell.dataset.day.slice(0, 4)}-01-01`);
    else if (event.key === "End") this.move(cell, `${cell.dataset.day.slice(0, 4)}-12-31`);
    else return;
    event.preventDefault();
  }

  move(from, day) {
    const to = this.cells[day];
    if (!to) return;
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  // After a choice the table is new; the keyboard stays where it was.
  focus(day) {
    this.cells[day]?.focus();
  }
}

// The names of the months over their weeks; a week belongs to the month of its Thursday.
function monthRow(year) {
  const names = [];
  for (let monday = mondayOf(`${year}-01-01`); monday <= `${year}-12-31`; monday = plus(monday, 7)) {
    const thursday = plus(monday, 3);
    const month = thursday < `${year}-01-01` ? 0 : thursday > `${year}-12-31` ? 11 : Number(thursday.slice(5, 7)) - 1;
    names[month] = (names[month] ?? 0) + 1;
  }
  const heads = names.map((weeks, month) => {
    const day = `${year}-${String(month + 1).padStart(2, "0")}-01`;
    return element("th", { scope: "col", colSpan: weeks }, dayText(day, { month: "short" }));
  });
  return element("tr", {}, element("td"), ...heads);
}
