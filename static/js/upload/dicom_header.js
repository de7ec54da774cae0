// Whose image a DICOM file is, and of which study: read from its header before anything is sent, so that a drop is split.
// Source: DICOM PS3.5 7 (data elements) and PS3.10 7.1 (file meta information).

/** @typedef {{patientId: string, patientName: string, birthDate: string, studyUid: string}} Header */

const PREAMBLE_BYTES = 128;
const UNDEFINED = 0xffffffff;
const IMPLICIT = "1.2.840.10008.1.2";
/** Deflated, and big endian: nothing is read of these. */
const NOT_READ = new Set(["1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"]);
const LONG_LENGTH = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const TRANSFER_SYNTAX = 0x00020010;
const LAST_TAG = 0x0020000d;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
/** @type {Map<number, keyof Header>} */
const WANTED = new Map([
  [0x00100010, "patientName"],
  [0x00100020, "patientId"],
  [0x00100030, "birthDate"],
  [LAST_TAG, "studyUid"],
]);
/** Enough for every header up to the study's UID. */
export const HEADER_BYTES = 256 * 1024;

/**
 * Read the header at the start of a file; null for what is not DICOM, or cannot be read here.
 * @param {ArrayBuffer} start
 * @returns {Header | null}
 */
export function headerOf(start) {
  const view = new DataView(start);
  try {
    if (text(view, PREAMBLE_BYTES, 4) !== "DICM") return null;
    return readHeader(view);
  } catch (error) {
    // The file ends within an element.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * What tells the studies of a drop apart; "" where the header says too little.
 * @param {Header | null} header
 */
export function groupKey(header) {
  if (header === null || !(header.patientId || header.patientName)) return "";
  const { patientId, patientName, birthDate, studyUid } = header;
  return JSON.stringify([patientId || patientName.toLowerCase(), birthDate, studyUid]);
}

/** @param {DataView} view */
function readHeader(view) {
  /** @type {Header} */
  const header = { patientId: "", patientName: "", birthDate: "", studyUid: "" };
  let syntax = "";
  let offset = PREAMBLE_BYTES + 4;
  while (offset < view.byteLength) {
    const isMeta = view.getUint16(offset, true) === 2;
    if (!isMeta && NOT_READ.has(syntax)) return null;
    const element = elementAt(view, offset, !isMeta && syntax === IMPLICIT);
    if (element.tag > LAST_TAG) break;
    if (element.tag === TRANSFER_SYNTAX) syntax = text(view, element.start, element.length);
    const name = WANTED.get(element.tag);
    if (name) header[name] = text(view, element.start, element.length);
    offset = element.end;
  }
  return header;
}

/**
 * @param {DataView} view
 * @param {number} offset
 * @param {boolean} isImplicit
 * @returns {{tag: number, start: number, length: number, end: number}}
 */
function elementAt(view, offset, isImplicit) {
  const tag = view.getUint16(offset, true) * 0x10000 + view.getUint16(offset + 2, true);
  const kind = isImplicit ? "" : text(view, offset + 4, 2);
  const isLong = isImplicit || LONG_LENGTH.has(kind);
  const start = offset + (isImplicit || !isLong ? 8 : 12);
  const length = isLong ? view.getUint32(start - 4, true) : view.getUint16(offset + 6, true);
  const end = length === UNDEFINED ? sequenceEnd(view, start, isImplicit) : start + length;
  return { tag, start, length, end };
}

/**
 * The offset behind a sequence of undefined length.
 * @param {DataView} view
 * @param {number} offset
 * @param {boolean} isImplicit
 * @returns {number}
 */
function sequenceEnd(view, offset, isImplicit) {
  let next = offset;
  for (;;) {
    const { tag, length } = delimiterAt(view, next);
    next += 8;
    if (tag === SEQUENCE_END) return next;
    if (tag !== ITEM) throw new RangeError("no item");
    if (length !== UNDEFINED) next += length;
    else next = itemEnd(view, next, isImplicit);
  }
}

/**
 * @param {DataView} view
 * @param {number} offset
 * @param {boolean} isImplicit
 */
function itemEnd(view, offset, isImplicit) {
  let next = offset;
  while (delimiterAt(view, next).tag !== ITEM_END) next = elementAt(view, next, isImplicit).end;
  return next + 8;
}

/**
 * @param {DataView} view
 * @param {number} offset
 */
function delimiterAt(view, offset) {
  const tag = view.getUint16(offset, true) * 0x10000 + view.getUint16(offset + 2, true);
  return { tag, length: view.getUint32(offset + 4, true) };
}

/**
 * @param {DataView} view
 * @param {number} offset
 * @param {number} length
 */
function text(view, offset, length) {
  let found = "";
  for (let at = offset; at < offset + length; at += 1) found += String.fromCharCode(view.getUint8(at));
  return found.replaceAll("\0", "").trim();
}
