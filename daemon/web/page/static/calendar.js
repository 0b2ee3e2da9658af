// Days of the daemon's calendar, such as "2026-03-29". Sums are made in UTC, where each day has 24 hours.
import { language } from "./text.js";

const DAY = 86_400_000;

export const plus = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);
export const weekday = (day) => (new Date(day).getUTCDay() + 6) % 7;
export const mondayOf = (day) => plus(day, -weekday(day));

export function dayText(day, options = { dateStyle: "full" }) {
  return new Date(day).toLocaleDateString(language, { timeZone: "UTC", ...options });
}

// The clock at the daemon in "2026-03-29T18:05:12.000+02:00", whatever the time zone of the browser.
export const clockText = (time) =>
  new Date(`${time.slice(0, 19)}Z`).toLocaleString(language, { timeZone: "UTC", dateStyle: "medium", timeStyle: "short" });
