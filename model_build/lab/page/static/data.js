"use strict";

// The page of the recordings of an experiment.
function showData(data) {
  document.getElementById("head").replaceChildren(
    h("a", { class: "crumb", href: "index.html" }, "← All experiments"), h("h1", {}, `Data of ${data.name}`),
    h("p", { class: "facts" }, dataFacts(data).map((fact) => h("span", {}, fact))));
  show([
    h("div", {}, dataTiles(data), notes(data.warnings)),
    duplicateSection(data), doubtSection(data), unusableSection(data), balanceSection(data), shortcutSection(data),
    technicalSection(data), exampleSection(data), tableSection(data), leftSection(data),
  ]);
}

const sideOf = (row) => row.side === "test" ? "test" : "training";

function dataFacts(data) {
  const sides = data.rows.filter((row) => row.side === "test").length;
  const seconds = data.rows.reduce((sum, row) => sum + row.seconds, 0);
  return [`${whole(data.rows.length - sides)} recordings for training and validation`, sides ? `${whole(sides)} for the test` : null,
    `${data.classes.length} classes`, duration(seconds)].filter(Boolean);
}

function dataTiles(data) {
  const contradicting = data.clusters.filter((one) => one.contradicts).length;
  const crossing = data.clusters.filter((one) => one.crosses).length;
  return h("div", { class: "tiles" },
    tile("Sounds more than once", whole(data.clusters.length), null, `${contradicting} with different labels, ${crossing} in training and test`),
    tile("Labels in doubt", whole(data.doubts.length), null, "by a forest that did not learn from them"),
    tile("Broken or silent", whole(data.broken.length + data.silent.length), null, `${whole(data.clipped.length)} clipped`),
    tile("Left out", whole(data.left.length), null, "rows and files that are not used"));
}

function rowCard(data, n, ...lines) {
  const row = data.rows[n];
  return clipCard(row.name, row.files, h("div", { class: "verdict" }, h("span", {}, row.labels.join(", ") || "no class"),
    h("span", { class: "badge" }, sideOf(row))), ...lines);
}

function duplicateSection(data) {
  if (!data.clusters.length) return null;
  const box = h("div");
  const more = h("button", { class: "button", type: "button", onclick: () => add(20) }, "Show more");
  let shown = 0;

  function add(count) {
    for (const one of data.clusters.slice(shown, shown + count)) box.append(clusterBlock(data, one));
    shown += count;
    more.hidden = shown >= data.clusters.length;
  }

  add(5);
  return section("duplicates", "Near-duplicates",
    "Recordings of the same sound, also with another file header, gain, start or codec. Different labels come first: at least one is wrong.", box, h("p", { style: "margin-top:1rem" }, more));
}

function clusterBlock(data, one) {
  return h("div", { class: "cluster" },
    h("p", {}, one.contradicts ? h("span", { class: "badge bad" }, "different labels") : null, " ",
      one.crosses ? h("span", { class: "badge bad" }, "training and test") : null, ` ${one.rows.length} recordings, similarity ${two(one.similarity)} or more`),
    h("div", { class: "clips" }, one.rows.slice(0, 8).map((n) => rowCard(data, n))),
    one.rows.length > 8 ? h("p", { class: "faint" }, `and ${one.rows.length - 8} more`) : null);
}

function doubtSection(data) {
  if (!data.doubts.length) return null;
  const list = cardList((one) => rowCard(data, one.row, h("div", {}, doubtText(one))), 8);
  list.fill(data.doubts);
  return section("doubts", "Labels in doubt", "A forest that did not learn from these recordings hears another class. It can be wrong: listen.", list.element);
}

function doubtText(one) {
  if (!one.label) return h("span", { class: "warn" }, `sounds like ${one.guess}, too (${two(one.guess_score)})`);
  return h("span", { class: "warn" }, one.guess ? `sounds like ${one.guess} (${two(one.guess_score)}), not ${one.label} (${two(one.score)})`
    : `does not sound like ${one.label} (${two(one.score)})`);
}

function unusableSection(data) {
  const kinds = [["broken", "cannot be decoded"], ["silent", "silent"], ["clipped", "clipped"]];
  const rows = kinds.flatMap(([key, text]) => data[key].map((n) => ({ ...data.rows[n], text, n })));
  if (!rows.length) return null;
  return section("unusable", "Broken, silent, clipped", null, sortable("Broken, silent and clipped recordings", [
    { title: "Recording", text: true, wrap: true, value: (row) => row.name, cell: (row) => row.name },
    { title: "What", text: true, value: (row) => row.text, cell: (row) => row.text },
    { title: "Detail", text: true, wrap: true, cell: (row) => row.problem && row.problem !== "silent" ? row.problem : row.clipped ? `${whole(row.clipped)} samples at full scale` : "" },
  ], rows));
}

function balanceSection(data) {
  const counts = (side) => data.classes.map((name) => data.rows.filter((row) => row.side === side && row.labels.includes(name)).length);
  const train = counts("train");
  const test = counts("test");
  const traces = () => [{ type: "bar", name: "training", x: data.classes, y: train, marker: { color: lineColour(0) } },
    ...(test.some(Boolean) ? [{ type: "bar", name: "test", x: data.classes, y: test, marker: { color: lineColour(1) } }] : [])];
  return section("classes", "Classes", null, h("div", { class: "charts" }, chart("Recordings of each class", null, traces, { legend: test.some(Boolean), tall: true, y: { title: "Recordings" } }),
    chart("Duration", "Seconds, by class", boxes(data, (row) => row.seconds), { legend: false, tall: true, y: { title: "Seconds", rangemode: "tozero" } }),
    chart("Level", "dBFS, by class", boxes(data, (row) => row.level), { legend: false, tall: true, y: { title: "dBFS" } })));
}

const boxes = (data, value) => () => data.classes.map((name, n) => ({
  type: "box", name, y: data.rows.filter((row) => !row.problem && row.labels.includes(name)).map(value), marker: { color: lineColour(n), size: 3 }, line: { width: 1.5 },
}));

function shortcutSection(data) {
  if (!data.shortcuts.length) return null;
  return section("shortcuts", "Shortcuts", "How well one technical fact alone predicts the class. If it does, a model can be right without listening. A duration can be natural: a kick lasts longer than a closed hat.",
    sortable("Shortcuts", [
      { title: "Fact", text: true, value: (one) => one.fact, cell: (one) => one.fact },
      { title: "Balanced accuracy", value: (one) => one.accuracy, cell: (one) => [two(one.accuracy), meter(one.accuracy)] },
      { title: "Chance", value: (one) => one.chance, cell: (one) => two(one.chance) },
      { title: "Shortcut", text: true, value: (one) => one.strength, cell: (one) => h("span", { class: one.strength === "strong" ? "bad" : one.strength === "weak" ? "warn" : "faint" }, one.strength) },
      { title: "Gives away", text: true, wrap: true, value: (one) => one.given_away.join(", "), cell: (one) => one.given_away.join(", ") },
    ], data.shortcuts));
}

function technicalSection(data) {
  const table = (title, key) => {
    const counts = new Map();
    for (const row of data.rows) counts.set(row[key], (counts.get(row[key]) || 0) + 1);
    return h("div", {}, h("h3", {}, title), sortable(title, [
      { title, text: true, value: (one) => one[0], cell: (one) => String(one[0] || "unknown") },
      { title: "Recordings", value: (one) => one[1], cell: (one) => whole(one[1]) },
    ], [...counts].sort((a, b) => b[1] - a[1])));
  };
  return section("formats", "Formats", null, h("div", { class: "columns" }, table("Sample rate, Hz", "rate"), table("File format", "format"), table("Channels", "channels")));
}

function exampleSection(data) {
  return section("examples", "Examples", "Some recordings of each class.", data.classes.map((name) => {
    const rows = data.rows.map((row, n) => [row, n]).filter(([row]) => row.files && row.labels.includes(name)).slice(0, 4);
    return rows.length ? [h("h3", {}, name), h("div", { class: "clips" }, rows.map(([, n]) => rowCard(data, n)))] : null;
  }));
}

function tableSection(data) {
  const search = h("input", { type: "search", placeholder: "name, class or group", oninput: () => fill() });
  const count = h("span", { class: "count", role: "status" });
  let most = 25;
  const more = h("button", { class: "button", type: "button", onclick: () => { most *= 4; fill(); } }, "Show more");
  const table = sortable("Recordings", [
    { title: "Recording", text: true, wrap: true, value: (row) => row.name, cell: (row) => row.name },
    { title: "Class", text: true, value: (row) => row.labels.join(", "), cell: (row) => row.labels.join(", ") },
    { title: "Group", text: true, value: (row) => row.group, cell: (row) => row.group },
    { title: "For", text: true, value: sideOf, cell: sideOf },
    { title: "Seconds", value: (row) => row.seconds, cell: (row) => row.seconds.toFixed(2) },
    { title: "Level, dBFS", value: (row) => row.level, cell: (row) => row.level.toFixed(1) },
    { title: "Peak, dBFS", value: (row) => row.peak, cell: (row) => row.peak.toFixed(1) },
  ], []);

  function fill() {
    const text = search.value.toLowerCase();
    const found = data.rows.filter((row) => `${row.name} ${row.labels.join(" ")} ${row.group}`.toLowerCase().includes(text));
    count.textContent = `${whole(Math.min(most, found.length))} of ${whole(found.length)} recordings`;
    table.fill(found.slice(0, most));
    more.hidden = most >= found.length;
  }

  fill();
  return section("recordings", "Recordings", null, h("div", { class: "filters" }, h("label", {}, "Search", search), count), table,
    h("p", { style: "margin-top:1rem" }, more));
}

function leftSection(data) {
  if (!data.left.length) return null;
  return section("left", "Left out", null, sortable("Left out", [
    { title: "Name", text: true, wrap: true, value: (one) => one.name, cell: (one) => one.name },
    { title: "Why", text: true, value: (one) => one.reason, cell: (one) => one.reason },
    { title: "Detail", text: true, wrap: true, cell: (one) => one.detail },
  ], data.left.slice(0, 500)));
}
