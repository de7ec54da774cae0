// Seals one file with the very module, and the very copy of @hpke/core, that the upload page loads.
// Arguments: public key (base64url), info (base64url), file name, file (hex).
// Prints the sealed file in hex and the sealed name in base64url, each enc ‖ ciphertext, one a line.
import { sealFile } from "../../static/js/upload/seal.js";

const [publicKey, info, name, fileHex] = process.argv.slice(2);
const file = { name, arrayBuffer: async () => new Uint8Array(Buffer.from(fileHex, "hex")).buffer };
const sealed = await sealFile({ public_key: publicKey, info }, file);

console.log(Buffer.from(await sealed.body.arrayBuffer()).toString("hex"));
console.log(sealed.name);
