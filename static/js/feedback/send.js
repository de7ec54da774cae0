// Stores an answer without leaving the page, so that a lost connection, a session that ended or a deleted study takes
// nothing away: what was written stays where it is, with the reason beside it.
import { find } from "../dom.js";

export class AnswerSender {
  /**
   * @param {HTMLFormElement} form its own fields are sent, as a browser would
   * @param {import("../words.js").Words} words
   */
  constructor(form, words) {
    this.form = form;
    this.words = words;
    this.isBusy = false;
    this.button = find(form, "[data-store]");
    this.alert = find(form, "[data-failed]");
    this.status = find(form, "[data-say]");
  }

  /** Whether the answer is stored; if not, the reason is shown. A second press while it is sent sends nothing. */
  async send() {
    if (this.isBusy) return false;
    this.setBusy(true);
    const reason = await this.post();
    this.setBusy(false);
    if (reason !== null) Object.assign(this.alert, { textContent: reason, hidden: false });
    return reason === null;
  }

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    this.isBusy = isBusy;
    this.button.setAttribute("aria-disabled", String(isBusy));
    this.status.textContent = isBusy ? this.words.sending : "";
    if (isBusy) this.alert.hidden = true;
  }

  /** Null when it is stored, else why not. */
  async post() {
    const headers = { Accept: "application/json" };
    const sent = { method: "POST", headers, body: new FormData(this.form) };
    const answer = await fetch(this.form.action, { ...sent, redirect: "manual" }).catch(() => null);
    if (answer === null) return this.words.lost;
    if (answer.ok) return null;
    // To the page for signing in.
    if (answer.type === "opaqueredirect" || answer.status === 401) return this.words.signedOut;
    if (answer.status === 404) return this.words.gone;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const reason = page.querySelector("main .lead")?.textContent ?? String(answer.status);
    return this.words.refused.replace("{reason}", () => reason);
  }
}
