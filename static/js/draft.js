// What somebody began and did not send yet, kept in this tab for that person alone, so that a session that ends or another
// language loses nothing.
const MARK = "draft/";

// Null where a browser forbids storage: nothing is kept then.
const tab = (() => {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
})();

export class Draft {
  constructor(reader, of) {
    this.key = `${MARK}${reader}/${of}`;
  }

  get text() {
    return tab?.getItem(this.key) ?? null;
  }

  keep(text) {
    tab?.setItem(this.key, text);
  }

  forget() {
    tab?.removeItem(this.key);
  }
}

function forgetAll() {
  for (const key of Object.keys(tab ?? {})) if (key.startsWith(MARK)) tab.removeItem(key);
}

// Who signs out leaves nothing in this tab; a session that ends by itself does not come by here.
document.querySelector("form[action$='/sign-out']")?.addEventListener("submit", forgetAll);
