// The drop zone of a study's page is seldom used: its scripts, of which sealing is the most, come when it is near.
import { find } from "../dom.js";

const form = find(document, "[data-uploader]", HTMLFormElement);
const inputs = ["[data-files-input]", "[data-folder-input]"].map((selector) => find(form, selector, HTMLInputElement));
/** @type {Promise<unknown> | null} */
let loading = null;

function load() {
  sight.disconnect();
  loading ??= import("./page.js");
  return loading;
}

const sight = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && load(), { rootMargin: "300px" });
sight.observe(form);
for (const kind of ["focusin", "pointerdown"]) form.addEventListener(kind, load, { once: true });
for (const kind of ["dragenter", "paste"]) document.addEventListener(kind, load, { once: true });
// Files that were chosen before the scripts are there are told to them again.
form.addEventListener("change", async ({ target }) => {
  const input = inputs.find((one) => one === target);
  if (!input || loading) return;
  await load();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}, { capture: true });
