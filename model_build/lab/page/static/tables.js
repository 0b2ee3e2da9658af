"use strict";

// A table that can be sorted by its columns: {title, value(row), cell(row), text}. A column of text
// sorts by letters, the others by numbers, with missing values last.
function sortable(label, columns, rows, sortedBy = null) {
  const body = h("tbody");
  let order = sortedBy || { column: null, falling: true };
  const heads = columns.map((column) => h("th", { scope: "col", class: column.text ? "text" : null },
    column.value ? h("button", { class: "sort", type: "button", onclick: () => sortBy(column) }, column.title) : column.title));
  const table = h("table", { class: "list", "aria-label": label }, h("thead", {}, h("tr", {}, heads)), body);

  function sortBy(column) {
    const falling = order.column === column ? !order.falling : !column.text;
    order = { column, falling };
    fill();
  }

  function fill(shown = rows) {
    rows = shown;
    const { column, falling } = order;
    heads.forEach((head, n) => {
      if (columns[n] === column) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const sorted = column ? [...rows].sort((a, b) => compare(column.value(a), column.value(b), falling)) : rows;
    body.replaceChildren(...sorted.map((row) => h("tr", {}, columns.map((one, n) =>
      h(n === 0 ? "th" : "td", { scope: n === 0 ? "row" : null, class: one.text ? `text ${one.wrap ? "wrap" : ""}` : null }, one.cell(row))))));
  }

  fill();
  return Object.assign(h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, table), { fill });
}

function compare(a, b, falling) {
  const isMissing = (value) => value === null || value === undefined;
  if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
  const sign = falling ? -1 : 1;
  return sign * (typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b);
}

const meter = (value) => value === null || value === undefined ? null
  : h("span", { class: "meter", "aria-hidden": "true" }, h("i", { style: `width:${Math.max(0, Math.min(1, value)) * 100}%` }));
