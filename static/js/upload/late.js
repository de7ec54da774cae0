// The drop zone of a study's page is seldom used: its scripts, of which sealing is the most, come when it is near.

const form = document.querySelector("[data-uploader]");
const input = form.querySelector("input[type=file]");
let loading = null;

function load() {
  sight.disconnect();
  loading ??= import("./page.js");
  return loading;
}

const sight = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && load(), { rootMargin: "300px" });
sight.observe(form);
for (const kind of ["focusin", "pointerdown"]) form.addEventListener(kind, load, { once: true });
document.addEventListener("dragenter", load, { once: true });
// Files that were chosen before the scripts are there are told to them again.
form.addEventListener("change", async (event) => {
  if (event.target !== input || loading) return;
  await load();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}, { capture: true });
