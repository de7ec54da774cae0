import assert from "node:assert/strict";
import { test } from "node:test";
import { groupKey, headerOf } from "../../static/js/upload/dicom_header.js";

const EXPLICIT = "1.2.840.10008.1.2.1";
const IMPLICIT = "1.2.840.10008.1.2";

/** @param {number} value @param {number} size */
const number = (value, size) => Array.from({ length: size }, (_, at) => (value >>> (8 * at)) & 255);
/** @param {string} text */
const bytes = (text) => [...text].map((letter) => letter.charCodeAt(0));
/** @param {number} group @param {number} element */
const tag = (group, element) => [...number(group, 2), ...number(element, 2)];

/** @param {number} group @param {number} element @param {string} kind @param {string} value */
const short = (group, element, kind, value) => [
  ...tag(group, element), ...bytes(kind), ...number(value.length, 2), ...bytes(value),
];
/** @param {number} group @param {number} element @param {string} value */
const implicit = (group, element, value) => [...tag(group, element), ...number(value.length, 4), ...bytes(value)];

/** @param {string} syntax @param {...number[]} elements */
function file(syntax, ...elements) {
  const all = [...Array(128).fill(0), ...bytes("DICM"), ...short(2, 0x10, "UI", syntax), ...elements.flat()];
  return new Uint8Array(all).buffer;
}

const PATIENT = [
  short(0x10, 0x10, "PN", "Doe^Jane"), short(0x10, 0x20, "LO", "4711 "), short(0x10, 0x30, "DA", "19801231"),
  short(0x20, 0xd, "UI", "1.2.3\0"),
];
const SAID = { patientId: "4711", patientName: "Doe^Jane", birthDate: "19801231", studyUid: "1.2.3" };

test("an explicit header says patient and study", () => {
  assert.deepEqual(headerOf(file(EXPLICIT, ...PATIENT)), SAID);
});

test("an implicit header says the same", () => {
  const elements = [
    implicit(0x10, 0x10, "Doe^Jane"), implicit(0x10, 0x20, "4711 "), implicit(0x10, 0x30, "19801231"),
    implicit(0x20, 0xd, "1.2.3\0"),
  ];
  assert.deepEqual(headerOf(file(IMPLICIT, ...elements)), SAID);
});

test("sequences of every length are passed over", () => {
  const inner = short(8, 0x1150, "UI", "9.9.9.9");
  const undefinedItem = [...tag(0xfffe, 0xe000), ...number(0xffffffff, 4), ...inner, ...tag(0xfffe, 0xe00d), ...number(0, 4)];
  const knownItem = [...tag(0xfffe, 0xe000), ...number(inner.length, 4), ...inner];
  const end = [...tag(0xfffe, 0xe0dd), ...number(0, 4)];
  const open = [...tag(8, 0x1140), ...bytes("SQ"), 0, 0, ...number(0xffffffff, 4), ...undefinedItem, ...knownItem, ...end];
  const known = [...tag(8, 0x2112), ...bytes("SQ"), 0, 0, ...number(knownItem.length, 4), ...knownItem];
  assert.deepEqual(headerOf(file(EXPLICIT, open, known, ...PATIENT)), SAID);
});

test("what is not DICOM, cut off or in another byte order says nothing", () => {
  assert.equal(headerOf(new Uint8Array(bytes("\xff\xd8\xff")).buffer), null);
  assert.equal(headerOf(new ArrayBuffer(0)), null);
  assert.equal(headerOf(new ArrayBuffer(4096)), null);
  assert.equal(headerOf(file("1.2.840.10008.1.2.2", ...PATIENT)), null);
  assert.equal(headerOf(file("1.2.840.10008.1.2.1.99", ...PATIENT)), null);
  const whole = file(EXPLICIT, ...PATIENT);
  assert.equal(headerOf(whole.slice(0, whole.byteLength - 3)), null);
});

test("files of one study share a key, and only they do", () => {
  assert.equal(groupKey(SAID), groupKey({ ...SAID, patientName: "DOE^JANE" }));
  const others = [{ patientId: "4712" }, { birthDate: "19801230" }, { studyUid: "1.2.4" }];
  for (const other of others) assert.notEqual(groupKey(SAID), groupKey({ ...SAID, ...other }));
  assert.equal(groupKey({ ...SAID, patientId: "", patientName: "" }), "");
  assert.equal(groupKey(null), "");
});
