"use strict";

const MOST_CHOSEN = 8;

// The index of all runs, and the comparison of those that are chosen.
function showIndex({ runs, chosen }) {
  const isComparison = chosen.length > 0;
  document.getElementById("head").replaceChildren(
    h("a", { class: "crumb", href: "index.html", hidden: !isComparison }, "← All experiments"),
    h("h1", {}, isComparison ? "Comparison" : "Experiments"),
    h("p", { class: "facts" }, h("span", {}, runs.length === 1 ? "1 run" : `${whole(runs.length)} runs`)));
  const newest = [...runs].sort((a, b) => b.finished - a.finished).slice(0, MOST_CHOSEN).map((run) => run.name);
  const picked = new Set(isComparison ? chosen : newest);
  const compared = h("div", { class: "compared" });
  const refresh = () => compareRuns(compared, runs.filter((run) => picked.has(run.name)));
  const live = h("div");
  show([live, runTable(runs, picked, refresh)]);
  document.getElementById("main").append(compared);
  if (runs.length) refresh();
  if (location.protocol.startsWith("http") && !isComparison) follow_training(live);
}

function runTable(runs, picked, refresh) {
  if (!runs.length) return section("runs", "Runs", "There is no finished run here yet.");
  const count = h("span", { class: "count", role: "status" });
  const box = (run) => h("input", { type: "checkbox", "aria-label": `Compare ${run.name}`, checked: picked.has(run.name),
    onchange: (event) => { picked[event.target.checked ? "add" : "delete"](run.name); refresh(); } });
  const measured = (title, key) => ({ title, value: (run) => run[key] && run[key].value, cell: (run) => valueCell(run[key]) });
  const table = sortable("Runs", [
    { title: "Run", text: true, value: (run) => run.name, cell: (run) => [box(run), " ", h("a", { href: run.page }, run.name)] },
    { title: "Model", text: true, value: (run) => run.model, cell: (run) => run.model },
    { title: "Metric", text: true, value: (run) => run.metric, cell: (run) => metricName(run.metric) },
    measured("Validation", "validation"), measured("At random", "random"), measured("Test", "test"),
    { title: "Recordings", value: (run) => run.clips, cell: (run) => whole(run.clips) },
    { title: "Duration", value: (run) => run.seconds, cell: (run) => duration(run.seconds) },
    { title: "Finished", value: (run) => run.finished, cell: (run) => day(run.finished).slice(0, 16) },
    { title: "Commit", text: true, value: (run) => run.commit, cell: (run) => h("code", {}, run.commit.slice(0, 9) || "–") },
  ], runs);
  const search = h("input", { type: "search", placeholder: "name, model or metric", oninput: () => fill() });

  function fill() {
    const text = search.value.toLowerCase();
    const shown = runs.filter((run) => `${run.name} ${run.model} ${metricName(run.metric)}`.toLowerCase().includes(text));
    count.textContent = `${whole(shown.length)} of ${whole(runs.length)} runs`;
    table.fill(shown);
  }

  fill();
  return section("runs", "Runs", "Figures with their 95 % intervals. The boxes choose the runs that are compared below.",
    h("div", { class: "filters" }, h("label", {}, "Search", search), count), table);
}

function valueCell(measured) {
  if (!measured) return "";
  const interval = measured.interval;
  return [three(measured.value), interval ? h("small", {}, ` ${three(interval[0])}–${three(interval[1])}`) : null];
}

function compareRuns(place, runs) {
  place.replaceChildren();
  if (!runs.length) return;
  const data = new Set(runs.map((run) => run.data_sha256));
  const trained = runs.map((run, number) => ({ ...run, number })).filter((run) => run.courses.length);
  place.append(...[
    data.size > 1 ? h("ul", { class: "notes" }, h("li", {}, "These runs were validated on different recordings or labels: their figures cannot be compared directly.")) : null,
    section("metrics", "Metrics", null, h("div", { class: "charts" }, intervalChart(runs)), metricMap(runs), classMap(runs)),
    curveOverlay(runs),
    trained.length ? section("training", "Training", null, h("div", { class: "charts" }, trainingCharts(trained))) : null,
  ].filter(Boolean));
}

function intervalChart(runs) {
  const parts = [["validation", "validation", 0, "circle"], ["random", "folds at random", 1, "diamond"], ["test", "test", 2, "square"]];
  const names = runs.map((run) => run.name).reverse();
  const traces = () => parts.map(([key, name, number, symbol]) => {
    const there = runs.filter((run) => run[key] && run[key].value !== null);
    const error = (end) => there.map((run) => run[key].interval ? Math.abs(run[key].interval[end] - run[key].value) : 0);
    return { type: "scatter", mode: "markers", name, x: there.map((run) => run[key].value), y: there.map((run) => names.indexOf(run.name) + .22 * (1 - number)), text: there.map((run) => run.name),
      marker: { color: lineColour(number), size: 10, symbol }, hovertemplate: "%{text}: %{x:.3f}<extra>" + name + "</extra>",
      error_x: { type: "data", symmetric: false, array: error(1), arrayminus: error(0), color: lineColour(number), thickness: 1.5, width: 4 } };
  }).filter((one) => one.x.length);
  const metrics = [...new Set(runs.map((run) => metricName(run.metric)))].join(", ");
  return chart(metrics, "With 95 % intervals", traces, { y: { tickvals: names.map((_, n) => n), ticktext: names, range: [-.6, names.length - .4], zeroline: false } });
}

// Every figure of every run; figures of which less is better are shown as 1 minus their value.
function metricMap(runs) {
  const names = Object.keys(METRICS).filter((name) => runs.some((run) => typeof run.figures[name] === "number"));
  const isLoss = (name) => name === "hamming_loss" || name === "calibration_error";
  const shown = (run, name) => typeof run.figures[name] !== "number" ? null : isLoss(name) ? 1 - run.figures[name] : run.figures[name];
  const titles = names.map((name) => isLoss(name) ? `1 − ${METRICS[name]}` : METRICS[name]);
  const rows = [...runs].reverse();
  const values = rows.map((run) => names.map((name) => shown(run, name)));
  const more = { height: 150 + 34 * runs.length };
  return wideChart("Metrics of each run", "All from 0 to 1; losses are inverted, so that more is better", () =>
    [heatMap(titles, rows.map((run) => run.name), values, values.map((row) => row.map(two)))], more.height);
}

function classMap(runs) {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.classes)))].sort();
  if (names.length > 60) return null;
  const rows = [...runs].reverse();
  const values = rows.map((run) => names.map((name) => run.classes[name] ?? null));
  return wideChart("F1 of each class", null, () => [heatMap(names, rows.map((run) => run.name), values, values.map((row) => row.map(two)))],
    150 + 34 * runs.length);
}

function wideChart(title, note, traces, height) {
  const figure = chart(title, note, traces, { legend: false, x: { tickangle: -40, showgrid: false }, y: { showgrid: false }, more: { height } });
  const plot = figure.querySelector(".plot");
  plot.style.height = `${height}px`;
  plot.style.minWidth = "38rem";
  figure.classList.add("scroll");
  figure.style.marginTop = "1.1rem";
  figure.tabIndex = 0;
  return figure;
}

function curveOverlay(runs) {
  const there = runs.filter((run) => run.roc);
  if (!there.length) return null;
  const range = [-.02, 1.02];
  const traces = (key) => () => there.map((run) => line(run.name, run[key].x, run[key].y, runs.indexOf(run)));
  return section("curves", "Curves", "Means over the classes.", h("div", { class: "charts" },
    chart("ROC", null, traces("roc"), { x: { title: "False positive rate", range }, y: { title: "True positive rate", range }, tall: true }),
    chart("Precision and recall", null, traces("recall"), { x: { title: "Recall", range }, y: { title: "Precision", range }, tall: true })));
}

// Ask the server every two seconds what is being trained.
async function follow_training(place) {
  const charts = new Map();
  let finished = null;
  for (;;) {
    try {
      const answer = await fetch("live.json", { cache: "no-store" });
      const state = await answer.json();
      if (finished !== null && finished !== state.finished) location.reload();
      finished = state.finished;
      showTraining(place, state.running, charts);
    } catch {
      place.replaceChildren(h("p", { class: "facts" }, "The server has stopped: this page shows what was there last."));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

function showTraining(place, running, charts) {
  for (const [name, kept] of charts) if (!running.some((run) => run.name === name)) { forget(kept.section); kept.section.remove(); charts.delete(name); }
  for (const run of running) {
    const kept = charts.get(run.name);
    if (!run.courses.length || (kept && kept.text === JSON.stringify(run.courses))) {
      if (!kept) charts.set(run.name, { text: "", section: place.appendChild(waiting(run)) });
      continue;
    }
    const made = h("section", { "aria-label": `${run.name} is being trained` }, h("h2", {}, h("span", { class: "pulse" }), run.name),
      h("p", { class: "faint" }, progress(run)), h("div", { class: "charts" }, trainingCharts([run])));
    if (kept) { forget(kept.section); kept.section.replaceWith(made); }
    else place.append(made);
    charts.set(run.name, { text: JSON.stringify(run.courses), section: made });
  }
}

const waiting = (run) => h("section", {}, h("h2", {}, h("span", { class: "pulse" }), run.name), h("p", { class: "faint" }, "Started; nothing is trained yet."));

function progress(run) {
  const last = run.courses[run.courses.length - 1];
  return `${last.name}: epoch ${last.epochs[last.epochs.length - 1]}, loss ${three(last.loss[last.loss.length - 1])}`;
}
