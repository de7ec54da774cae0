// The result page: original, marked or side by side; hide boxes below a confidence; what was refused on the way here; what
// was written for the report.

import { Draft } from "../draft.js";
import { filled, percent as inPercent, wordsOf } from "../words.js";

const words = wordsOf("study");
const toolbar = document.querySelector("[data-toolbar]");
const confident = [...document.querySelectorAll("[data-confidence]")];
const rows = confident.filter((element) => element.tagName === "TR");

function show(view) {
  document.documentElement.dataset.view = view;
}

function hideBelow(percent) {
  toolbar.querySelector("[data-least-text]").textContent = inPercent(percent / 100);
  toolbar.querySelector("[data-least]").setAttribute("aria-valuetext", filled(words.percent, { n: percent }));
  for (const element of confident) {
    element.toggleAttribute("data-hidden", Math.round(Number(element.dataset.confidence) * 100) < percent);
  }
  const shown = rows.filter((row) => !row.hasAttribute("data-hidden")).length;
  toolbar.querySelector("[data-shown]").textContent = rows.length > 0 ? filled(words.shown, { n: shown, all: rows.length }) : words.nothing;
  document.dispatchEvent(new CustomEvent("boxes-changed"));
}

function light(row, isLit) {
  for (const other of confident) {
    if (other.dataset.row === row) other.classList.toggle("lit", isLit);
  }
}

function tellRejected() {
  const name = `rejected-${location.pathname.split("/").at(-1)}`;
  const rejected = JSON.parse(sessionStorage.getItem(name) ?? "[]");
  sessionStorage.removeItem(name);
  if (rejected.length === 0) return;
  const alert = document.querySelector("[data-rejected]");
  for (const one of rejected) {
    const line = document.createElement("li");
    const file = document.createElement("b");
    file.textContent = one.name;
    line.append(file, `: ${one.message}`);
    alert.querySelector("ul").append(line);
  }
  alert.hidden = false;
}

// The server keeps it nowhere, so the tab does.
function keepStatement(statement) {
  const draft = new Draft(statement.dataset.reader, `report/${location.pathname}`);
  statement.value ||= draft.text ?? "";
  statement.addEventListener("input", () => draft.keep(statement.value));
}

if (toolbar) {
  const least = toolbar.querySelector("[data-least]");
  toolbar.addEventListener("submit", (event) => event.preventDefault());
  toolbar.addEventListener("change", (event) => event.target.name === "view" && show(event.target.value));
  least.addEventListener("input", () => hideBelow(Number(least.value)));
  hideBelow(Number(least.value));
}
for (const element of confident) {
  element.addEventListener("pointerenter", () => light(element.dataset.row, true));
  element.addEventListener("pointerleave", () => light(element.dataset.row, false));
}
tellRejected();
keepStatement(document.querySelector("#statement"));
