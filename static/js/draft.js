// What a person began and did not store yet, kept in this tab for that person alone, so that a session that ends or
// another language loses nothing.
import { tab } from "./stored.js";

const MARK = "draft/";

export class Draft {
  /**
   * @param {string} reader id of the person
   * @param {string} of what is drafted
   */
  constructor(reader, of) {
    this.key = `${MARK}${reader}/${of}`;
  }

  get text() {
    return tab?.getItem(this.key) ?? null;
  }

  /** @param {string} text */
  keep(text) {
    tab?.setItem(this.key, text);
  }

  forget() {
    tab?.removeItem(this.key);
  }
}

function forgetAll() {
  for (const key of Object.keys(tab ?? {})) if (key.startsWith(MARK)) tab?.removeItem(key);
}

// A person who signs out leaves nothing in this tab; a session that ends by itself does not come by here.
document.querySelector("form[action$='/sign-out']")?.addEventListener("submit", forgetAll);
