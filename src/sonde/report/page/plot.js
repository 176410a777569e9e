// Drawing one panel on a canvas: lines by smallest and largest value per pixel, bands, shades.

const GUTTER = { wide: 58, narrow: 50 }, RIGHT = 12;

// The page's colours by name; a chart may know more of them.
function colours(more = []) {
  const style = getComputedStyle(document.documentElement);
  const found = {};
  for (const name of ["ink", "soft", "faint", "grid", "edge", "card", "line", "expected", "band", "strange", "strange-wash", "rare", "focus", "select", ...more]) {
    found[name] = style.getPropertyValue(`--${name}`).trim();
  }
  return found;
}

// A canvas as sharp as the screen, cleared; drawing happens in CSS pixels.
function prepare(canvas, height) {
  const width = canvas.clientWidth || canvas.parentElement.clientWidth || 300;
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  canvas.style.height = `${height}px`;
  const w = Math.round(width * ratio), h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px system-ui, -apple-system, 'Segoe UI', sans-serif";
  pen.lineJoin = "round";
  return { pen, width, height };
}

function gutter(width) {
  return width < 560 ? GUTTER.narrow : GUTTER.wide;
}

// x of the data → pixels, for a view [from, to].
function across(view, width) {
  const left = gutter(width), room = width - left - RIGHT;
  const perUnit = room / (view.to - view.from);
  return { left, right: width - RIGHT, of: (x) => left + (x - view.from) * perUnit, back: (px) => view.from + (px - left) / perUnit };
}

// The path of a line. At most four points per pixel column, so that any number of rows is quick.
function linePath(series, values, from, to, toX, toY) {
  const path = new Path2D();
  const { xs, isBroken } = series;
  let column = NaN, open = false, first = 0, low = 0, high = 0, last = 0;
  const flush = () => {
    if (Number.isNaN(column)) return;
    const x = column + 0.5;
    if (open) path.lineTo(x, toY(first));
    else path.moveTo(x, toY(first));
    path.lineTo(x, toY(low));
    path.lineTo(x, toY(high) + (low === high ? 0.01 : 0)); // a lone point still leaves a dot
    path.lineTo(x, toY(last));
    open = true;
    column = NaN;
  };
  for (let i = from; i < to; i++) {
    const v = values[i];
    if (isBroken[i] || !Number.isFinite(v)) {
      flush();
      open = false;
      if (!Number.isFinite(v)) continue;
    }
    const at = Math.floor(toX(xs[i]) * 2) / 2 - 0.5;
    if (at !== column) {
      flush();
      column = at;
      first = low = high = v;
    }
    if (v < low) low = v;
    if (v > high) high = v;
    last = v;
  }
  flush();
  return path;
}

// The area between two lines, per pixel column, broken where either is missing.
function bandPath(series, lower, upper, from, to, toX, toY) {
  const path = new Path2D();
  let top = [], bottom = [];
  const flush = () => {
    if (top.length > 1) {
      top.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
      for (const [x, y] of bottom.reverse()) path.lineTo(x, y);
      path.closePath();
    }
    top = [];
    bottom = [];
  };
  for (let i = from; i < to; i++) {
    if (series.isBroken[i] || !Number.isFinite(lower[i]) || !Number.isFinite(upper[i])) flush();
    if (!Number.isFinite(lower[i]) || !Number.isFinite(upper[i])) continue;
    const x = Math.round(toX(series.xs[i]) * 2) / 2, low = toY(lower[i]), high = toY(upper[i]);
    const end = top.length - 1;
    if (end >= 0 && top[end][0] === x) {
      top[end][1] = Math.min(top[end][1], high);
      bottom[end][1] = Math.max(bottom[end][1], low);
    } else {
      top.push([x, high]);
      bottom.push([x, low]);
    }
  }
  flush();
  return path;
}

// Where the anomalies of a series lie on the screen: half a row more to either side, and at least
// three pixels wide.
function shades(anomalies, scale, unit) {
  const half = (scale.of(unit) - scale.of(0)) / 2;
  return anomalies
    .map((anomaly) => {
      const a = scale.of(anomaly.from), b = scale.of(anomaly.to);
      const pad = Math.max(1.5 - (b - a) / 2, 1, half);
      return { anomaly, left: a - pad, right: b + pad };
    })
    .filter((shade) => shade.right >= scale.left && shade.left <= scale.right);
}

function drawShades(pen, found, top, bottom, chart) {
  for (const { anomaly, left, right } of found) {
    const colour = chart.colourOf(anomaly), isSelected = anomaly === chart.selected;
    if (anomaly.isCandidate) {
      pen.strokeStyle = colour;
      pen.setLineDash([3, 3]);
      pen.strokeRect(Math.round(left) - 1.5, top + 0.5, Math.round(right - left) + 3, bottom - top - 1);
      pen.setLineDash([]);
      continue;
    }
    pen.fillStyle = chart.washOf(anomaly);
    pen.fillRect(left, top, right - left, bottom - top);
    pen.fillStyle = colour;
    pen.fillRect(left, top, right - left, isSelected ? 4 : 2);
    if (isSelected) {
      pen.strokeStyle = colour;
      pen.strokeRect(Math.round(left) - 0.5, top + 0.5, Math.round(right - left) + 1, bottom - top - 1);
    }
  }
}

function drawAcross(pen, ticks, toY, scale, ink) {
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const { at, label } of ticks) {
    const y = Math.round(toY(at)) + 0.5;
    pen.strokeStyle = ink.grid;
    pen.beginPath();
    pen.moveTo(scale.left, y);
    pen.lineTo(scale.right, y);
    pen.stroke();
    pen.fillStyle = ink.faint;
    pen.fillText(label, scale.left - 7, y);
  }
}

function drawDown(pen, ticks, scale, top, bottom, ink) {
  pen.strokeStyle = ink.grid;
  for (const { at } of ticks) {
    const x = Math.round(scale.of(at)) + 0.5;
    pen.beginPath();
    pen.moveTo(x, top);
    pen.lineTo(x, bottom);
    pen.stroke();
  }
}
