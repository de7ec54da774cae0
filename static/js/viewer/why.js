// Why a site was marked: what its link leads to, shown over the study's page; and how strong its colours are.
import { find, targetOf } from "../dom.js";
import { wordsOf } from "../words.js";

const WAITS_MOST_MS = 90_000;

class Explanation {
  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.dialog = dialog;
    this.words = wordsOf("why");
    this.status = find(dialog, "[data-why-say]");
    this.progress = find(dialog, "[data-why-progress]");
    this.content = find(dialog, "[data-why-place]");
    /** @type {AbortController | null} */
    this.asked = null;
    find(dialog, "[data-why-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.stop());
  }

  /** @param {string} address */
  async open(address) {
    this.stop();
    const asked = new AbortController();
    this.asked = asked;
    this.say(this.words.working, true);
    this.content.replaceChildren();
    this.dialog.showModal();
    try {
      const answer = await this.fetch(address, asked.signal);
      if (answer.redirected) return location.assign(address);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (asked.signal.aborted) return;
      if (answer.ok) this.show(find(page, "[data-why-explained]", Element));
      else this.say(page.querySelector("main .lead")?.textContent ?? this.words.failed, false);
    } catch {
      if (!asked.signal.aborted) this.say(this.words.failed, false);
    }
  }

  /**
   * One explanation is made at a time: the second one who asks waits for the first.
   * @param {string} address
   * @param {AbortSignal} signal
   */
  async fetch(address, signal) {
    const until = Date.now() + WAITS_MOST_MS;
    for (;;) {
      const answer = await fetch(address, { signal });
      const waitMs = Number(answer.headers.get("Retry-After")) * 1000;
      if (answer.status !== 503 || waitMs === 0 || Date.now() + waitMs > until) return answer;
      this.say(this.words.waiting, true);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      signal.throwIfAborted();
    }
  }

  /** @param {Element} explained */
  show(explained) {
    // Seen by itself; said to a screen reader.
    this.say(this.words.ready, false);
    this.status.classList.add("visually-hidden");
    this.content.replaceChildren(explained);
    follow(this.content);
  }

  /**
   * @param {string} words
   * @param {boolean} isWorking
   */
  say(words, isWorking) {
    this.status.classList.remove("visually-hidden");
    this.status.textContent = words;
    this.progress.hidden = !isWorking;
  }

  stop() {
    this.asked?.abort();
  }
}

/** @param {ParentNode} explained */
function follow(explained) {
  const slider = explained.querySelector("[data-opacity]");
  const heat = explained.querySelector("[data-heat]");
  if (!(slider instanceof HTMLInputElement)) return;
  slider.addEventListener("input", () => heat?.setAttribute("opacity", String(Number(slider.value) / 100)));
}

/** @param {Explanation} explanation */
function openLinks(explanation) {
  document.addEventListener("click", (event) => {
    const link = targetOf(event).closest("a[data-why]");
    // With a key held down, or another button, the reader wants a tab of its own.
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (!(link instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    explanation.open(link.href);
  });
}

follow(document);
const dialog = document.querySelector("[data-why-dialog]");
if (dialog instanceof HTMLDialogElement) openLinks(new Explanation(dialog));
