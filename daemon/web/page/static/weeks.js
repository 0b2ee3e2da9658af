// The weeks of a year as stacked bars, a colour a family, with the weekly goal as a line.
import { dayText } from "./calendar.js";
import { element } from "./element.js";
import { family, number, text } from "./text.js";

const HEIGHT = 240;
const LEAST_PIXELS = 50;
const dark = matchMedia("(prefers-color-scheme: dark)");

export class Weeks {
  // `families` are all families of the place, so that each keeps its colour.
  constructor(families) {
    this.families = families;
    this.plot = element("div", { class: "plot", role: "img", "aria-label": text("weeks_plot") });
    this.pointed = element("p", { class: "explain" });
    this.legend = element("ul", { class: "legend" });
    this.table = element("table");
    const region = element("div", { class: "table tall", tabIndex: 0, role: "region", "aria-label": text("weeks") }, this.table);
    this.root = element("div", {}, this.plot, this.pointed, this.legend,
      element("details", {}, element("summary", {}, text("as_table")), region));
    this.draw = () => this.redraw();
    dark.addEventListener("change", this.draw);
    this.resized = new ResizeObserver(() => this.drawn?.setSize({ width: this.plot.clientWidth, height: HEIGHT }));
    this.resized.observe(this.plot);
  }

  close() {
    dark.removeEventListener("change", this.draw);
    this.resized.disconnect();
    this.drawn?.destroy();
    this.isClosed = true;
  }

  show(weeks, goal) {
    this.weeks = weeks;
    this.goal = goal;
    const known = [...new Set([...this.families, ...weeks.flatMap((week) => Object.keys(week.families))])];
    this.played = known.filter((name) => weeks.some((week) => week.families[name]));
    this.colours = Object.fromEntries(known.map((name, index) => [name, (index * 210) % 360]));
    const heads = [text("week"), text("total"), ...this.played.map((name) => family(name))];
    this.table.replaceChildren(
      element("thead", {}, element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...weeks.filter((week) => week.minutes).map((week) => this.row(week))));
    this.redraw();
  }

  row(week) {
    const cells = [week.minutes, ...this.played.map((name) => week.families[name] ?? 0)];
    return element("tr", {}, element("th", { scope: "row" }, dayText(week.monday, { dateStyle: "medium" })),
      ...cells.map((minutes) => element("td", {}, number(minutes, 1))));
  }

  colour(name) {
    return `hsl(${this.colours[name]} 60% ${dark.matches ? 62 : 42}%)`;
  }

  async redraw() {
    const uPlot = await plotter();
    if (this.isClosed || !this.weeks) return;
    this.legend.replaceChildren(...this.played.map((name) => {
      const swatch = element("span", { class: "swatch" });
      swatch.style.background = this.colour(name);
      return element("li", {}, swatch, family(name));
    }));
    this.drawn?.destroy();
    this.drawn = new uPlot(this.options(uPlot), this.stacks(), this.plot);
  }

  // The x values, then for each family the sum of it and those below; the highest sums are drawn first.
  stacks() {
    const sums = this.weeks.map(() => 0);
    const stacks = this.played.map((name) => this.weeks.map((week, index) => (sums[index] += week.families[name] ?? 0)));
    return [this.weeks.map((_, index) => index), ...stacks.reverse()];
  }

  options(uPlot) {
    const style = getComputedStyle(this.plot);
    const [ink, line] = [style.color, style.getPropertyValue("--line")];
    const last = this.weeks.length - 1;
    const months = this.weeks.map((week) => week.monday.slice(8) <= "07" && week.monday.slice(0, 7));
    const bars = uPlot.paths.bars({ size: [0.8, 40] });
    const most = Math.max(10, this.goal, ...this.weeks.map((week) => week.minutes));
    return {
      width: this.plot.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: [-0.6, last + 0.6] }, y: { range: [0, 1.05 * most] } },
      axes: [
        {
          stroke: ink, grid: { show: false }, ticks: { stroke: line },
          splits: (plot) => thinned(months.flatMap((month, index) => (month ? [index] : [])), plot.width),
          values: (_, splits) => splits.map((index) => dayText(this.weeks[index].monday, { month: "short" })),
        },
        { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, label: text("minutes_a_week"), size: 48, labelSize: 20 },
      ],
      series: [{}, ...[...this.played].reverse().map((name) => ({ fill: this.colour(name), width: 0, paths: bars, points: { show: false } }))],
      hooks: { draw: [(plot) => this.drawGoal(plot, ink)], setCursor: [(plot) => this.point(plot.cursor.idx)] },
    };
  }

  drawGoal(plot, ink) {
    if (!this.goal) return;
    const { ctx, bbox } = plot;
    const y = plot.valToPos(this.goal, "y", true);
    ctx.save();
    ctx.strokeStyle = ink;
    ctx.setLineDash([6, 4]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }

  point(index) {
    const week = this.weeks[index];
    const parts = this.played.filter((name) => week?.families[name]).map((name) => `${family(name)} ${number(week.families[name])}`);
    this.pointed.textContent = week
      ? [text("week_of", { day: dayText(week.monday, { dateStyle: "medium" }) }), text("min", { minutes: number(week.minutes) }), ...parts].join(" · ")
      : text("explain_weeks");
  }
}

// As many of the months as have room for their names.
function thinned(months, width) {
  const step = Math.max(1, Math.ceil((months.length * LEAST_PIXELS) / width));
  return months.filter((_, index) => index % step === 0);
}

// uPlot and its style are loaded once they are needed, so that the first paint does not wait for them.
let loading = null;
function plotter() {
  loading ??= Promise.all([import("./uplot.js"), styled()]).then(([{ default: uPlot }]) => uPlot);
  return loading;
}

function styled() {
  const { nonce } = document.querySelector("script[nonce]");
  return new Promise((resolve) => {
    document.head.append(element("link", { rel: "stylesheet", href: "static/uplot.css", nonce, onload: resolve, onerror: resolve }));
  });
}
