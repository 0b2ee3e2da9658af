// Runs on the browser's audio thread: turns what the microphone hears into 16-bit samples.
const BLOCK = 8192;

class Recording extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Int16Array(BLOCK);
    this.filled = 0;
    this.isOpen = true;
    this.port.onmessage = () => this.end();
  }

  process([[samples]]) {
    for (const sample of samples ?? []) {
      this.block[this.filled] = Math.round(32767 * Math.max(-1, Math.min(1, sample)));
      this.filled += 1;
      if (this.filled === BLOCK) this.send();
    }
    return this.isOpen;
  }

  send() {
    this.port.postMessage(this.block.slice(0, this.filled));
    this.filled = 0;
  }

  // The last samples, and null as the end.
  end() {
    this.send();
    this.port.postMessage(null);
    this.isOpen = false;
  }
}

registerProcessor("recording", Recording);
