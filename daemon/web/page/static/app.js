// The page: its views, and the messages that they show.
import { element } from "./element.js";
import { HealthView } from "./health.js";
import { HearView } from "./hear.js";
import { HistoryView } from "./history.js";
import { LiveView } from "./live.js";
import { SettingsView } from "./settings.js";
import { send, watch } from "./stream.js";
import { loadTexts, text } from "./text.js";

const MOST = { event: 50, close: 50, change: 100 };
const byId = (id) => document.getElementById(id);
let store = null;
let view = null;
let chosen = null;
// Kept, so that a result stays while other views are shown.
let hearView = null;

const announce = (words) => {
  byId("announcer").textContent = words;
};

function keep(list, item, most) {
  list.push(item);
  if (list.length > most) list.shift();
}

function take(message) {
  if (message.type === "hello") {
    begin(message);
    return;
  }
  const place = store.places.find(({ name }) => name === message.place);
  if (message.type === "state" && place) place.states[message.leaf] = message.value;
  if (message.type === "window" && place) place.points = message.points;
  if (message.type === "event") {
    const index = store.events.findIndex(({ id }) => id === message.id);
    if (index >= 0) store.events[index] = message;
    else keep(store.events, message, MOST.event);
  }
  if (message.type === "close") keep(store.closeCalls, message, MOST.close);
  if (message.type === "change") keep(store.changes, message, MOST.change);
  view?.message?.(message);
}

function begin(hello) {
  const isHearing = view !== null && view === hearView;
  store = {
    places: hello.places,
    events: hello.events,
    closeCalls: hello.close_calls,
    changes: hello.changes,
    bands: hello.bands,
    eventBands: hello.event_bands,
    columnsPerSecond: hello.columns_per_second,
    lowHz: hello.low_hz,
    highHz: hello.high_hz,
  };
  if (!store.places.some(({ name }) => name === chosen)) chosen = store.places[0]?.name;
  showPlaces();
  if (!isHearing) show();
}

function showPlaces() {
  const box = byId("places");
  box.hidden = store.places.length < 2;
  box.setAttribute("aria-label", text("places"));
  box.replaceChildren(...store.places.map(({ name }) => {
    const pressed = String(name === chosen);
    const choose = () => {
      chosen = name;
      showPlaces();
      show();
    };
    return element("button", { type: "button", onclick: choose, "aria-pressed": pressed }, name);
  }));
}

function show() {
  if (!store) return;
  const names = ["live", "history", "hear", "settings", "health"];
  const asked = location.hash.slice(1);
  const name = names.includes(asked) ? asked : "live";
  for (const link of byId("views").children) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view?.close?.();
  const place = store.places.find((each) => each.name === chosen);
  if (name === "health") view = new HealthView(store);
  else if (name === "history") view = new HistoryView(place, announce);
  else if (name === "hear") view = hearView ??= new HearView();
  else if (name === "settings") view = new SettingsView(place);
  else view = new LiveView(store, place, announce);
  const title = element("h1", { class: "unseen" }, `Timbrel: ${text(name)}`);
  byId("view").replaceChildren(title, view.root);
  document.title = `${text(name)} · Timbrel`;
}

function trouble(is) {
  byId("trouble").hidden = !is;
  if (is) byId("trouble").textContent = text("no_answer");
}

await loadTexts();
for (const labelled of document.querySelectorAll("[data-text]")) {
  labelled.textContent = text(labelled.dataset.text);
}
byId("logout").addEventListener("click", async () => {
  await send("logout", {});
  location.assign("login");
});
window.addEventListener("hashchange", () => {
  if (location.hash !== "#main") show();
});
watch(take, trouble);
