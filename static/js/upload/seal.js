// HPKE (RFC 9180) for one file and its name: base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

/** @typedef {{kid: string, public_key: string, info: string}} UploadKey the answer of /api/v1/encryption-key */
/** @typedef {{body: Blob, name: string}} Sealed */

const LONGEST_NAME = 200;
// A name that the type checker does not follow: what is bundled has no types, what it is bundled from has.
const BUNDLE = "../../vendor/hpke/hpke.js";

const hpke = /** @type {typeof import("@hpke/core")} */ (await import(BUNDLE));
const suite = new hpke.CipherSuite({
  kem: new hpke.DhkemP256HkdfSha256(),
  kdf: new hpke.HkdfSha256(),
  aead: new hpke.Aes256Gcm(),
});
const utf8 = new TextEncoder();

/** @param {string} text */
const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));

/** @param {Uint8Array} bytes */
const toBase64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/**
 * Seal bytes: enc ‖ ciphertext.
 * @param {CryptoKey} recipientPublicKey
 * @param {Uint8Array<ArrayBuffer>} info
 * @param {ArrayBuffer} plain
 */
async function seal(recipientPublicKey, info, plain) {
  const sender = await suite.createSenderContext({ recipientPublicKey, info: info.buffer });
  const ciphertext = await sender.seal(plain);
  return new Blob([sender.enc, ciphertext]);
}

/**
 * Seal a file and its name for a key: the body, and the value of X-Sealed-Name.
 * @param {UploadKey} key
 * @param {File} file
 * @returns {Promise<Sealed>}
 */
export async function sealFile(key, file) {
  const publicKey = await suite.kem.deserializePublicKey(fromBase64url(key.public_key).buffer);
  const info = fromBase64url(key.info);
  const body = await seal(publicKey, info, await file.arrayBuffer());
  const infoOfName = Uint8Array.of(...info, ...utf8.encode("/name"));
  const name = await seal(publicKey, infoOfName, utf8.encode(file.name.slice(0, LONGEST_NAME)).buffer);
  return { body, name: toBase64url(new Uint8Array(await name.arrayBuffer())) };
}
