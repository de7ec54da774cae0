// The drop zone. Each file is sealed here, sent with its progress, and read; the first makes the study, the others join
// it. Without crypto.subtle (plain http from another computer) the plain form stays in charge.
import { Refusal, fetchKey, send } from "./send.js";
import { filled, percent, wordsOf } from "../words.js";

const form = document.querySelector("[data-uploader]");
const input = form.querySelector("input[type=file]");
const drop = form.querySelector("[data-drop]");
const list = form.querySelector("[data-files]");
const announcer = form.querySelector("[data-announce]");
const maxBytes = Number(form.dataset.maxBytes);
const maxFiles = Number(form.dataset.maxFiles);
const csrfToken = form.elements.csrf_token.value;

const words = wordsOf("upload");
const megabytes = (bytes) => Math.floor(bytes / (1024 * 1024));

const queue = [];
const refused = [];
let busy = false;
let key = null;
let accepted = 0;
let studyId = null;
let endpoint = form.dataset.endpoint;

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// One line of the list: name, bar, what is happening.
function addRow(file) {
  const row = element("li", "file");
  const name = element("span", "file-name", file.name);
  const bar = element("progress", "file-bar");
  const state = element("span", "file-state", words.waiting);
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  row.append(name, state, bar);
  list.append(row);
  return {
    say(text, share) {
      state.textContent = text;
      if (share === undefined) bar.removeAttribute("value");
      else bar.value = share;
    },
    done(text, verdict) {
      row.classList.add("done", verdict);
      this.say(text, 1);
      announcer.textContent = `${file.name}: ${text}`;
    },
    fail(refusal) {
      row.classList.add("failed");
      bar.hidden = true;
      state.textContent = refusal.message;
      if (refusal.status === 401) state.append(" ", signInLink());
      announcer.textContent = `${file.name}: ${refusal.message}`;
      refused.push({ name: file.name, message: refusal.message });
    },
  };
}

function signInLink() {
  const link = element("a", "", words.signIn);
  link.href = form.dataset.signInUrl;
  return link;
}

function tooEarly(file) {
  if (file.size > maxBytes) {
    return new Refusal("upload-too-large", filled(words.tooLarge, { size: megabytes(maxBytes) }));
  }
  if (file.size === 0) return new Refusal("empty-file", words.empty);
  if (accepted >= maxFiles) return new Refusal("too-many-files", filled(words.tooMany, { count: maxFiles }));
  return null;
}

async function sealAndSend(file, row) {
  const { sealFile } = await import("./seal.js");
  key ??= await fetchKey(form.dataset.keyUrl);
  row.say(words.encrypting);
  const sealed = await sealFile(key, file);
  const sending = (share) => filled(words.sending, { percent: percent(share) });
  const onSent = (share) => (share < 1 ? row.say(sending(share), share) : row.say(words.reading));
  return send(endpoint, sealed, key.kid, csrfToken, onSent, () => row.say(words.waitingForServer));
}

async function readFile(file, row) {
  try {
    return await sealAndSend(file, row);
  } catch (refusal) {
    if (refusal.code !== "unknown-key") throw refusal;
    // Keys change every day, and a page may stay open for longer.
    key = null;
    return sealAndSend(file, row);
  }
}

async function readNext({ file, row }) {
  try {
    const study = await readFile(file, row);
    const newest = study.images.at(-1);
    studyId = study.id;
    endpoint = `${form.dataset.apiStudiesUrl}/${encodeURIComponent(studyId)}/images`;
    row.done(words.verdicts[newest.verdict], newest.verdict);
  } catch (error) {
    accepted -= 1;
    const unreadable = new Refusal("unreadable", words.unreadable);
    row.fail(error instanceof Refusal ? error : unreadable);
  }
}

async function work() {
  if (busy) return;
  busy = true;
  form.setAttribute("aria-busy", "true");
  while (queue.length > 0) await readNext(queue.shift());
  busy = false;
  form.removeAttribute("aria-busy");
  if (studyId !== null) moveToStudy();
}

// What was refused is told again on the page that comes next; it is kept nowhere but in this tab.
function moveToStudy() {
  if (refused.length > 0) sessionStorage.setItem(`rejected-${studyId}`, JSON.stringify(refused));
  location.assign(`${form.dataset.studiesUrl}/${encodeURIComponent(studyId)}`);
}

function take(files) {
  if (!busy && studyId === null) {
    list.replaceChildren();
    refused.length = 0;
  }
  for (const file of files) {
    const row = addRow(file);
    const refusal = tooEarly(file);
    if (refusal) {
      row.fail(refusal);
    } else {
      accepted += 1;
      queue.push({ file, row });
    }
  }
  if (queue.length > 0) work();
}

// The plain form: too large is said before anything is sent.
function checkPlain() {
  const tooLarge = [...input.files].filter((file) => file.size > maxBytes).map((file) => file.name);
  const problem = filled(words.plainTooLarge, { size: megabytes(maxBytes), names: tooLarge.join(", ") });
  input.setCustomValidity(tooLarge.length > 0 ? problem : "");
  input.reportValidity();
}

// Anywhere on the page will do; a near miss must not open the file in the browser.
function startDropping(onFiles) {
  let depth = 0;
  const lit = (by) => {
    depth = Math.max(0, depth + by);
    drop.classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", () => lit(1));
  addEventListener("dragleave", () => lit(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    lit(-depth);
    if (event.dataTransfer?.files.length > 0) onFiles([...event.dataTransfer.files]);
  });
}

// Each way to start gives what to do with dropped files.
function startPlain() {
  form.classList.add("plain");
  form.querySelector("[data-plain-send]").hidden = false;
  form.querySelector("[data-no-sealing]").hidden = false;
  input.addEventListener("change", checkPlain);
  return (files) => {
    const chosen = new DataTransfer();
    for (const file of files) chosen.items.add(file);
    input.files = chosen.files;
    checkPlain();
  };
}

function startSealed() {
  const takeChosen = () => {
    take([...input.files]);
    input.value = "";
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("change", takeChosen);
  // Somebody may have been quicker than this script.
  if (input.files.length > 0) takeChosen();
  return take;
}

const started = globalThis.crypto?.subtle
  ? import("./seal.js").then(startSealed, startPlain)
  : Promise.resolve(startPlain());
startDropping(async (files) => (await started)(files));

// Back from a study, the page must not go on adding to it.
addEventListener("pageshow", (event) => event.persisted && location.reload());
