// Draw spectrograms: one byte a pixel, column by column, the lowest band first.
import { bytesOf } from "./element.js";

const SECONDS = 20;
// A name that is missing for less than this long has not stopped, in seconds.
const LONGEST_GAP = 5;
const LONGEST_GAP_OF_NOTES = 1.5;
const palette = Array.from({ length: 256 }, (_, value) => {
  const x = value / 255;
  return [
    Math.round(255 * Math.min(1, Math.max(0, 1.9 * x - 0.75))),
    Math.round(255 * Math.min(1, Math.max(0, 1.3 * x ** 1.4))),
    Math.round(255 * Math.min(1, 0.08 + 0.85 * Math.sin(Math.PI * (0.15 + 0.6 * x)) * x ** 0.5)),
  ];
});

function imageOf(context, bytes, bands) {
  const columns = Math.floor(bytes.length / bands);
  if (!columns) return null;
  const image = context.createImageData(columns, bands);
  for (let column = 0; column < columns; column++) {
    for (let band = 0; band < bands; band++) {
      const to = 4 * ((bands - 1 - band) * columns + column);
      const [red, green, blue] = palette[bytes[column * bands + band]];
      image.data[to] = red;
      image.data[to + 1] = green;
      image.data[to + 2] = blue;
      image.data[to + 3] = 255;
    }
  }
  return image;
}

// Draw a whole picture into a canvas.
export function drawPicture(canvas, encoded, bands) {
  const bytes = bytesOf(encoded);
  canvas.width = Math.max(1, Math.floor(bytes.length / bands));
  canvas.height = bands;
  const context = canvas.getContext("2d");
  const image = imageOf(context, bytes, bands);
  if (image) context.putImageData(image, 0, 0);
}

// A picture that moves to the left, with the families that play and the notes that sound drawn over it.
export class Scrolling {
  constructor(canvas, over, { bands, columnsPerSecond, lowHz, highHz }) {
    this.canvas = canvas;
    this.over = over;
    this.bands = bands;
    this.range = [mel(lowHz), mel(highHz)];
    canvas.width = SECONDS * columnsPerSecond;
    canvas.height = bands;
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    this.stretches = [];
    this.notes = [];
  }

  add(encoded) {
    const image = imageOf(this.context, bytesOf(encoded), this.bands);
    if (!image) return;
    const { width, height } = this.canvas;
    const columns = Math.min(image.width, width);
    this.context.drawImage(this.canvas, columns, 0, width - columns, height, 0, 0, width - columns, height);
    this.context.putImageData(image, width - columns, 0);
  }

  // `names` are notes such as "C#4" that sound at a wall time in seconds.
  note(names, at, referenceHz = 440) {
    const notes = names.map((name) => ({ name, hertz: hertzOf(name, Number(referenceHz)) }));
    this.notes = extended(this.notes, notes, at, LONGEST_GAP_OF_NOTES);
  }

  // `playing` are names to show, `at` is a wall time in seconds.
  mark(playing, at, nameOf) {
    this.stretches = extended(this.stretches, playing.map((name) => ({ name })), at, LONGEST_GAP);
    const { over } = this;
    const scale = window.devicePixelRatio || 1;
    over.width = over.clientWidth * scale;
    over.height = over.clientHeight * scale;
    const context = over.getContext("2d");
    context.font = `${13 * scale}px system-ui, sans-serif`;
    context.lineWidth = 3 * scale;
    const x = (time) => Math.max(0, over.width * (1 - (at - time) / SECONDS));
    this.drawNotes(context, x, scale);
    const names = [...new Set(this.stretches.map((stretch) => stretch.name))];
    for (const { name, from, to } of this.stretches) {
      const y = (16 + 20 * names.indexOf(name)) * scale;
      context.strokeStyle = context.fillStyle = "#fff";
      context.shadowColor = "#000";
      context.shadowBlur = 4 * scale;
      context.beginPath();
      context.moveTo(x(from), y + 4 * scale);
      context.lineTo(Math.max(x(from) + 2, x(to)), y + 4 * scale);
      context.stroke();
      context.fillText(nameOf(name), Math.min(x(from), over.width - 90 * scale), y);
    }
  }

  drawNotes(context, x, scale) {
    const [lowest, highest] = this.range;
    context.fillStyle = "#fff";
    for (const { hertz, from, to } of this.notes) {
      const band = ((mel(hertz) - lowest) / (highest - lowest)) * (this.bands + 1) - 1;
      const y = context.canvas.height * (1 - (band + 0.5) / this.bands);
      context.fillRect(x(from) - 4 * scale, y - scale, Math.max(4 * scale, x(to) - x(from) + 4 * scale), 2 * scale);
    }
  }
}

const mel = (hertz) => 1127 * Math.log1p(hertz / 700);

// The stretches of time in which names were seen, with those seen at `at`.
function extended(stretches, seen, at, longestGap) {
  const kept = stretches.filter((stretch) => at - stretch.to < SECONDS);
  for (const each of seen) {
    const last = kept.findLast((stretch) => stretch.name === each.name);
    if (last && at - last.to < longestGap) last.to = at;
    else kept.push({ ...each, from: at, to: at });
  }
  return kept;
}

// The frequency of a note in scientific pitch, such as "Eb3".
function hertzOf(name, referenceHz) {
  const [, letter, signs, octave] = /^([A-G])([#b]*)(-?\d+)$/.exec(name) ?? [];
  if (!letter) return 0;
  const semitone = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 }[letter];
  const shift = [...signs].reduce((sum, sign) => sum + (sign === "#" ? 1 : -1), 0);
  return referenceHz * 2 ** ((12 * (Number(octave) + 1) + semitone + shift - 69) / 12);
}
