// The window of one radiograph. The server renders each from the true values: small ones while the reader drags, one at a
// time with only the newest waiting, and the whole picture when the drag ends.

const LIVE_LONG_SIDE = 800;
// Over so many screen pixels a drag doubles the width, or moves the centre by the width of the first window.
const DOUBLE_PX = 140;
const SHIFT_PX = 320;
const KEY_PX = 14;

const rounded = (value) => Number(value.toPrecision(6));

export class RadiographWindow {
  // urls: {choices, picture} of the API and {original} as the page has it; failed(status) when the server does not give one.
  constructor(urls, failed) {
    Object.assign(this, { urls, failed, stages: new Set(), listeners: new Set(), choices: null });
    this.now = null; // null: as shown at first
    this.choice = 0;
    this.image = null;
    this.busy = false;
    this.wanted = null;
    this.turn = 0;
  }

  onChange(listener) {
    this.listeners.add(listener);
  }

  tell() {
    for (const listener of this.listeners) listener(this);
  }

  async load() {
    this.loading ??= this.fetchChoices();
    await this.loading;
    // A failure is forgotten, so that the next call tries again.
    if (this.choices === null) this.loading = null;
    return this.choices !== null;
  }

  async fetchChoices() {
    const answer = await this.fetch(this.urls.choices);
    if (!answer) return;
    try {
      const { windows, ...range } = await answer.json();
      Object.assign(this, range, { choices: windows });
      this.tell();
    } catch {
      this.failed(0);
    }
  }

  async fetch(address, signal) {
    try {
      const answer = await fetch(address, { signal, headers: { Accept: "*/*" } });
      if (answer.ok) return answer;
      this.failed(answer.status);
    } catch (error) {
      if (error.name !== "AbortError") this.failed(0);
    }
    return null;
  }

  // The stages that show this radiograph

  join(stage) {
    this.stages.add(stage);
    if (this.picture) stage.setPicture(this.picture);
  }

  leave(stage) {
    this.stages.delete(stage);
  }

  // Choosing

  get centre() {
    return (this.now ?? this.choices?.[0])?.centre ?? null;
  }

  get width() {
    return (this.now ?? this.choices?.[0])?.width ?? null;
  }

  choose(n) {
    if (!this.choices) return;
    const { centre, width } = this.choices[n];
    this.choice = n;
    this.set(n === 0 ? null : { centre, width }, true);
  }

  step(by) {
    if (this.choices) this.choose((Math.max(this.choice, 0) + by + this.choices.length) % this.choices.length);
  }

  own({ centre, width }, isFinal) {
    this.choice = -1;
    const most = 4 * Math.max(this.high - this.low, this.least_width);
    const held = {
      centre: rounded(Math.min(Math.max(centre, this.low - most), this.high + most)),
      width: rounded(Math.min(Math.max(width, this.least_width), most)),
    };
    this.set(held, isFinal);
  }

  // From where a drag began, by so many screen pixels: up is brighter, right is softer.
  dragged(start, right, down, isFinal) {
    const step = (this.choices[0].width / SHIFT_PX) * (this.inverted ? -1 : 1);
    this.own({ centre: start.centre + down * step, width: start.width * 2 ** (right / DOUBLE_PX) }, isFinal);
  }

  nudge(right, down) {
    if (this.choices) this.dragged(this, right * KEY_PX, down * KEY_PX, true);
  }

  set(now, isFinal) {
    this.now = now;
    this.tell();
    this.wanted = { now, isFinal };
    if (!this.busy) this.work();
  }

  // Rendering

  async work() {
    this.busy = true;
    while (this.wanted) {
      const { now, isFinal } = this.wanted;
      this.wanted = null;
      try {
        await (isFinal ? this.showWhole(now) : this.showLive(now));
      } catch {
        this.failed(0);
      }
    }
    this.busy = false;
  }

  async showLive(now) {
    const address = await this.blobOf({ ...now, long_side: LIVE_LONG_SIDE });
    if (!address) return;
    for (const stage of this.stages) stage.showLive(address);
    this.forget("livePicture", address);
  }

  async showWhole(now) {
    const address = now ? await this.blobOf(now) : this.urls.original;
    if (!address) return;
    await Promise.all([...this.stages].map((stage) => stage.setPicture(address)));
    this.forget("picture", address);
    // The magnifier looks at the newest picture, and that is this one now.
    this.forget("livePicture", null);
  }

  async blobOf(query) {
    const answer = await this.fetch(`${this.urls.picture}?${new URLSearchParams(query)}`);
    return answer && URL.createObjectURL(await answer.blob());
  }

  // The address in use; the one before it is given back.
  forget(name, address) {
    const before = this[name];
    this[name] = address;
    if (before?.startsWith("blob:") && before !== address) setTimeout(() => URL.revokeObjectURL(before), 1000);
    this.tell();
  }
}
