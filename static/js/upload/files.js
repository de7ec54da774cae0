// Files out of a drop, a paste or a folder, and what tells two of them apart.

// What systems and DICOM media leave beside the images.
const NO_IMAGES = new Set(["dicomdir", "thumbs.db", "desktop.ini"]);

/**
 * Whether a file may be an image, by its name: whatever its extension, but nothing hidden.
 * @param {{name: string}} file
 */
export const mayBeImage = ({ name }) => !name.startsWith(".") && !NO_IMAGES.has(name.toLowerCase());

/**
 * Return every file of a drop, with those of the folders in it, by path.
 * @param {DataTransfer} data
 * @returns {Promise<File[]>}
 */
export async function filesOf(data) {
  // A drop is emptied once its event is over, so the entries are taken at once.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...data.files];
  if (entries.every((entry) => entry === null || entry.isFile)) return plain;
  const found = await Promise.all(entries.filter((entry) => entry !== null).map(walk));
  return found.flat().filter(mayBeImage);
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File[]>}
 */
async function walk(entry) {
  if (entry.isFile) {
    const file = /** @type {FileSystemFileEntry} */ (entry);
    return [await new Promise((resolve, reject) => file.file(resolve, reject))];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {FileSystemEntry[]} */
  const all = [];
  for (;;) {
    // A reader gives a hundred entries at a time.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    all.push(...some);
  }
  all.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  return (await Promise.all(all.map(walk))).flat();
}

/**
 * SHA-256 of a file, in hexadecimal.
 * @param {Blob} file
 */
export async function digestOf(file) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
