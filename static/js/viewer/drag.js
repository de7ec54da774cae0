// Dragging for brightness and contrast: with the right button at any time, with the left one or a finger in its mode. It
// is caught on its way down to the stage, which would move the picture.

export function dragWindow(frame, paneOf, isOn) {
  frame.addEventListener("pointerdown", (down) => {
    const isMeant = down.button === 2 || (down.button === 0 && down.isPrimary && isOn());
    const pane = paneOf();
    if (!isMeant || !pane || down.target.closest(".drawn, .ruler")) return;
    down.stopPropagation();
    down.preventDefault();
    follow(frame, pane.window, down);
  }, { capture: true });
  // The right button drags; with Shift a browser shows its menu all the same.
  frame.addEventListener("contextmenu", (event) => event.preventDefault());
}

async function follow(frame, radiographWindow, down) {
  const stop = new AbortController();
  const { signal } = stop;
  frame.setPointerCapture(down.pointerId);
  let last = null;
  let start = null;
  const apply = (isFinal) => radiographWindow.dragged(start, last.clientX - down.clientX, last.clientY - down.clientY, isFinal);
  frame.addEventListener("pointermove", (move) => {
    last = move;
    if (start) apply(false);
  }, { signal });
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, () => {
      stop.abort();
      if (start && last) apply(true);
    }, { signal });
  }
  if (await radiographWindow.load()) start = { centre: radiographWindow.centre, width: radiographWindow.width };
}
