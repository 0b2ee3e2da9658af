// The results of a recording as files, made in the browser from what the daemon has answered.
import { bytesOf, element } from "./element.js";
import { text } from "./text.js";

export function downloads(file, result) {
  const { midi, notices, ...found } = result;
  const name = file.name.replace(/\.[^.]*$/, "");
  const links = [
    download("JSON", `${name}.json`, "application/json", JSON.stringify({ file: file.name, ...found }, null, 1)),
    download("CSV", `${name}.csv`, "text/csv", csvOf(result)),
  ];
  if (midi) links.push(download("MIDI", `${name}.mid`, "audio/midi", bytesOf(midi)));
  else if (result.notes) links.push(element("span", { class: "explain" }, text("no_midi")));
  return element("p", {}, ...links.flatMap((link) => [link, " "]));
}

// One line a chunk.
function csvOf(result) {
  const head = ["start", "end", "level", ...result.families];
  if (result.notes) head.push("notes");
  const rows = result.chunks.map((chunk) => {
    const cells = [chunk.start, chunk.end, chunk.level, ...result.families.map((name) => chunk.scores[name])];
    if (result.notes) cells.push(notesOf(result, chunk));
    return cells.join(",");
  });
  return [head.map(quoted).join(","), ...rows, ""].join("\r\n");
}

// A cell of CSV (RFC 4180); labels can have any characters.
const quoted = (cell) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function download(kind, name, type, content) {
  const link = element("a", { download: name, href: URL.createObjectURL(new Blob([content], { type })) });
  link.append(text("download", { kind }));
  return link;
}

// The names of the notes that begin in a chunk, in order.
export function notesOf(result, chunk) {
  return result.notes
    .filter((note) => note.onset >= chunk.start && note.onset < chunk.end)
    .map((note) => note.note)
    .join(" ");
}
