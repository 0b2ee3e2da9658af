"use strict";

// The charts of the courses of trainings: [{name, courses}], in one colour a name.
function trainingCharts(runs, title = (run, course) => course.name) {
  const several = (pick) => () => runs.flatMap((run, r) => run.courses.map((course, c) => {
    const [x, y, isDashed] = pick(course);
    const number = run.number ?? (runs.length > 1 ? r : c);
    const made = line(title(run, course), x, y, number);
    if (isDashed) made.line = { ...made.line, dash: "dot" };
    if (run.number !== undefined) Object.assign(made, { legendgroup: run.name, showlegend: c === 0, name: run.name, hovertext: course.name });
    return made;
  }).filter((one) => one.y.some((value) => value !== null)));
  const has = (key) => runs.some((run) => run.courses.some((course) => course[key].some((value) => value !== null)));
  const epochs = { x: { title: "Epoch" }, hover: "x unified" };
  return [
    chart("Learning rate", null, several((one) => [one.epochs, one.learning_rate]), { ...epochs, y: { tickformat: ".1e", rangemode: "tozero" } }),
    chart("Batch loss", "Training, batch by batch", several((one) => [one.steps, one.batch_loss]), { x: { title: "Batch" } }),
    chart("Training loss", "Mean of each epoch", several((one) => [one.epochs, one.loss]), epochs),
    has("validation_loss") ? chart("Validation loss", "On chunks that the network does not learn from",
      several((one) => [one.epochs, one.validation_loss]), epochs) : null,
    has("accuracy") ? chart("Validation accuracy", "On chunks that the network does not learn from",
      several((one) => [one.epochs, one.accuracy]), epochs) : null,
  ].filter(Boolean);
}
