// Passkeys: the browser makes one or signs by one, and its answer goes with the form.
import { find } from "../dom.js";

/** A browser takes an address without a name for no site. */
const isNamed = !/^[\d.]+$|:/.test(location.hostname);
const isKnown = "PublicKeyCredential" in globalThis && "parseCreationOptionsFromJSON" in PublicKeyCredential;

/** @type {Record<string, (options: any) => Promise<Credential | null>>} */
const ASK = {
  create: (options) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

/** @param {HTMLFormElement} form */
async function answer(form) {
  const token = new FormData();
  token.set("csrf_token", find(form, "[name=csrf_token]", HTMLInputElement).value);
  const options = await fetch(form.dataset.options ?? "", { method: "POST", body: token });
  if (!options.ok) throw new Error(String(options.status));
  const credential = await ASK[form.dataset.passkey ?? "get"](await options.json());
  if (!(credential instanceof PublicKeyCredential)) throw new Error("no credential");
  find(form, "[name=credential]", HTMLInputElement).value = JSON.stringify(credential);
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const alert = find(document, "[data-failed]");
    alert.hidden = true;
    try {
      await answer(form);
    } catch {
      // Cancelled, timed out, or the server gave no options.
      alert.hidden = false;
      return;
    }
    form.submit();
  });
}

const form = document.querySelector("form[data-passkey]");
if (isNamed && isKnown && isSecureContext && form instanceof HTMLFormElement) {
  document.querySelector("[data-unsupported]")?.remove();
  prepare(form);
}
