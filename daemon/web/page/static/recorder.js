// Record with the browser's microphone as a WAV file of 16 bits; the sound stays in this tab.
const HEADER_BYTES = 44;
const START_MILLISECONDS = 5000;
// Effects for speech would change the music.
const CONSTRAINTS = { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } };

// The key of the text that says why this browser cannot record here, or null if it can.
export function recordingFault() {
  if (!window.isSecureContext) return "record_insecure";
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) return "record_unsupported";
  return null;
}

// The key of the text for an error of `start`.
export function recordingErrorOf(error) {
  if (error.name === "NotAllowedError") return "record_denied";
  return error.name === "NotFoundError" ? "record_missing" : "record_failed";
}

export class Recorder {
  // `onSeconds` gets the length so far; `onEnd` gets the file once the recording has ended.
  constructor(mostBytes, onSeconds, onEnd) {
    this.mostBytes = mostBytes;
    this.onSeconds = onSeconds;
    this.onEnd = onEnd;
    this.blocks = [];
    this.bytes = HEADER_BYTES;
  }

  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
    try {
      this.context = new AudioContext();
      await this.context.audioWorklet.addModule("static/recording_worklet.js");
      const options = { channelCount: 1, channelCountMode: "explicit", numberOfInputs: 1, numberOfOutputs: 1 };
      this.node = new AudioWorkletNode(this.context, "recording", options);
      await running(this.context);
    } catch (error) {
      this.release();
      throw error;
    }
    this.node.port.onmessage = ({ data }) => this.take(data);
    this.context.createMediaStreamSource(this.stream).connect(this.node);
    // The node's output is silent; connected, it is sure to run.
    this.node.connect(this.context.destination);
    for (const track of this.stream.getTracks()) track.addEventListener("ended", () => this.stop());
  }

  stop() {
    this.node.port.postMessage("end");
  }

  take(block) {
    if (!this.context) return; // It was told to stop twice.
    if (block === null) return this.finish();
    this.blocks.push(block);
    this.bytes += block.byteLength;
    this.onSeconds((this.bytes - HEADER_BYTES) / 2 / this.context.sampleRate);
    if (this.bytes + 2 * block.byteLength > this.mostBytes) this.stop();
  }

  finish() {
    const header = wavHeader(this.bytes - HEADER_BYTES, this.context.sampleRate);
    this.release();
    this.onEnd(new File([header, ...this.blocks], "recording.wav", { type: "audio/wav" }));
  }

  release() {
    for (const track of this.stream.getTracks()) track.stop();
    this.context?.close();
    this.context = null;
  }
}

// The browser may have suspended the context while it asked for permission. Some need a sound output.
async function running(context) {
  const late = new Promise((_, reject) => setTimeout(reject, START_MILLISECONDS, new Error("no sound output")));
  await Promise.race([context.resume(), late]);
}

// The head of a WAV file with one channel of 16-bit samples.
function wavHeader(dataBytes, rate) {
  const head = new DataView(new ArrayBuffer(HEADER_BYTES));
  const letters = (at, word) => [...word].forEach((letter, index) => head.setUint8(at + index, letter.charCodeAt(0)));
  letters(0, "RIFF");
  head.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  letters(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, rate, true);
  head.setUint32(28, 2 * rate, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  letters(36, "data");
  head.setUint32(40, dataBytes, true);
  return head;
}
