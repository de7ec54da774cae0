// Talks to /api/v1: one sealed file at a time, with its progress. Every failure is a Refusal in words for a reader.
import { wordsOf } from "../words.js";

const words = wordsOf("upload");
const ATTEMPTS_WHEN_BUSY = 4;

export class Refusal extends Error {
  constructor(code, message, status = 0, retryAfterS = 0) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

const LOST = () => new Refusal("connection", words.lost);

function refusalOf(status, text, retryAfter) {
  try {
    const { code, message } = JSON.parse(text).error;
    // The API speaks English; the page knows its codes in other languages.
    return new Refusal(code, words.failures[code] ?? message, status, Number(retryAfter) || 0);
  } catch {
    return new Refusal("unknown", words.unknown, status);
  }
}

export async function fetchKey(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => {
    throw LOST();
  });
  const text = await answer.text();
  if (!answer.ok) throw refusalOf(answer.status, text, answer.headers.get("Retry-After"));
  return JSON.parse(text);
}

// XMLHttpRequest, because fetch does not tell how much of a body was sent.
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
    request.onerror = () => reject(LOST());
    request.onload = () =>
      request.status === 201
        ? resolve(JSON.parse(request.responseText))
        : reject(refusalOf(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    request.send(sealed.body);
  });
}

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// A server that is busy says when to come back; it is asked again a few times.
export async function send(url, sealed, kid, csrfToken, onSent, onWait) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await post(url, sealed, kid, csrfToken, onSent);
    } catch (refusal) {
      if (refusal.code !== "busy" || attempt === ATTEMPTS_WHEN_BUSY) throw refusal;
      onWait();
      await wait(refusal.retryAfterS || 2);
    }
  }
}
