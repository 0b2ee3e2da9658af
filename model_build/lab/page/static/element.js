"use strict";

// Build an element: h("p", {class: "faint"}, "text", child). Text is never parsed as HTML.
function h(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat(3).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

// A file name that can be broken after slashes and underscores.
function breakable(name) {
  return name.split(/(?<=[/_])/).flatMap((part) => [part, document.createElement("wbr")]);
}

// A section with a heading, and the entry that leads to it.
function section(id, title, lead, ...children) {
  return h("section", { id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title), lead ? h("p", {}, lead) : null, ...children);
}

// Show sections, with links to them if there are several.
function show(sections) {
  const shown = sections.filter(Boolean);
  const titled = shown.filter((one) => one.id);
  const jumps = h("nav", { class: "jumps", "aria-label": "Sections" },
    titled.map((one) => h("a", { href: `#${one.id}` }, one.querySelector("h2").textContent)));
  const main = document.getElementById("main");
  main.replaceChildren(...(titled.length > 2 ? [jumps] : []), ...shown);
}

function tile(name, value, measured, note) {
  const interval = measured && measured.interval;
  return h("div", { class: "tile" },
    h("span", { class: "name" }, name), h("span", { class: "value" }, value),
    interval ? intervalBar(measured) : null,
    interval ? h("small", { class: "faint" }, `95 % interval ${three(interval[0])} to ${three(interval[1])}`) : null,
    note ? h("small", { class: "faint" }, note) : null);
}

function intervalBar({ value, interval }) {
  const [low, high] = interval.map((one) => Math.min(1, Math.max(0, one)));
  return h("div", { class: "interval", "aria-hidden": "true" },
    h("i", { style: `left:${low * 100}%;width:${(high - low) * 100}%` }), h("b", { style: `left:${value * 100}%` }));
}

function choice(label, options, onchange) {
  const select = h("select", { onchange: () => onchange(select.value) },
    options.map(([value, text]) => h("option", { value }, text)));
  return [h("label", {}, label, select), select];
}

function definitions(pairs) {
  return h("dl", {}, pairs.filter(([, value]) => value !== null && value !== "" && value !== undefined)
    .flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}
