"use strict";

const METRICS = {
  accuracy: "Accuracy", balanced_accuracy: "Balanced accuracy", top3: "Top 3", map3: "mAP@3",
  roc_auc_macro: "ROC-AUC, macro", pr_auc_macro: "PR-AUC, macro", f1_macro: "F1, macro", f1_micro: "F1, micro",
  precision_macro: "Precision, macro", precision_micro: "Precision, micro",
  recall_macro: "Recall, macro", recall_micro: "Recall, micro", hamming_loss: "Hamming loss",
  calibration_error: "Calibration error", accepted_accuracy: "Accuracy with other accepted classes",
};

const metricName = (name) => METRICS[name] || name;
const three = (value) => value === null || value === undefined ? "–" : value.toFixed(3).replace(/^(-?)0\./, "$1.");
const two = (value) => value === null || value === undefined ? "–" : value.toFixed(2).replace(/^(-?)0\./, "$1.");
const whole = (value) => value.toLocaleString("en");

function duration(seconds) {
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

function bytes(size) {
  if (size < 1e5) return `${(size / 1e3).toFixed(1)} kB`;
  return size < 1e9 ? `${(size / 1e6).toFixed(size < 1e7 ? 1 : 0)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}

const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";

// A mean over classes as {value, over, of}.
const mean = (one) => one.over === one.of ? three(one.value) : `${three(one.value)} (over ${one.over} of ${one.of})`;
