// The messages of the daemon. The browser reconnects by itself unless the daemon refuses.
const RETRY_MILLISECONDS = 4000;
const BUSY_MILLISECONDS = 1000;
const token = document.querySelector('meta[name="timbrel-token"]').content;

export function watch(onMessage, onTrouble) {
  const source = new EventSource("api/live");
  source.onmessage = (event) => {
    onTrouble(false);
    onMessage(JSON.parse(event.data));
  };
  source.onerror = () => {
    onTrouble(true);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => reconnect(onMessage, onTrouble), RETRY_MILLISECONDS);
  };
}

async function reconnect(onMessage, onTrouble) {
  try {
    const answer = await fetch("api/health");
    if (answer.status === 401) return location.assign("login");
  } catch {
    // The daemon is not there yet.
  }
  watch(onMessage, onTrouble);
}

// Send JSON; return the reason of a refusal, or null.
export async function send(path, body) {
  try {
    const headers = { "content-type": "application/json", "x-timbrel-page": token };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.ok) return null;
    return (await answer.json()).error;
  } catch (error) {
    return String(error.message ?? error);
  }
}

// Return the names of the models that a file can be heard with, the usual one first.
export async function hearModels() {
  try {
    const answer = await fetch("api/hear");
    return answer.ok ? (await answer.json()).models : [];
  } catch {
    return [];
  }
}

// Send a file; call `onProgress` with the seconds that are done. Return the result, or throw the reason,
// with the status code of a refusal as `code`. While the daemon is busy, try up to `tries` times.
export async function hear(file, wantsNotes, model, onProgress, signal, tries) {
  const headers = { "content-type": "application/octet-stream", "x-timbrel-page": token };
  const path = `api/hear?notes=${wantsNotes ? 1 : 0}${model ? `&model=${encodeURIComponent(model)}` : ""}`;
  const answer = await fetch(path, { method: "POST", headers, body: file, signal });
  if (answer.status === 409 && tries > 1) {
    await new Promise((resolve) => setTimeout(resolve, BUSY_MILLISECONDS));
    return hear(file, wantsNotes, model, onProgress, signal, tries - 1);
  }
  if (!answer.ok) throw Object.assign(new Error((await answer.json()).error), { code: answer.status });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const message = JSON.parse(line);
      if (message.error) throw new Error(message.error);
      if (message.result) return message.result;
      onProgress(message.progress);
    }
    if (done) throw new Error("");
  }
}
