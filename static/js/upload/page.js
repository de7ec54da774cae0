// The drop zone. Each file is sealed here, sent with its progress, and inferred. A drop is split by patient and study: of
// each, the first file makes the study, the others join it. Without crypto.subtle (plain http from another computer) the
// plain form stays in charge.
import { find } from "../dom.js";
import { tab } from "../stored.js";
import { filled, percent, wordsOf } from "../words.js";
import { HEADER_BYTES, groupKey, headerOf } from "./dicom_header.js";
import { digestOf, filesOf, mayBeImage } from "./files.js";
import { FileRow } from "./row.js";
import { Refusal, fetchKey, send } from "./send.js";

/** @typedef {import("./seal.js").UploadKey} UploadKey */
/** @typedef {{name: string, endpoint: string, studyId: string | null, accepted: number}} Target one study to be */
/** @typedef {{file: File, row: FileRow, target: Target | null}} Waiting target: null while it is not known */

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
/** @type {Map<string, Target>} */
const targets = new Map();
/** @type {Waiting[]} */
const unclear = [];
// On a study's own page every file joins that study.
const isSplit = form.dataset.endpoint === form.dataset.apiStudiesUrl;

/** @param {File} file */
function tooEarly(file) {
  if (file.size > maxBytes) {
    return new Refusal("upload-too-large", filled(words.tooLarge, { size: megabytes(maxBytes) }), 413);
  }
  if (file.size === 0) return new Refusal("empty-file", words.empty, 422);
  return null;
}

/** @param {Waiting} waiting */
async function sealAndSend({ file, row, target }) {
  const { sealFile } = await import("./seal.js");
  key ??= await fetchKey(form.dataset.keyUrl ?? "");
  row.say(words.encrypting);
  const sealed = await sealFile(key, file);
  /** @param {number} share */
  const onSent = (share) => {
    if (share < 1) row.say(filled(words.sending, { percent: percent(share) }), share);
    else row.say(words.reading);
  };
  return send(target?.endpoint ?? "", sealed, key.kid, csrfToken, onSent, () => row.say(words.waitingForServer));
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
  const { row, target } = waiting;
  try {
    const study = await submit(waiting);
    const newest = study.images.at(-1);
    const endpoint = `${form.dataset.apiStudiesUrl}/${encodeURIComponent(study.id)}/images`;
    if (target) Object.assign(target, { studyId: study.id, endpoint });
    row.done(words.verdicts[newest?.verdict ?? ""] ?? words.stored, newest?.verdict ?? "none");
  } catch (error) {
    if (target) target.accepted -= 1;
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
    row.say(words.waiting, 0);
    enqueue(waiting);
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

/** Go to the study, unless something here waits for its sender, or there are several. */
function finish() {
  const made = [...targets.values()].filter(({ studyId }) => studyId !== null);
  const first = made[0];
  if (first === undefined) return;
  const address = addressOf(first);
  // What was refused is told again on the page that comes next; it is kept nowhere but in this tab.
  const told = [...refused].map(([{ file }, { message }]) => ({ name: file.name, message }));
  if (told.length > 0) tab?.setItem(`rejected-${first.studyId}`, JSON.stringify(told));
  const waits = asked > 0 || unclear.length > 0 || [...refused.values()].some(({ canRetry }) => canRetry);
  if ("mayNotView" in form.dataset) return tellStored(made.length);
  if (!waits && made.length === 1) location.assign(address);
  Object.assign(ends, { href: address, hidden: !waits && made.length === 1 });
  if (made.length > 1) linkAll(made);
}

/**
 * Say what is stored to a person who may send studies and not view them.
 * @param {number} count
 */
function tellStored(count) {
  announcer.textContent = filled(words.storedAll, { count });
  announcer.classList.remove("visually-hidden");
}

/** @param {Target} target */
const addressOf = ({ studyId }) => `${form.dataset.studiesUrl}/${encodeURIComponent(studyId ?? "")}`;

/**
 * One link for each study that a drop made.
 * @param {readonly Target[]} made
 */
function linkAll(made) {
  for (const former of form.querySelectorAll("[data-another-study]")) former.remove();
  made.forEach((target, number) => {
    const link = number === 0 ? ends : /** @type {HTMLAnchorElement} */ (ends.cloneNode());
    link.textContent = filled(words.toStudyOf, { name: target.name || String(number + 1) });
    link.href = addressOf(target);
    if (link === ends) return;
    link.removeAttribute("data-to-study");
    link.dataset.anotherStudy = "";
    ends.parentElement?.append(" ", link);
  });
  announcer.textContent = filled(words.severalStudies, { count: made.length });
}

/** @param {readonly File[]} files */
async function take(files) {
  if (!isBusy && targets.size === 0 && asked === 0) {
    list.replaceChildren();
    refused.clear();
    sent.clear();
  }
  for (const file of files) await takeOne(file);
  settle();
  work();
}

/** @param {File} file */
async function takeOne(file) {
  const row = new FileRow(list, file, announcer, words.waiting);
  /** @type {Waiting} */
  const waiting = { file, row, target: null };
  const refusal = tooEarly(file);
  if (refusal) {
    fail(waiting, refusal);
    return;
  }
  waiting.target = await targetFor(file);
  const digest = await digestOf(file).catch(() => "");
  const earlier = digest ? sent.get(digest) : undefined;
  if (digest) sent.set(digest, file.name);
  if (earlier === undefined) enqueue(waiting);
  else askTwice(waiting, earlier);
}

/**
 * The study that a file belongs to by its header; null where it does not say.
 * @param {File} file
 */
async function targetFor(file) {
  if (!isSplit) return studyOf("", "");
  const start = await file.slice(0, HEADER_BYTES).arrayBuffer().catch(() => new ArrayBuffer(0));
  const header = headerOf(start);
  const group = groupKey(header);
  return group ? studyOf(group, (header?.patientName || header?.patientId || "").replace("^", ", ").replaceAll("^", " ")) : null;
}

/**
 * @param {string} group
 * @param {string} name
 */
function studyOf(group, name) {
  const found = targets.get(group) ?? { name, endpoint: form.dataset.endpoint ?? "", studyId: null, accepted: 0 };
  targets.set(group, found);
  return found;
}

/**
 * Put a file in the queue of its study, or aside while it is not clear which that is.
 * @param {Waiting} waiting
 */
function enqueue(waiting) {
  const { target: to } = waiting;
  if (to === null) unclear.push(waiting);
  else if (to.accepted >= maxFiles) {
    fail(waiting, new Refusal("too-many-files", filled(words.tooMany, { count: maxFiles }), 413));
  } else {
    to.accepted += 1;
    queue.push(waiting);
  }
}

/** Let files that do not say whose they are join the only study of the drop; where there are several, ask. */
function settle() {
  const known = [...targets.values()];
  for (const waiting of unclear.splice(0)) {
    if (known.length > 1) askWhose(waiting, known);
    else enqueue({ ...waiting, target: known[0] ?? studyOf("", "") });
  }
}

/**
 * Ask which patient a file belongs to.
 * @param {Waiting} waiting
 * @param {readonly Target[]} known
 */
function askWhose(waiting, known) {
  const { file, row } = waiting;
  asked += 1;
  row.fail(words.whose);
  /** @param {Target} chosen */
  const choose = (chosen) => {
    asked -= 1;
    row.say(words.waiting, 0);
    enqueue({ ...waiting, target: chosen });
    work();
  };
  known.forEach((one, number) => row.offer(filled(words.itIsOf, { name: one.name || String(number + 1) }), () => choose(one)));
  row.offer(words.ownStudy, () => choose(studyOf(`own ${file.name}`, file.name)));
}

/**
 * Ask about a file that is among the others already.
 * @param {Waiting} waiting
 * @param {string} earlier
 */
function askTwice(waiting, earlier) {
  const { row } = waiting;
  asked += 1;
  row.fail(filled(words.twice, { name: earlier }));
  row.offer(words.sendTwice, () => {
    asked -= 1;
    row.say(words.waiting, 0);
    enqueue(waiting);
    settle();
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
