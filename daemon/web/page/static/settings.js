// The settings of one place, as Home Assistant has them.
import { card, element } from "./element.js";
import { send } from "./stream.js";
import { family, has, text } from "./text.js";

export class SettingsView {
  constructor(place) {
    this.place = place;
    this.rows = Object.fromEntries(place.controls.map((control) => [control.leaf, new Setting(place, control)]));
    const rows = Object.values(this.rows).map((row) => row.root);
    this.root = card(text("settings"), element("p", { class: "explain" }, text(place.controls.length ? "explain_settings" : "no_settings")), ...rows);
    for (const [leaf, value] of Object.entries(place.states)) this.rows[leaf]?.show(value);
  }

  message(message) {
    if (message.type === "state" && message.place === this.place.name) this.rows[message.leaf]?.show(message.value);
  }
}

class Setting {
  constructor(place, control) {
    this.place = place;
    this.control = control;
    const id = `setting-${control.leaf}`;
    const base = control.family ? "family_sensitivity" : control.leaf;
    const name = text(`setting_${base}`, { family: family(control.family ?? "") });
    this.value = element("output", { for: id });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.input = this.makeInput(name);
    this.input.id = id;
    this.input.setAttribute("aria-describedby", `${id}-explain`);
    this.input.classList.add("control");
    const explain = has(`explain_${base}`) ? text(`explain_${base}`) : "";
    const label = element("label", { htmlFor: id }, name);
    this.root = element("div", { class: "setting" },
      element("div", { class: "row" }, label, this.input, this.value),
      element("p", { class: "explain", id: `${id}-explain` }, explain), this.fault);
  }

  makeInput(name) {
    const { control } = this;
    if (control.kind === "button") {
      return element("button", { type: "button", onclick: () => this.set("PRESS") }, name);
    }
    if (control.kind === "switch") {
      return element("input", { type: "checkbox", onchange: (event) => this.set(event.target.checked ? "ON" : "OFF") });
    }
    const change = (event) => this.set(event.target.value);
    if (control.kind === "select") {
      const options = control.choices.map((choice) => element("option", { value: choice }, text(`choice_${choice}`)));
      return element("select", { onchange: change }, ...options);
    }
    const input = element("input", { type: control.slider ? "range" : "number", onchange: change });
    input.min = control.min;
    input.max = control.max;
    input.step = control.step ?? "any";
    return input;
  }

  async set(value) {
    const fault = await send("api/set", { place: this.place.name, leaf: this.control.leaf, value });
    this.fault.textContent = fault ?? "";
    // After a refusal, show the value that is still in use.
    if (fault !== null) this.show(this.place.states[this.control.leaf]);
  }

  show(value) {
    if (value === undefined) return;
    if (this.control.kind === "switch") this.input.checked = value === "ON";
    else this.input.value = value;
    if (this.control.kind === "number") this.value.textContent = `${value} ${this.control.unit ?? ""}`;
  }
}
