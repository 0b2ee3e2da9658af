"use strict";

// The trials of a search, the best first.
function searchSection({ search }) {
  if (!search) return null;
  const table = sortable("Trials of the search", [
    { title: "Values", text: true, wrap: true, value: (one) => one.values, cell: (one) => [one.values, one.best ? [" ", h("span", { class: "badge" }, "best")] : null] },
    { title: metricName(search.metric), value: (one) => one.value, cell: (one) => valueCell(one) },
    { title: "Problem", text: true, wrap: true, value: (one) => one.problem, cell: (one) => one.problem },
  ], [...search.rows].sort((a, b) => b.best - a.best || compare(a.value, b.value, search.metric !== "hamming_loss")));
  return section("search", "Search", `Each trial was cross-validated on ${whole(search.clips)} recordings. This run is the best one; its figure is too good, because it was chosen by it.`, table);
}

// What the run's figure becomes without each part of the experiment.
function ablationSection({ ablation }) {
  if (!ablation) return null;
  const signed = (value) => value === null ? "–" : `${value < 0 ? "−" : "+"}${three(Math.abs(value))}`;
  const table = sortable("Ablation", [
    { title: "Without", text: true, value: (one) => one.name, cell: (one) => one.name },
    { title: metricName(ablation.metric), value: (one) => one.value, cell: (one) => three(one.value) },
    { title: "Difference", value: (one) => one.difference, cell: (one) => [signed(one.difference), one.interval ? h("small", {}, ` ${signed(one.interval[0])} to ${signed(one.interval[1])}`) : null] },
    { title: "Change", text: true, wrap: true, cell: (one) => one.problem || one.change },
  ], ablation.rows);
  return section("ablation", "Ablation", "The same experiment on the same folds without each part, with the 95 % interval of the difference. A part whose interval contains 0 has not been shown to help.", table);
}
