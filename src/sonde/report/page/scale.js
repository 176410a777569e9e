// Ticks, ranges and positions: arithmetic only.

function niceStep(span, count) {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const part = rough / power;
  return power * (part > 5 ? 10 : part > 2 ? 5 : part > 1 ? 2 : 1);
}

function numberTicks(low, high, count) {
  if (!(high > low)) return [{ at: low, label: number(low) }];
  const step = niceStep(high - low, count);
  const digits = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) {
    const at = k * step || 0; // never −0
    ticks.push({ at, label: tickLabel(at, digits) });
  }
  return ticks;
}

function tickLabel(value, digits) {
  const size = Math.abs(value);
  if (size >= 1e9 || (size !== 0 && size < 1e-4)) return value.toExponential(1).replace("e+", "e");
  const [unit, name] = size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  const shown = unit === 1 ? Math.min(digits, 5) : 2;
  return ((value / unit).toLocaleString("en", { maximumFractionDigits: shown }) + name).replace("-", "−");
}

const SECOND = 1000, MINUTE = 60000, HOUR = 3600000, DAY = 86400000;
const TIME_STEPS = [
  ...[1, 2, 5, 15, 30].map((n) => n * SECOND), ...[1, 2, 5, 15, 30].map((n) => n * MINUTE),
  ...[1, 3, 6, 12].map((n) => n * HOUR), ...[1, 2, 7, 14].map((n) => n * DAY),
];
const MONTH_STEPS = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000];

function timeTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (rough < SECOND) return subsecondTicks(low, high, count);
  const step = TIME_STEPS.find((s) => s >= rough);
  return step ? clockTicks(low, high, step) : monthTicks(low, high, rough / (30.4 * DAY));
}

// A tick's `under` is what its label leaves out; it is written where it changes.
const dayText = (date) => `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
const longDay = (date) => `${dayText(date)} ${date.getUTCFullYear()}`;

function subsecondTicks(low, high, count) {
  const step = niceStep(high - low, count);
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step / SECOND))));
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) {
    const second = (k * step) / SECOND;
    const date = new Date(Math.floor(second) * SECOND);
    const part = (second - Math.floor(second)).toFixed(digits).slice(1);
    ticks.push({ at: k * step, label: `${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}${part}`, under: `${longDay(date)}, ${two(date.getUTCHours())} h` });
  }
  return ticks;
}

function clockTicks(low, high, step) {
  const ticks = [];
  // Weeks begin on Mondays; 5 January 1970 was one.
  const origin = step >= 7 * DAY ? 4 * DAY : 0;
  for (let k = Math.ceil((low - origin) / step); origin + k * step <= high; k++) {
    const at = origin + k * step, date = new Date(at);
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
    if (step >= DAY) ticks.push({ at, label: dayText(date), under: String(date.getUTCFullYear()) });
    else ticks.push({ at, label: step < MINUTE ? `${clock}:${two(date.getUTCSeconds())}` : clock, under: longDay(date) });
  }
  return ticks;
}

function monthTicks(low, high, months) {
  const step = MONTH_STEPS.find((s) => s >= months) || MONTH_STEPS.at(-1);
  const first = new Date(low);
  const ticks = [];
  let month = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step;
  for (; ; month += step) {
    // Date.UTC takes years below 100 for 19xx; no such dates fit into nanoseconds since 1970.
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1), year = String(Math.floor(month / 12));
    if (!(at <= high)) return ticks;
    if (at >= low) ticks.push(step < 12 ? { at, label: MONTHS[month % 12], under: year } : { at, label: year });
  }
}

// The first position whose x is not below the given one.
function lowerBound(xs, x) {
  let a = 0, b = xs.length;
  while (a < b) {
    const middle = (a + b) >> 1;
    if (xs[middle] < x) a = middle + 1;
    else b = middle;
  }
  return a;
}

function nearest(xs, x) {
  const i = lowerBound(xs, x);
  if (i === 0) return 0;
  return i === xs.length || x - xs[i - 1] <= xs[i] - x ? i - 1 : i;
}

// Smallest and largest finite number in a range of several arrays, or null.
function extent(arrays, from, to) {
  let low = Infinity, high = -Infinity;
  for (const values of arrays) {
    for (let i = from; i < to; i++) {
      const v = values[i];
      if (v < low && v !== -Infinity) low = v;
      if (v > high && v !== Infinity) high = v;
    }
  }
  return low <= high ? [low, high] : null;
}

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
