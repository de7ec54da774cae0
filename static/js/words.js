// What a script says, in the language of the page: the page carries it as JSON, one block for each script.
export function wordsOf(script) {
  return JSON.parse(document.querySelector(`script[data-words="${script}"]`).textContent);
}

// "Box {n} of {all}" with {n: 1, all: 3} → "Box 1 of 3".
export function filled(words, values) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// 0.87 → "87%", as the page's language writes it.
export function percent(share) {
  return new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(share);
}

// 1234.56 → "1234.6", with at most so many digits behind the point of the page's language.
export function decimal(value, digits) {
  const format = { maximumFractionDigits: digits, useGrouping: false };
  return new Intl.NumberFormat(document.documentElement.lang, format).format(value);
}
