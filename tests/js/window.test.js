import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { RadiographWindow } from "../../static/js/viewer/window.js";

const URLS = { choices: "/window.json", image: "/window.png", preview: "/preview.webp", original: "/original.png" };
const CHOICES = { low: 0, high: 1000, least_width: 1, inverted: false, windows: [{ kind: "shown", centre: 500, width: 400 }] };
const realFetch = globalThis.fetch;

/** A stage that counts the images that it gets; the first `bad` of them cannot be drawn. */
class FakeStage {
  constructor(bad = 0) {
    /** @type {string[]} */
    this.images = [];
    this.bad = bad;
  }

  /** @param {string} address */
  async setImage(address) {
    this.images.push(address);
    if (this.images.length <= this.bad) throw new Error("The image cannot be drawn.");
  }

  showLive() {}
}

/** @param {(address: string) => Response} answer */
function serve(answer) {
  /** @type {string[]} */
  const asked = [];
  globalThis.fetch = async (address) => {
    asked.push(String(address));
    return answer(String(address));
  };
  return asked;
}

/** @param {FakeStage} stage */
function windowOn(stage) {
  /** @type {number[]} */
  const failures = [];
  const radiographWindow = new RadiographWindow(URLS, (status) => failures.push(status));
  radiographWindow.join(/** @type {any} */ (stage));
  return { radiographWindow, failures };
}

async function settled() {
  for (let n = 0; n < 20; n += 1) await setImmediate();
}

afterEach(() => {
  globalThis.fetch = realFetch;
});

test("an image that cannot be drawn does not keep the next one from being shown", async () => {
  serve(() => new Response("x"));
  const stage = new FakeStage(1);
  const { radiographWindow, failures } = windowOn(stage);
  radiographWindow.showEveryPixel();
  await settled();
  radiographWindow.set({ centre: 1, width: 2 }, true);
  await settled();
  assert.equal(stage.images.length, 2);
  assert.deepEqual(failures, [0]);
});

test("choices that did not come are asked for again", async () => {
  let isUp = false;
  const asked = serve(() => (isUp ? Response.json(CHOICES) : new Response("", { status: 503 })));
  const { radiographWindow, failures } = windowOn(new FakeStage());
  assert.equal(await radiographWindow.load(), false);
  isUp = true;
  assert.equal(await radiographWindow.load(), true);
  assert.equal(await radiographWindow.load(), true);
  assert.equal(asked.length, 2);
  assert.deepEqual(failures, [503]);
});

test("an answer that is no JSON is a failure like any other", async () => {
  serve(() => new Response("<html>"));
  const { radiographWindow, failures } = windowOn(new FakeStage());
  assert.equal(await radiographWindow.load(), false);
  assert.deepEqual(failures, [0]);
});

test("of many windows that are asked for while one is rendered only the newest is", async () => {
  const asked = serve((address) => (address === URLS.choices ? Response.json(CHOICES) : new Response("x")));
  const { radiographWindow } = windowOn(new FakeStage());
  await radiographWindow.load();
  for (let down = 1; down <= 9; down += 1) radiographWindow.dragged({ centre: 500, width: 400 }, 0, down, down === 9);
  await settled();
  const images = asked.filter((address) => address.startsWith(URLS.image));
  assert.equal(images.length, 2);
  assert.match(images[1], /centre=511\.25/);
});

test("a window is held within what the radiograph allows", async () => {
  serve(() => Response.json(CHOICES));
  const { radiographWindow } = windowOn(new FakeStage());
  await radiographWindow.load();
  radiographWindow.own({ centre: 1e9, width: 0 }, false);
  assert.deepEqual(radiographWindow.now, { centre: 5000, width: 1 });
});

test("every pixel is put in place of the preview once, and not over a window that is set", async () => {
  serve(() => new Response("x"));
  const stage = new FakeStage();
  const { radiographWindow } = windowOn(stage);
  radiographWindow.showEveryPixel();
  radiographWindow.showEveryPixel();
  await settled();
  assert.deepEqual(stage.images, [URLS.original]);
});
