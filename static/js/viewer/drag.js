// Dragging for brightness and contrast: with the right button at any time, with the left one or a finger in its mode. It
// is caught on its way down to the stage, which would move the image.
import { targetOf } from "../dom.js";

/**
 * @param {HTMLElement} frame
 * @param {() => import("./pane.js").Pane | null} paneOf
 * @param {() => boolean} isOn whether the mode is on
 */
export function dragWindow(frame, paneOf, isOn) {
  frame.addEventListener("pointerdown", (down) => {
    const isMeant = down.button === 2 || (down.button === 0 && down.isPrimary && isOn());
    const pane = paneOf();
    if (!isMeant || !pane || targetOf(down).closest(".drawn, .measures")) return;
    down.stopPropagation();
    down.preventDefault();
    follow(frame, pane.window, down);
  }, { capture: true });
  // The right button drags; with Shift a browser shows its menu all the same.
  frame.addEventListener("contextmenu", (event) => event.preventDefault());
}

/**
 * @param {HTMLElement} frame
 * @param {import("./window.js").RadiographWindow} radiographWindow
 * @param {PointerEvent} down
 */
async function follow(frame, radiographWindow, down) {
  const stop = new AbortController();
  const { signal } = stop;
  frame.setPointerCapture(down.pointerId);
  /** @type {PointerEvent | null} */
  let last = null;
  /** @type {import("./window.js").Numbers | null} */
  let start = null;
  /** @param {boolean} isFinal */
  const apply = (isFinal) => {
    if (start && last) radiographWindow.dragged(start, last.clientX - down.clientX, last.clientY - down.clientY, isFinal);
  };
  frame.addEventListener("pointermove", (move) => {
    last = move;
    apply(false);
  }, { signal });
  const end = () => {
    stop.abort();
    apply(true);
  };
  frame.addEventListener("pointerup", end, { signal });
  frame.addEventListener("pointercancel", end, { signal });
  if (!(await radiographWindow.load())) return;
  const { centre, width } = radiographWindow;
  if (centre !== null && width !== null) start = { centre, width };
}
