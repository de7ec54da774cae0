// Why a place was marked: what its link leads to, shown over the study's page; and how strong its colours are.
import { wordsOf } from "../words.js";

const WAITS_MOST_MS = 90_000;

const dialog = document.querySelector("[data-why-dialog]");

class Explanation {
  constructor(element) {
    this.dialog = element;
    this.words = wordsOf("why");
    this.status = element.querySelector("[data-why-say]");
    this.progress = element.querySelector("[data-why-progress]");
    this.place = element.querySelector("[data-why-place]");
    element.querySelector("[data-why-close]").addEventListener("click", () => element.close());
    element.addEventListener("close", () => this.stop());
  }

  async open(address) {
    this.stop();
    const asked = new AbortController();
    this.asked = asked;
    this.say(this.words.working, true);
    this.place.replaceChildren();
    this.dialog.showModal();
    try {
      const answer = await this.fetch(address, asked.signal);
      if (answer.redirected) return location.assign(address);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (asked.signal.aborted) return;
      if (answer.ok) this.show(page.querySelector("[data-why-explained]"));
      else this.say(page.querySelector("main .lead")?.textContent ?? this.words.failed, false);
    } catch {
      if (!asked.signal.aborted) this.say(this.words.failed, false);
    }
  }

  // One explanation is made at a time: who comes second waits for the first.
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

  show(explained) {
    // Seen by itself; said to who does not see.
    this.say(this.words.ready, false);
    this.status.classList.add("visually-hidden");
    this.place.replaceChildren(explained);
    follow(explained);
  }

  say(words, isWorking) {
    this.status.classList.remove("visually-hidden");
    this.status.textContent = words;
    this.progress.hidden = !isWorking;
  }

  stop() {
    this.asked?.abort();
  }
}

function follow(explained) {
  const slider = explained.querySelector("[data-opacity]");
  const heat = explained.querySelector("[data-heat]");
  slider?.addEventListener("input", () => heat.setAttribute("opacity", String(slider.value / 100)));
}

for (const explained of document.querySelectorAll("[data-why-explained]")) follow(explained);
if (dialog) {
  const explanation = new Explanation(dialog);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-why]");
    // With a key held down, or another button, the reader wants a tab of its own.
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    explanation.open(link.href);
  });
}
