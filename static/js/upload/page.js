// The drop zone. Each file is sealed here, sent with its progress, and inferred; the first makes the study, the others join
// it. Without crypto.subtle (plain http from another computer) the plain form stays in charge.
import { find } from "../dom.js";
import { tab } from "../stored.js";
import { filled, percent, wordsOf } from "../words.js";
import { digestOf, filesOf, mayBeImage } from "./files.js";
import { FileRow } from "./row.js";
import { Refusal, fetchKey, send } from "./send.js";

/** @typedef {import("./seal.js").UploadKey} UploadKey */
/** @typedef {{file: File, row: FileRow}} Waiting */

const form = find(document, "[data-uploader]", HTMLFormElement);
const input = find(form, "[data-files-input]", HTMLInputElement);
const folder = find(form, "[data-folder-input]", HTMLInputElement);
const drop = find(form, "[data-drop]");
const list = find(form, "[data-files]");
const announcer = find(form, "[data-announce]");
const ends = find(form, "[data-to-study]", HTMLAnchorElement);
const maxBytes = Number(form.dataset.maxBytes);
const maxFiles = Number(form.dataset.maxFiles);
const csrfToken = find(form, "[name=csrf_token]", HTMLInputElement).value;

/** @type {import("./send.js").UploadWords} */
const words = wordsOf("upload");
/** @param {number} bytes */
const megabytes = (bytes) => Math.floor(bytes / (1024 * 1024));

/** @type {Waiting[]} */
const queue = [];
/** @type {Map<FileRow, Refusal>} */
const refused = new Map();
/** @type {Map<string, string>} */
const sent = new Map();
let asked = 0;
let isBusy = false;
/** @type {UploadKey | null} */
let key = null;
let accepted = 0;
/** @type {string | null} */
let studyId = null;
let endpoint = form.dataset.endpoint ?? "";

/** @param {File} file */
function tooEarly(file) {
  if (file.size > maxBytes) {
    return new Refusal("upload-too-large", filled(words.tooLarge, { size: megabytes(maxBytes) }), 413);
  }
  if (file.size === 0) return new Refusal("empty-file", words.empty, 422);
  if (accepted >= maxFiles) return new Refusal("too-many-files", filled(words.tooMany, { count: maxFiles }), 413);
  return null;
}

/** @param {Waiting} waiting */
async function sealAndSend({ file, row }) {
  const { sealFile } = await import("./seal.js");
  key ??= await fetchKey(form.dataset.keyUrl ?? "");
  row.say(words.encrypting);
  const sealed = await sealFile(key, file);
  /** @param {number} share */
  const onSent = (share) => {
    if (share < 1) row.say(filled(words.sending, { percent: percent(share) }), share);
    else row.say(words.reading);
  };
  return send(endpoint, sealed, key.kid, csrfToken, onSent, () => row.say(words.waitingForServer));
}

/** @param {Waiting} waiting */
async function submit(waiting) {
  try {
    return await sealAndSend(waiting);
  } catch (refusal) {
    if (!(refusal instanceof Refusal) || refusal.code !== "unknown-key") throw refusal;
    // Keys change every day, and a page may stay open for longer.
    key = null;
    return sealAndSend(waiting);
  }
}

/** @param {Waiting} waiting */
async function submitNext(waiting) {
  const { row } = waiting;
  try {
    const study = await submit(waiting);
    const newest = study.images.at(-1);
    studyId = study.id;
    endpoint = `${form.dataset.apiStudiesUrl}/${encodeURIComponent(studyId)}/images`;
    row.done(words.verdicts[newest?.verdict ?? ""] ?? words.stored, newest?.verdict ?? "none");
  } catch (error) {
    accepted -= 1;
    fail(waiting, error instanceof Refusal ? error : new Refusal("unreadable", words.unreadable, 422));
  }
}

/**
 * @param {Waiting} waiting
 * @param {Refusal} refusal
 */
function fail(waiting, refusal) {
  const { row } = waiting;
  refused.set(row, refusal);
  row.fail(refusal.message);
  if (refusal.status === 401) row.link(words.signIn, form.dataset.signInUrl ?? "");
  if (!refusal.canRetry) return;
  row.offer(words.retry, () => {
    refused.delete(row);
    accepted += 1;
    row.say(words.waiting, 0);
    queue.push(waiting);
    work();
  });
}

async function work() {
  if (isBusy) return;
  isBusy = true;
  form.setAttribute("aria-busy", "true");
  for (let next = queue.shift(); next; next = queue.shift()) await submitNext(next);
  isBusy = false;
  form.removeAttribute("aria-busy");
  finish();
}

/** Go to the study, unless something here waits for its sender. */
function finish() {
  if (studyId === null) return;
  const address = `${form.dataset.studiesUrl}/${encodeURIComponent(studyId)}`;
  // What was refused is told again on the page that comes next; it is kept nowhere but in this tab.
  const told = [...refused].map(([{ file }, { message }]) => ({ name: file.name, message }));
  if (told.length > 0) tab?.setItem(`rejected-${studyId}`, JSON.stringify(told));
  const waits = asked > 0 || [...refused.values()].some(({ canRetry }) => canRetry);
  if (!waits) location.assign(address);
  Object.assign(ends, { href: address, hidden: !waits });
}

/** @param {readonly File[]} files */
async function take(files) {
  if (!isBusy && studyId === null && asked === 0) {
    list.replaceChildren();
    refused.clear();
    sent.clear();
  }
  for (const file of files) await takeOne(file);
  work();
}

/** @param {File} file */
async function takeOne(file) {
  const row = new FileRow(list, file, announcer, words.waiting);
  const refusal = tooEarly(file);
  if (refusal) {
    fail({ file, row }, refusal);
    return;
  }
  accepted += 1;
  const digest = await digestOf(file).catch(() => "");
  const earlier = digest ? sent.get(digest) : undefined;
  if (digest) sent.set(digest, file.name);
  if (earlier === undefined) queue.push({ file, row });
  else askTwice({ file, row }, earlier);
}

/**
 * Ask about a file that is among the others already.
 * @param {Waiting} waiting
 * @param {string} earlier
 */
function askTwice(waiting, earlier) {
  const { row } = waiting;
  asked += 1;
  accepted -= 1;
  row.fail(filled(words.twice, { name: earlier }));
  row.offer(words.sendTwice, () => {
    asked -= 1;
    accepted += 1;
    row.say(words.waiting, 0);
    queue.push(waiting);
    work();
  });
  row.offer(words.leaveOut, () => {
    asked -= 1;
    row.remove();
    if (!isBusy) finish();
  });
}

/** Say what is too large before the plain form sends anything. */
function checkPlain() {
  const tooLarge = [...(input.files ?? [])].filter((file) => file.size > maxBytes).map((file) => file.name);
  const problem = filled(words.plainTooLarge, { size: megabytes(maxBytes), names: tooLarge.join(", ") });
  input.setCustomValidity(tooLarge.length > 0 ? problem : "");
  input.reportValidity();
}

/**
 * Take files that are dropped anywhere on the page, for a near miss must not open the file in the browser; and pasted ones.
 * @param {(files: File[]) => void} onFiles
 */
function startDropping(onFiles) {
  let depth = 0;
  /** @param {number} by */
  const lit = (by) => {
    depth = Math.max(0, depth + by);
    drop.classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", () => lit(1));
  addEventListener("dragleave", () => lit(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", async (event) => {
    event.preventDefault();
    lit(-depth);
    const files = event.dataTransfer ? await filesOf(event.dataTransfer) : [];
    if (files.length > 0) onFiles(files);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  });
}

// Each way to start returns what to do with dropped files.
function startPlain() {
  form.classList.add("plain");
  find(form, "[data-plain-send]").hidden = false;
  find(form, "[data-no-sealing]").hidden = false;
  find(form, "[data-folder]").hidden = true;
  input.addEventListener("change", checkPlain);
  return (/** @type {readonly File[]} */ files) => {
    const chosen = new DataTransfer();
    for (const file of files) chosen.items.add(file);
    input.files = chosen.files;
    checkPlain();
  };
}

function startSealed() {
  /** @param {HTMLInputElement} chosen */
  const takeChosen = (chosen) => {
    const files = [...(chosen.files ?? [])];
    chosen.value = "";
    take(chosen === folder ? files.filter(mayBeImage) : files);
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const one of [input, folder]) one.addEventListener("change", () => takeChosen(one));
  // A person may have been quicker than this script.
  if (input.files?.length) takeChosen(input);
  addEventListener("beforeunload", (event) => isBusy && event.preventDefault());
  return take;
}

const started = globalThis.crypto?.subtle ? import("./seal.js").then(startSealed, startPlain) : Promise.resolve(startPlain());
startDropping(async (files) => (await started)(files));

// Back from a study, the page must not go on adding to it.
addEventListener("pageshow", (event) => event.persisted && location.reload());
