"use strict";

let plotly = null;
const drawn = new Map();

function loadPlotly() {
  plotly ||= new Promise((resolve) => {
    const script = h("script", { src: "assets/plotly.min.js" });
    script.addEventListener("load", () => resolve(window.Plotly));
    document.head.append(script);
  });
  return plotly;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const lineColour = (number) => colour(`c${number % 8 + 1}`);
const LINES = ["solid", "dash", "dot", "dashdot"];
const lineStyle = (number) => ({ color: lineColour(number), dash: LINES[Math.floor(number / 8) % 4], width: 2 });

// A figure whose chart is drawn when it comes into view. `traces` is a function, so that the colours
// follow the light or dark scheme; `axes` has the titles and ranges.
function chart(title, note, traces, axes = {}) {
  const plot = h("div", { class: `plot ${axes.tall ? "tallest" : ""}`, role: "img", "aria-label": title });
  const caption = h("figcaption", {}, title, note ? h("small", { class: "faint" }, note) : null);
  const figure = h("figure", { class: "chart" }, caption, plot);
  drawn.set(plot, { traces, axes, isShown: false });
  watcher.observe(plot);
  return figure;
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "200px" });

async function draw(plot) {
  const Plotly = await loadPlotly();
  const kept = drawn.get(plot);
  if (!kept || !plot.isConnected) return;
  kept.isShown = true;
  const traces = kept.traces();
  plot.style.setProperty("--legend", kept.axes.legend === false ? 0 : traces.filter((one) => one.showlegend !== false).length);
  await Plotly.react(plot, traces, layout(kept.axes), { displayModeBar: false, responsive: true });
  // The label of the figure says what the chart is; its parts are for the pointer only.
  for (const part of plot.querySelectorAll("svg")) part.setAttribute("aria-hidden", "true");
}

// Free the charts of an element that is removed.
function forget(element) {
  for (const plot of element.querySelectorAll(".plot")) {
    watcher.unobserve(plot);
    drawn.delete(plot);
    if (window.Plotly) window.Plotly.purge(plot);
  }
}

// Draw a chart again, with other traces.
function redraw(figure, traces, axes) {
  const plot = figure.querySelector(".plot");
  const kept = drawn.get(plot);
  Object.assign(kept, { traces, axes: axes || kept.axes });
  if (kept.isShown) draw(plot);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [plot, kept] of drawn) if (kept.isShown) draw(plot);
});

function axis(options = {}) {
  return {
    gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor: colour("line"), automargin: true,
    tickfont: { size: 12 }, ...options, title: { text: options.title || "", font: { size: 12 }, standoff: 8 },
  };
}

function layout(axes) {
  return {
    paper_bgcolor: "transparent", plot_bgcolor: "transparent",
    font: { color: colour("faint"), family: "system-ui, sans-serif", size: 12 },
    margin: { l: 48, r: 14, t: 12, b: 42 }, hovermode: axes.hover || "closest", dragmode: "zoom",
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink"), size: 12.5 } },
    showlegend: axes.legend !== false, legend: { orientation: "h", yref: "container", y: 0, yanchor: "bottom", x: 0, font: { size: 11.5 } },
    xaxis: axis(axes.x), yaxis: axis(axes.y), bargap: .35, ...axes.more,
  };
}

const line = (name, x, y, number, more = {}) => ({ type: "scatter", mode: "lines", name, x, y, line: lineStyle(number), ...more });

// Values (rows, columns) as colours, with the values written into the cells.
function heatMap(x, y, z, text) {
  const scale = [[0, colour("sunk")], [1, colour("heat")]];
  return {
    type: "heatmap", x, y, z, text, texttemplate: "%{text}", textfont: { color: colour("ink") }, colorscale: scale, zmin: 0, zmax: 1, xgap: 3, ygap: 3,
    hovertemplate: "%{y}<br>%{x}: %{text}<extra></extra>", colorbar: { thickness: 10, outlinewidth: 0, tickfont: { size: 11 } },
  };
}
