"use strict";

// What was predicted for each class, as a table whose cells choose their recordings. `count(row,
// column)` is the number in a cell.
function confusionTable({ caption, rows, columns, count, isRight, choose }) {
  const buttons = [];
  const tall = columns.length > 6;
  const head = h("tr", {}, h("td"), columns.map((name) => h("th", { scope: "col" }, h("span", {}, name))));
  const body = rows.map((row, r) => {
    const counts = columns.map((_, c) => count(r, c));
    const total = counts.reduce((sum, one) => sum + one, 0);
    return h("tr", {}, h("th", { scope: "row" }, row), counts.map((number, c) => cell(r, c, number, total)));
  });

  function cell(r, c, number, total) {
    if (!number) return h("td", {}, h("span", { class: "none" }, "0"));
    const share = .08 + .72 * number / total;
    const button = h("button", {
      type: "button", style: `--share:${(share * .6).toFixed(3)}`, "aria-pressed": "false",
      "aria-label": `${rows[r]}, ${columns[c]}: ${number}`, title: `${rows[r]} → ${columns[c]}: ${number} of ${total}`,
      onclick: () => {
        const isChosen = button.getAttribute("aria-pressed") === "true";
        clear();
        button.setAttribute("aria-pressed", String(!isChosen));
        choose(isChosen ? null : [r, c]);
      },
    }, whole(number));
    buttons.push(button);
    return h("td", { class: isRight(r, c) ? "right" : "wrong" }, button);
  }

  function clear() {
    for (const one of buttons) one.setAttribute("aria-pressed", "false");
  }

  const table = h("table", { class: `confusion ${tall ? "tall" : ""}` }, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, body));
  return { element: h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Confusion matrix" }, table), clear };
}
