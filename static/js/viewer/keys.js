// The viewer's keys. Letters work on the whole page unless the reader turns that off in the list under "?"; arrows and
// numbers only while the viewer has the focus; nothing works while somebody types.

const STORED = "viewer-keys";
const ACTS = {
  "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", "0": "fit", "1": "oneToOne",
  r: "rotateRight", R: "rotateLeft", ".": "turnRight", ",": "turnLeft",
  f: "flip", i: "invert", w: "window", m: "lens", l: "ruler", b: "marks", x: "reset", u: "full", "?": "keys",
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TYPED_INTO = "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=range], [type=button], [type=submit])";
const ONLY_IN_VIEWER = new Set([..."+=-01,.", ...Object.keys(ARROWS)]);

const stored = {
  get everywhere() {
    try {
      return localStorage.getItem(STORED) !== "viewer";
    } catch {
      return true; // A browser may forbid storage.
    }
  },
  set everywhere(isOn) {
    try {
      localStorage.setItem(STORED, isOn ? "page" : "viewer");
    } catch {
      // Only this page keeps the choice then.
    }
  },
};

export function installKeys(viewers) {
  const dialog = document.querySelector("[data-keys]");
  const box = dialog.querySelector("[data-keys-everywhere]");
  let everywhere = stored.everywhere;
  let last = viewers[0];
  box.checked = everywhere;
  box.addEventListener("change", () => {
    everywhere = box.checked;
    stored.everywhere = everywhere;
  });
  for (const viewer of viewers) {
    for (const kind of ["pointerdown", "focusin"]) viewer.card.addEventListener(kind, () => { last = viewer; });
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (document.querySelector("dialog[open]") || event.target.closest(TYPED_INTO)) return;
    const isInViewer = Boolean(event.target.closest(".frame, [data-tools]"));
    if (!isInViewer && (!everywhere || ONLY_IN_VIEWER.has(event.key))) return;
    if (press(last ?? viewers[0], event, viewers)) event.preventDefault();
  });
}

// Whether the key meant something.
function press(viewer, event, viewers) {
  const { key } = event;
  if (ARROWS[key]) {
    viewer.open();
    viewer.arrow(...ARROWS[key]);
    return true;
  }
  if (ACTS[key]) {
    viewer.act(ACTS[key], true);
    return true;
  }
  const more = {
    n: () => viewer.next(1),
    N: () => viewer.next(-1),
    p: () => step(viewer, 1),
    P: () => step(viewer, -1),
    v: () => show(viewers, viewer, 1),
    V: () => show(viewers, viewer, -1),
    s: showOther,
    d: () => viewer.card.querySelector("[data-draw]").click(),
    // A full screen ends by itself.
    Escape: () => viewer.setMode(null),
  };
  if (!more[key] || (key === "Escape" && viewer.mode === null)) return false;
  viewer.open();
  more[key]();
  return true;
}

async function step(viewer, by) {
  if (await viewer.window.load()) viewer.window.step(by);
}

function show(viewers, viewer, by) {
  const next = viewers[(viewers.indexOf(viewer) + by + viewers.length) % viewers.length];
  next.open();
  next.frame.scrollIntoView({ block: "center" });
  next.frame.focus({ preventScroll: true });
}

// Original, marked, side by side, and round again.
function showOther() {
  const choices = [...document.querySelectorAll("[data-toolbar] [name=view]")];
  choices[(choices.findIndex((choice) => choice.checked) + 1) % choices.length].click();
}
