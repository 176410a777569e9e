// The strip below the panels: how rare each row's score is, the threshold, and the common axis.

const STRIP = 66, AXIS = 36;

function drawStrip(chart) {
  const { series, ink, first, last } = chart;
  const { pen, width } = prepare(chart.strip.canvas, STRIP + AXIS);
  const scale = across(chart.view, width);
  const { cutoff } = chart.page;
  const top = 8, bottom = STRIP;
  const highest = Math.max(cutoff * 1.25, Math.min(highestRarity(series), cutoff * 3), 1);
  const toY = (r) => bottom - (Math.min(r, highest) / highest) * (bottom - top);
  const powers = [];
  for (let p = highest > 8 ? 4 : 2; p <= highest; p += highest > 8 ? 4 : 2) powers.push({ at: p, label: oneIn(p).replace("1 in ", "1:").replace(" or more", "+") });
  drawDown(pen, chart.ticks(width), scale, top, bottom, ink);
  drawAcross(pen, powers, toY, scale, ink);
  pen.save();
  pen.beginPath();
  pen.rect(scale.left, 0, scale.right - scale.left, bottom);
  pen.clip();
  const bar = Math.max(1, scale.of(series.xs[first] + chart.unit) - scale.of(series.xs[first]) - 1);
  const highs = new Map();
  for (let i = first; i < last; i++) {
    const r = series.rarity[i];
    if (!(r > 0)) continue;
    const x = bar > 2 ? scale.of(series.xs[i]) : Math.round(scale.of(series.xs[i]));
    if (!(highs.get(x) >= r)) highs.set(x, r);
  }
  for (const [x, r] of highs) {
    // Half a storage step of tolerance: what is drawn at the line has passed it.
    pen.fillStyle = r >= cutoff - series.rarityStep / 2 ? ink.strange : ink.rare;
    pen.fillRect(x - bar / 2, toY(r), bar, bottom - toY(r));
  }
  pen.restore();
  drawThreshold(pen, toY(cutoff), scale, ink);
  drawAxis(pen, chart.ticks(width), width, scale, bottom, ink);
}

function drawThreshold(pen, y, scale, ink) {
  pen.strokeStyle = ink.ink;
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(scale.left, Math.round(y) + 0.5);
  pen.lineTo(scale.right, Math.round(y) + 0.5);
  pen.stroke();
  pen.setLineDash([]);
}

function drawAxis(pen, ticks, width, scale, bottom, ink) {
  pen.textBaseline = "top";
  pen.textAlign = "center";
  let reach = -Infinity, said = "", underReach = -Infinity;
  for (const { at, label, under } of ticks) {
    const x = scale.of(at), half = pen.measureText(label).width / 2;
    if (x - half < reach || x + half > width) continue;
    pen.fillStyle = ink.soft;
    pen.fillText(label, x, bottom + 6);
    reach = x + half + 10;
    if (!under || under === said) continue;
    const room = pen.measureText(under).width / 2, middle = clamp(x, room, width - room);
    if (middle - room < underReach) continue;
    pen.fillStyle = ink.faint;
    pen.fillText(under, middle, bottom + 20);
    underReach = middle + room + 10;
    said = under;
  }
}

function highestRarity(series) {
  if (series.highestRarity === undefined) {
    const range = extent([series.rarity], 0, series.rarity.length);
    series.highestRarity = range ? range[1] : 0;
  }
  return series.highestRarity;
}
