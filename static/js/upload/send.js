// Talks to /api/v1: one sealed file at a time, with its progress. Every failure is a Refusal in words for a person.
import { wordsOf } from "../words.js";

/** @typedef {import("./seal.js").Sealed} Sealed */
/** @typedef {import("./seal.js").UploadKey} UploadKey */
/** @typedef {{id: string, images: {verdict: string}[]}} Study */
/** @typedef {import("../words.js").Words & {failures: Record<string, string>, verdicts: Record<string, string>}} UploadWords */

/** @type {UploadWords} */
const words = wordsOf("upload");
const ATTEMPTS_WHEN_BUSY = 4;

export class Refusal extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message, status = 0, retryAfterS = 0) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfterS = retryAfterS;
  }

  /** Whether the file itself is not at fault. */
  get canRetry() {
    return this.status === 0 || this.status === 401 || this.status >= 500;
  }
}

const lost = () => new Refusal("connection", words.lost);

/**
 * @param {number} status
 * @param {string} text
 * @param {string | null} retryAfter
 */
function refusalOf(status, text, retryAfter) {
  if (status === 401) return new Refusal("signed-out", words.signedOut, status);
  try {
    const { code, message } = JSON.parse(text).error;
    // The API speaks English; the page knows its codes in other languages.
    return new Refusal(code, words.failures[code] ?? message, status, Number(retryAfter) || 0);
  } catch {
    return new Refusal("unknown", words.unknown, status);
  }
}

/**
 * @param {string} url
 * @returns {Promise<UploadKey>}
 */
export async function fetchKey(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => {
    throw lost();
  });
  const text = await answer.text();
  if (!answer.ok) throw refusalOf(answer.status, text, answer.headers.get("Retry-After"));
  return JSON.parse(text);
}

/**
 * Post by XMLHttpRequest, because fetch does not tell how much of a body was sent.
 * @param {string} url
 * @param {Sealed} sealed
 * @param {string} kid
 * @param {string} csrfToken
 * @param {(share: number) => void} onSent
 * @returns {Promise<Study>}
 */
function post(url, sealed, kid, csrfToken, onSent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Content-Type", "application/hpke");
    request.setRequestHeader("X-Key-Id", kid);
    request.setRequestHeader("X-Sealed-Name", sealed.name);
    request.setRequestHeader("X-CSRFToken", csrfToken);
    request.upload.onprogress = (event) => event.lengthComputable && onSent(event.loaded / event.total);
    request.upload.onload = () => onSent(1);
    request.onerror = () => reject(lost());
    request.onload = () =>
      request.status === 201
        ? resolve(JSON.parse(request.responseText))
        : reject(refusalOf(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    request.send(sealed.body);
  });
}

/** @param {number} seconds */
const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * Send one file. A server that is busy says when to come back; it is asked again a few times.
 * @param {string} url
 * @param {Sealed} sealed
 * @param {string} kid
 * @param {string} csrfToken
 * @param {(share: number) => void} onSent
 * @param {() => void} onWait
 */
export async function send(url, sealed, kid, csrfToken, onSent, onWait) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await post(url, sealed, kid, csrfToken, onSent);
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.code !== "busy" || attempt === ATTEMPTS_WHEN_BUSY) throw refusal;
      onWait();
      await wait(refusal.retryAfterS || 2);
    }
  }
}
