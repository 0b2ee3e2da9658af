// The texts in the user's language. Each language is one JSON file.
const languages = ["en", "de"];
let texts = {};

export const language =
  navigator.languages.map((name) => name.slice(0, 2)).find((name) => languages.includes(name)) ?? "en";

export async function loadTexts() {
  const answer = await fetch(`static/${language}.json`);
  texts = await answer.json();
  document.documentElement.lang = language;
}

// The text of a key, with values in place of {name}.
export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const has = (key) => key in texts;
// A family by its name in this language; any other label of a model stays unaltered.
export const family = (name) =>
  texts[`family_${name}`] ?? (/^[a-z][a-z0-9_]*$/.test(name) ? name.replaceAll("_", " ") : name);
export const timeOf = (seconds) => new Date(seconds * 1000).toLocaleTimeString(language);
export const dateOf = (seconds) => new Date(seconds * 1000).toLocaleString(language);
export const number = (value, digits = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return text("seconds", { n: whole });
  return text("minutes", { n: Math.floor(whole / 60), s: String(whole % 60).padStart(2, "0") });
}
