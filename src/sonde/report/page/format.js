// Numbers, moments and rarities as people read them, and the making of elements.

const NONE = "–";

function number(value, step) {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3).replace("e+", "e");
  let digits = size >= 1e4 ? 1 : size >= 100 ? 2 : size >= 1 ? 3 : size >= 0.01 ? 4 : 6;
  // No more decimals than the numbers were stored with.
  if (step > 0) digits = Math.min(digits, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return value.toLocaleString("en", { maximumFractionDigits: digits }).replace("-", "−");
}

// Scores stand below each other, so they get the same decimals, by their size.
function score(value) {
  if (value === null || Number.isNaN(value)) return NONE;
  const size = Math.abs(value);
  if (size >= 1e7 || (size !== 0 && size < 1e-3)) return number(value);
  const digits = size >= 1000 ? 0 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
}

function whole(value) {
  return value.toLocaleString("en");
}

function plural(count, one, many) {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

// "1 in 20k" for a rarity of 4.3, its power of ten.
function oneIn(rarity) {
  if (rarity === null || Number.isNaN(rarity)) return NONE;
  if (rarity >= 6) return "1 in 1M or more";
  const count = 10 ** rarity;
  if (count < 1.05) return "1 in 1";
  const [unit, name] = count >= 9995 ? [1e3, "k"] : [1, ""];
  const shown = count / unit;
  const digits = shown < 9.95 ? 1 : 0;
  return `1 in ${shown.toLocaleString("en", { maximumFractionDigits: digits })}${name}`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const two = (n) => String(n).padStart(2, "0");

// A moment as far as it differs from midnight; milliseconds since 1970, UTC.
function moment(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return number(ms);
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  const fraction = ms - Math.floor(ms / 1000) * 1000;
  if (ms % 86400000 === 0) return day;
  let time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  if (ms % 60000 !== 0) time += `:${two(date.getUTCSeconds())}`;
  const micro = Math.round(fraction * 1000); // finer is lost in a double
  if (micro) time += `.${String(micro).padStart(6, "0").replace(/000$/, "")}`;
  return `${day} ${time}`;
}

// The second of two moments needs its day only when the first has another.
function until(from, to) {
  const [a, b] = [moment(from), moment(to)];
  return b.length > 10 && a.slice(0, 10) === b.slice(0, 10) ? b.slice(11) : b;
}

function duration(ms) {
  for (const [unit, name] of [[86400000, "d"], [3600000, "h"], [60000, "min"], [1000, "s"]]) {
    if (ms >= unit) return `${number(Math.round((ms / unit) * 10) / 10)} ${name}`;
  }
  return `${number(ms)} ms`;
}

// An element with classes, text and children; text is never read as markup.
function element(tag, { className, text, title, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  if (title !== undefined) made.title = title;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
const hasLittleMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;

function say(text) {
  byId("live").textContent = text;
}
