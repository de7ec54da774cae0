// Seals the way the upload page does. Arguments: public key (hex), key id, file name (hex), file (hex).
// Prints the sealed file and the sealed name, each as enc ‖ ciphertext in hex, one a line.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";

const [publicHex, kid, nameHex, fileHex] = process.argv.slice(2);
const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const recipientPublicKey = await suite.kem.deserializePublicKey(Buffer.from(publicHex, "hex"));

async function seal(plain, info) {
  const sender = await suite.createSenderContext({ recipientPublicKey, info: new TextEncoder().encode(info) });
  const sealed = await sender.seal(plain);
  return Buffer.concat([Buffer.from(sender.enc), Buffer.from(sealed)]).toString("hex");
}

console.log(await seal(Buffer.from(fileHex, "hex"), `fracture-upload/v1/${kid}`));
console.log(await seal(Buffer.from(nameHex, "hex"), `fracture-upload/v1/${kid}/name`));
