// Stores an answer without leaving the page, so that a lost connection or a deleted study takes nothing away: what was
// written stays where it is, with the reason beside it.

export class AnswerSender {
  // words: of the feedback script; form: its own fields are sent, as a browser would.
  constructor(form, words) {
    Object.assign(this, { form, words, isBusy: false });
    this.button = form.querySelector("[data-store]");
    this.alert = form.querySelector("[data-failed]");
    this.status = form.querySelector("[data-say]");
  }

  async send() {
    // A second press sends nothing; the server would keep the same answer only once in any case.
    if (this.isBusy) return;
    this.setBusy(true);
    const reason = await this.post();
    this.setBusy(false);
    if (reason === null) return;
    Object.assign(this.alert, { textContent: reason, hidden: false });
  }

  setBusy(isBusy) {
    this.isBusy = isBusy;
    this.button.setAttribute("aria-disabled", String(isBusy));
    this.status.textContent = isBusy ? this.words.sending : "";
    if (isBusy) this.alert.hidden = true;
  }

  // Null when it was stored, else why not.
  async post() {
    let answer;
    try {
      answer = await fetch(this.form.action, { method: "POST", body: new FormData(this.form), redirect: "manual" });
    } catch {
      return this.words.lost;
    }
    // To the page with the answer on it, or to sign in and back: the page that comes next knows which.
    if (answer.type === "opaqueredirect" || answer.ok) {
      this.reload();
      return null;
    }
    if (answer.status === 404) return this.words.gone;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const reason = page.querySelector("main .lead")?.textContent ?? String(answer.status);
    return this.words.refused.replace("{reason}", () => reason);
  }

  reload() {
    history.replaceState(history.state, "", `#feedback-${this.form.dataset.feedback}`);
    location.reload();
  }
}
