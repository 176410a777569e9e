// The compressed numbers of the page → typed arrays. The inverse of encode.py.

const MINUS_INFINITY = 65533, PLUS_INFINITY = 65534, NOT_A_NUMBER = 65535;

async function inflate(text) {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("this browser cannot unpack the page's numbers (it has no DecompressionStream); open the file in a current browser");
  }
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function floats(bytes, column) {
  const { at, n, order, lo, step, scale, unit } = column;
  const codes = new Uint16Array(n);
  for (let i = 0; i < n; i++) {
    const stored = (bytes[at + i] << 8) | bytes[at + n + i];
    codes[i] = order === 0 ? stored : (stored >>> 1) ^ -(stored & 1);
  }
  for (let pass = 0; pass < order; pass++) {
    for (let i = 1; i < n; i++) codes[i] += codes[i - 1]; // wraps at 16 bits, as it should
  }
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const code = codes[i];
    if (code === NOT_A_NUMBER) values[i] = NaN;
    else if (code === PLUS_INFINITY) values[i] = Infinity;
    else if (code === MINUS_INFINITY) values[i] = -Infinity;
    else {
      const y = lo + code * step;
      values[i] = scale === "log" ? Math.sign(y) * Math.expm1(Math.abs(y)) * unit : y;
    }
  }
  return values;
}

function integers(bytes, column) {
  const { at, n, first, step, unit } = column;
  const values = new Float64Array(n);
  let count = 0;
  for (let i = 0; i < n; i++) {
    if (at === undefined) {
      values[i] = first + i * step;
      continue;
    }
    const stored = bytes[at + i] * 16777216 + (bytes[at + n + i] << 16 | bytes[at + 2 * n + i] << 8 | bytes[at + 3 * n + i]);
    count += stored % 2 ? -(stored + 1) / 2 : stored / 2;
    values[i] = first + count * unit;
  }
  return values;
}

// One series of the page, ready to draw. Decoded when first asked for.
function decodeSeries(bytes, stored) {
  const optional = (column) => (column ? floats(bytes, column) : null);
  const xs = integers(bytes, stored.x);
  const isBroken = new Uint8Array(xs.length);
  for (const i of stored.breaks) isBroken[i] = 1;
  return {
    ...stored,
    xs,
    isBroken,
    row: integers(bytes, stored.row),
    steps: stored.values.map((column) => column.step),
    values: stored.values.map((column) => floats(bytes, column)),
    expected: optional(stored.expected),
    lower: optional(stored.lower),
    upper: optional(stored.upper),
    score: floats(bytes, stored.score),
    rarity: floats(bytes, stored.rarity),
    rarityStep: stored.rarity.step,
  };
}
