"use strict";

// One sound plays at a time.
const player = new Audio();
let playing = null;

player.addEventListener("ended", stop);

function stop() {
  player.pause();
  if (!playing) return;
  playing.classList.remove("playing");
  playing.setAttribute("aria-label", playing.getAttribute("aria-label").replace("Pause", "Play"));
  playing = null;
}

function toggle(button, sound) {
  const isPlaying = playing === button;
  stop();
  if (isPlaying) return;
  playing = button;
  player.src = sound;
  button.classList.add("playing");
  button.setAttribute("aria-label", button.getAttribute("aria-label").replace("Play", "Pause"));
  player.play().catch(stop);
  requestAnimationFrame(follow);
}

function follow() {
  if (!playing) return;
  const share = player.duration ? Math.min(1, player.currentTime / playing.seconds) : 0;
  playing.querySelector("i").style.left = `${share * 100}%`;
  requestAnimationFrame(follow);
}

// The spectrogram of a recording, which plays it; `files` is [sound, picture, seconds] or null.
function picture(name, files) {
  if (!files) return h("div", { class: "picture silent" });
  const [sound, image, seconds] = files;
  const button = h("button", { class: "picture", type: "button", "aria-label": `Play ${name}`, onclick: () => toggle(button, `clips/${sound}`) },
    h("img", { src: `clips/${image}`, alt: "", loading: "lazy", decoding: "async" }), h("i"));
  button.seconds = seconds;
  return button;
}

// A recording as a card; `lines` are what is said of it.
function clipCard(name, files, ...lines) {
  return h("article", { class: "clip" }, picture(name, files),
    h("div", { class: "about" }, h("div", { class: "title" }, breakable(name)), ...lines));
}

// Cards of which only some are shown at first; `card(item)` makes one.
function cardList(card, most = 12) {
  const grid = h("div", { class: "clips" });
  const more = h("button", { class: "button", type: "button", onclick: () => add() }, "Show more");
  let items = [];
  let shown = 0;

  function add() {
    grid.append(...items.slice(shown, shown + most).map(card));
    shown = Math.min(items.length, shown + most);
    more.hidden = shown >= items.length;
  }

  function fill(all) {
    items = all;
    shown = 0;
    grid.replaceChildren();
    add();
  }

  return { element: h("div", {}, grid, h("p", { style: "margin-top:1rem" }, more)), fill };
}
