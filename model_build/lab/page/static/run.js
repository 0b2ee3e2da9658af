"use strict";

// The page of one run.
function showRun(run) {
  const { summary, record } = run;
  document.getElementById("head").replaceChildren(
    h("a", { class: "crumb", href: "index.html" }, "← All experiments"), h("h1", {}, summary.name),
    h("p", { class: "facts" }, runFacts(run).map((fact) => h("span", {}, fact))));
  const browser = clipBrowser(run);
  show([
    h("div", {}, tiles(run), notes(record.notes)),
    leakSection(record), searchSection(run), ablationSection(run), classSection(run), confusionSection(run, browser), browser.section, curveSection(run), thresholdSection(run),
    trainingSection(run), batchSection(run), modelSection(run), recipeSection(run),
  ]);
}

function runFacts({ summary, record }) {
  const changed = record.git && record.git.is_changed ? ", with changes" : "";
  return [
    summary.model, `${summary.front_end} of ${record.experiment.front_end ? record.experiment.front_end.chunk_seconds || 2 : 2} s`,
    `${whole(summary.clips)} recordings`, `${record.classes.length} classes`, duration(summary.seconds),
    day(summary.finished), summary.commit ? `commit ${summary.commit.slice(0, 9)}${changed}` : null,
  ].filter(Boolean);
}

function tiles({ summary, record }) {
  const name = metricName(summary.metric);
  const strategy = { "hold-out": "hold-out", "k-fold": "folds at random", "group-k-fold": "grouped folds", "own-folds": "the folds of the data" };
  const { validation, random, test } = summary;
  const gap = random && random.value !== null && validation.value !== null ? random.value - validation.value : null;
  const roc = record.validation.figures.roc_auc_macro;
  return h("div", { class: "tiles" },
    tile(`${name}, validation`, three(validation.value), validation, `${whole(validation.clips)} recordings, ${strategy[summary.strategy]}`),
    random ? tile(`${name}, folds at random`, three(random.value), random, `${gap >= 0 ? "+" : "−"}${three(Math.abs(gap))}: related recordings on both sides`) : null,
    test ? tile(`${name}, test`, three(test.value), test, `${whole(test.clips)} recordings`) : null,
    tile("ROC-AUC, macro", three(roc.value), null, `over ${roc.over} of ${roc.of} classes`));
}

const notes = (lines) => lines.length ? h("ul", { class: "notes", "aria-label": "Notes" }, lines.map((line) => h("li", {}, line))) : null;

function leakSection({ leak, random }) {
  if (!leak || !leak.repeated) return null;
  const name = metricName(random.metric);
  return section("leak", "Near-duplicates", `At random, ${whole(leak.repeated)} of ${whole(leak.clips)} validation recordings have a near-duplicate that ` +
    `the model was trained on. ${name} is ${three(leak.value_repeated)} on these and ${three(leak.value_others)} on the others.`,
    h("details", {}, h("summary", {}, `${leak.pairs.length} pairs`),
      h("ul", {}, leak.pairs.map(([first, second]) => h("li", {}, `${first} and ${second}`)))));
}

function classSection({ record }) {
  const figures = record.validation.figures;
  const number = (title, key) => ({ title, value: (row) => row[key], cell: (row) => three(row[key]) });
  const table = sortable("Figures of each class", [
    { title: "Class", text: true, value: (row) => row.name, cell: (row) => row.name },
    { title: "Recordings", value: (row) => row.clips, cell: (row) => whole(row.clips) },
    number("ROC-AUC", "roc_auc"), number("PR-AUC", "pr_auc"), number("Precision", "precision"), number("Recall", "recall"),
    { title: "F1", value: (row) => row.f1, cell: (row) => [three(row.f1), meter(row.f1)] },
  ], figures.classes);
  const names = ["accuracy", "balanced_accuracy", "top3", "map3", "roc_auc_macro", "pr_auc_macro", "f1_macro", "f1_micro",
    "precision_macro", "precision_micro", "recall_macro", "recall_micro", "hamming_loss", "calibration_error", "accepted_accuracy"];
  const shown = (value) => value && typeof value === "object" ? mean(value) : three(value);
  return section("classes", "Classes", "Figures of the validation recordings, each scored by a model that was not trained on it.", table,
    h("details", {}, h("summary", {}, "All figures"), h("div", { class: "columns" },
      definitions(names.filter((name) => figures[name] !== null).map((name) => [metricName(name), shown(figures[name])])),
      definitions([["Of each fold", record.validation.folds.map(three).join(", ")]]))));
}

// The recordings as objects; the page has them column by column.
function recordings({ clips }) {
  return clips.names.map((name, n) => {
    const scores = clips.scores[n];
    const predicted = clips.predicted[n];
    const labels = clips.labels[n];
    const isRight = predicted.length === labels.length && predicted.every((one) => labels.includes(one));
    return { n, name, labels, predicted, scores, isRight, wrong: clips.wrong[n], group: clips.groups[n], fold: clips.folds[n],
      files: clips.files[n], cams: clips.cams[n] };
  });
}

function confusionSection(run, browser) {
  const names = run.record.classes;
  const isSingle = !run.record.experiment.data.multi_label;
  const tables = ["", "test"].map((side) => {
    const isHere = (one) => (one.fold === "test") === (side === "test");
    const all = browser.all.filter(isHere);
    if (side && !all.length) return null;
    const chosen = { choose(test, text) {
      for (const other of tables) if (other && other !== table) other.clear();
      browser.choose(test && ((one) => isHere(one) && test(one)), test && (side ? `${text}, test` : text));
    } };
    const table = isSingle ? singleTable(names, all, chosen) : severalTable(names, all, chosen);
    return table;
  });
  browser.onReset = () => tables.forEach((table) => table && table.clear());
  return section("confusions", "Confusions", "Choose a cell to see and hear its recordings below.", tables[0].element,
    tables[1] ? [h("h3", {}, "Test recordings, by the final model"), tables[1].element] : null);
}

function singleTable(names, all, browser) {
  const counts = names.map(() => names.map(() => 0));
  for (const { labels, predicted } of all) if (labels.length) counts[labels[0]][predicted[0]] += 1;
  return confusionTable({
    caption: "Rows: the label. Columns: what was predicted.", rows: names, columns: names, count: (r, c) => counts[r][c],
    isRight: (r, c) => r === c,
    choose: (cell) => browser.choose(cell && ((one) => one.labels[0] === cell[0] && one.predicted[0] === cell[1]),
      cell && `${names[cell[0]]} predicted as ${names[cell[1]]}`),
  });
}

function severalTable(names, all, browser) {
  const is = [
    (one, c) => one.labels.includes(c) && one.predicted.includes(c), (one, c) => one.labels.includes(c) && !one.predicted.includes(c),
    (one, c) => !one.labels.includes(c) && one.predicted.includes(c),
  ];
  const counts = names.map((_, c) => is.map((test) => all.filter((one) => test(one, c)).length));
  const columns = ["found", "missed", "false"];
  return confusionTable({
    caption: "How often each class was found, missed, and predicted without being there.", rows: names, columns,
    count: (r, c) => counts[r][c], isRight: (_, c) => c === 0,
    choose: (cell) => browser.choose(cell && ((one) => is[cell[1]](one, cell[0])), cell && `${names[cell[0]]}, ${columns[cell[1]]}`),
  });
}

// The validation recordings as cards, with filters. `choose` is called by the confusion matrix.
function clipBrowser(run) {
  const all = recordings(run);
  const names = run.record.classes;
  const state = { order: "worst", right: "", label: "", fold: "", text: "", cell: null };
  const count = h("span", { class: "count", role: "status" });
  const chosen = h("button", { class: "button", type: "button", hidden: true, onclick: () => { browser.choose(null); browser.onReset(); } });
  const list = cardList((one) => recordingCard(one, names));
  const orders = { worst: (a, b) => b.wrong - a.wrong, best: (a, b) => a.wrong - b.wrong, name: (a, b) => compare(a.name, b.name) };

  function fill() {
    const wanted = all.filter((one) => (!state.cell || state.cell(one)) && (!state.right || (state.right === "right") === one.isRight)
      && (state.label === "" || one.labels.includes(Number(state.label))) && (state.fold === "" || one.fold === state.fold)
      && (!state.text || `${one.name} ${one.group}`.toLowerCase().includes(state.text)));
    wanted.sort(orders[state.order]);
    count.textContent = `${whole(wanted.length)} of ${whole(all.length)} recordings`;
    list.fill(wanted);
  }

  const filter = (label, key, options) => choice(label, options, (value) => { state[key] = value; fill(); })[0];
  const folds = [...new Set(run.clips.folds)].sort(compareNumbers);
  const search = h("input", { type: "search", placeholder: "name or group", oninput: () => { state.text = search.value.toLowerCase(); fill(); } });
  const filters = h("div", { class: "filters" },
    filter("Order", "order", [["worst", "worst first"], ["best", "best first"], ["name", "by name"]]),
    filter("Predictions", "right", [["", "all"], ["wrong", "wrong"], ["right", "right"]]),
    filter("Label", "label", [["", "all"], ...names.map((name, n) => [n, name])]),
    folds.length > 1 ? filter("Fold", "fold", [["", "all"], ...folds.map((fold) => [fold, fold])]) : null,
    h("label", {}, "Search", search), chosen, count);
  const browser = {
    all, onReset: () => {},
    section: section("clips", "Recordings", "Press a spectrogram to hear it. The worst are those whose scores are furthest from their labels.", filters, list.element),
    choose(test, text) {
      state.cell = test;
      chosen.hidden = !test;
      chosen.textContent = test ? `${text} ✕` : "";
      fill();
      if (test) document.getElementById("clips").scrollIntoView();
    },
  };
  fill();
  return browser;
}

const compareNumbers = (a, b) => a.localeCompare(b, undefined, { numeric: true });

function recordingCard(one, names) {
  const label = one.labels.map((n) => names[n]).join(", ") || "no class";
  const predicted = one.predicted.map((n) => names[n]).join(", ") || "nothing";
  const card = clipCard(one.name, one.files,
    h("div", { class: "verdict" }, h("span", {}, label),
      one.isRight ? h("span", { class: "ok" }, "✓ right") : h("span", { class: "bad" }, `✗ heard as ${predicted}`)),
    scoreBars(one, names), h("small", { class: "faint" }, [one.group && `group ${one.group}`, `fold ${one.fold}`].filter(Boolean).join(", ")),
    one.cams ? camButtons(one, names, () => card) : null);
  return card;
}

function scoreBars({ scores, labels }, names) {
  const best = scores.map((score, n) => [score, n]).sort((a, b) => b[0] - a[0]).slice(0, 3);
  for (const n of labels.slice(0, 1)) if (!best.some((one) => one[1] === n)) best[best.length - 1] = [scores[n], n];
  return h("ul", { class: "scores", "aria-label": "Scores" }, best.map(([score, n]) =>
    h("li", { class: labels.includes(n) ? "truth" : null }, h("span", { title: names[n] }, names[n]),
      h("span", { class: "bar" }, h("i", { style: `width:${score * 100}%` })), h("span", {}, two(score)))));
}

// Buttons that show which parts of the spectrogram a class's score depends on.
function camButtons(one, names, card) {
  const buttons = one.cams.map(([n, file]) => {
    const button = h("button", { class: "button cam", type: "button", "aria-pressed": "false", onclick: () => {
      const isOn = button.getAttribute("aria-pressed") === "false";
      for (const other of buttons) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", String(isOn));
      card().querySelector("img").src = `clips/${isOn || !one.files ? file : one.files[1]}`;
      card().querySelector(".picture").classList.toggle("map", isOn);
    } }, `why ${names[n]}?`);
    return button;
  });
  return h("div", { class: "verdict" }, buttons);
}

function curveSection({ curves }) {
  if (!curves.length) return null;
  const many = curves.length > 13;
  const traces = (key) => () => curves.map((one, n) => line(one.name || "mean", one[key].x, one[key].y, n === 0 ? 7 : n - 1,
    n === 0 ? { line: { color: colour("ink"), width: 3 } } : many ? { visible: "legendonly" } : {}));
  const diagonal = () => ({ ...line("chance", [0, 1], [0, 1], 7), line: { color: colour("line"), dash: "dot", width: 1 }, showlegend: false, hoverinfo: "skip" });
  const range = [-.02, 1.02];
  return section("curves", "Curves", many ? "Choose classes in the legends." : null, h("div", { class: "charts" },
    chart("ROC", "True over false positive rate", () => [...traces("roc")(), diagonal()],
      { x: { title: "False positive rate", range }, y: { title: "True positive rate", range }, tall: true }),
    chart("Precision and recall", null, traces("recall"), { x: { title: "Recall", range }, y: { title: "Precision", range }, tall: true })));
}

function thresholdSection({ thresholds }) {
  if (!thresholds.length) return null;
  const grid = thresholds[0].f1.map((_, n) => n / (thresholds[0].f1.length - 1));
  const traces = (one) => () => [line("precision", grid, one.precision, 0), line("recall", grid, one.recall, 1), line("F1", grid, one.f1, 2)];
  const axes = { x: { title: "Threshold", range: [-.02, 1.02] }, y: { range: [-.02, 1.02] }, hover: "x unified" };
  const figure = chart("Precision, recall and F1 over the threshold", null, traces(thresholds[0]), axes);
  const [label] = choice("Class", thresholds.map((one, n) => [n, one.name]), (n) => redraw(figure, traces(thresholds[n])));
  const at = (one, key) => one[key][Math.round(one.best * (grid.length - 1))];
  const table = sortable("Best threshold of each class", [
    { title: "Class", text: true, value: (one) => one.name, cell: (one) => one.name },
    { title: "Threshold", value: (one) => one.best, cell: (one) => two(one.best) },
    ...["precision", "recall", "f1"].map((key) => ({ title: key === "f1" ? "F1" : key[0].toUpperCase() + key.slice(1), value: (one) => at(one, key), cell: (one) => three(at(one, key)) })),
  ], thresholds);
  return section("thresholds", "Thresholds", "The thresholds of the table give the highest F1 on these very recordings, so expect a little less of others.",
    h("div", { class: "columns" }, h("div", {}, h("div", { class: "filters" }, label), figure), table));
}

function trainingSection({ courses }) {
  if (!courses.length) return null;
  return section("training", "Training", null, h("div", { class: "charts" }, trainingCharts([{ courses }])));
}

function batchSection({ batch }) {
  if (!batch.length) return null;
  return section("batch", "A training batch", "Chunks as the network gets them, after augmentation.", h("div", { class: "batch" },
    batch.map(({ picture, label }) => h("figure", {}, h("img", { src: `clips/${picture}`, alt: "", loading: "lazy" }), h("figcaption", {}, label)))));
}

function modelSection({ model, record }) {
  return section("model", "Model", null,
    definitions([["Kind", record.experiment.model.kind], ["Parameters", model.parameters === null ? null : whole(model.parameters)],
      ...model.files.map((file) => [file.name, bytes(file.size)]), ...model.cost]),
    model.summary ? h("details", {}, h("summary", {}, "Layers and settings"), h("pre", { tabindex: "0" }, model.summary)) : null);
}

function recipeSection({ record, recipe }) {
  const left = Object.entries(record.left);
  return section("recipe", "Recipe", null,
    definitions([["Seed", String(record.seed)], ["Commit", record.git ? record.git.commit : null], ["Data", record.data_sha256],
      ["Left out", left.map(([reason, count]) => `${count} ${reason}`).join(", ") || "nothing"], ["Duration", duration(record.seconds)]]),
    recipe ? h("pre", { tabindex: "0" }, recipe) : null,
    h("details", {}, h("summary", {}, "Versions"), definitions(Object.entries(record.versions))));
}
