// Settings that a browser keeps, and drafts that a tab keeps. A browser may forbid storage: nothing is kept then.

/**
 * @param {() => Storage} open
 * @returns {Storage | null}
 */
function allowed(open) {
  try {
    return open();
  } catch {
    return null;
  }
}

const settings = allowed(() => localStorage);
export const tab = allowed(() => sessionStorage);

/**
 * Return a setting, or null.
 * @param {string} name
 */
export function setting(name) {
  return settings?.getItem(name) ?? null;
}

/**
 * Keep a setting; null forgets it.
 * @param {string} name
 * @param {string | null} value
 */
export function keepSetting(name, value) {
  if (value === null) settings?.removeItem(name);
  else settings?.setItem(name, value);
}
