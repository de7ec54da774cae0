// HPKE (RFC 9180) for one file and its name: base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "../../vendor/hpke/hpke.js";

const LONGEST_NAME = 200;

const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const utf8 = new TextEncoder();

const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));

const toBase64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// enc ‖ ciphertext
async function seal(recipientPublicKey, info, plain) {
  const sender = await suite.createSenderContext({ recipientPublicKey, info: info.buffer });
  const ciphertext = await sender.seal(plain);
  return new Blob([sender.enc, ciphertext]);
}

// Seals a File for `key`, the answer of /api/v1/encryption-key. Gives the body, and the name for X-Sealed-Name.
export async function sealFile(key, file) {
  const publicKey = await suite.kem.deserializePublicKey(fromBase64url(key.public_key).buffer);
  const info = fromBase64url(key.info);
  const body = await seal(publicKey, info, await file.arrayBuffer());
  const name = await seal(publicKey, Uint8Array.of(...info, ...utf8.encode("/name")), utf8.encode(file.name.slice(0, LONGEST_NAME)).buffer);
  return { body, name: toBase64url(new Uint8Array(await name.arrayBuffer())) };
}
