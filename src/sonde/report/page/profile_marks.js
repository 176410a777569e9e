// What was found, as places on the axis with a colour each.

const MARK_COLOURS = 6, REGIME_COLOURS = 4;
const numbered = (name, count) => Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
const MARK_INKS = [...numbered("mark", MARK_COLOURS), ...numbered("regime", REGIME_COLOURS)];

const TITLES = { motif: "Motif", discord: "Discord", regime: "Regime" };

// Give every finding its kind, its title and its places; each place knows its finding.
function prepareFindings(page) {
  for (const [kind, items] of [["motif", page.motifs], ["discord", page.discords], ["regime", page.regimes]]) {
    for (const item of items) {
      item.kind = kind;
      item.title = `${TITLES[kind]} ${item.rank}`;
      item.places ??= [item];
      item.places.forEach((place, i) => Object.assign(place, { item, isFirst: i === 0 }));
    }
  }
  page.findings = [...page.motifs, ...page.discords, ...page.regimes];
}

// What is drawn in the series, or in the other one: all windows of the motifs, and the discords
// without the windows they are least unlike.
function marksOf(page, isOther) {
  const discords = page.discords.flatMap((item) => (isOther ? [] : item.places.slice(0, 1)));
  return [...page.motifs.flatMap((item) => item.places), ...discords].filter((place) => place.other === isOther);
}

function inkOf(ink, item) {
  return item.kind === "discord" ? ink.strange : ink[`mark-${((item.rank - 1) % MARK_COLOURS) + 1}`];
}

// Seven digits of colour and two of how much of it: a wash.
function faded(colour) {
  return `${colour}26`;
}

function shortName(item) {
  return `${item.kind === "discord" ? "D" : "M"}${item.rank}`;
}

// Names above the places where there is room for them.
function drawNames(pen, found, y, ink) {
  pen.textBaseline = "top";
  pen.textAlign = "left";
  let reach = -Infinity;
  for (const { anomaly, left, right } of [...found].sort((a, b) => a.left - b.left)) {
    const text = shortName(anomaly.item), width = pen.measureText(text).width;
    if (left < reach || right - left < width + 5) continue;
    pen.fillStyle = inkOf(ink, anomaly.item);
    pen.fillText(text, left + 3, y);
    reach = left + width + 8;
  }
}

// What rounding leaves between equal windows is 0.
function distanceText(distance) {
  return number(distance !== null && distance < 1e-9 ? 0 : distance);
}

function placeText(page, place, isLong = false) {
  const rows = `rows ${whole(place.start)} to ${whole(place.end - 1)}`;
  if (!page.time) return isLong ? rows : whole(place.start);
  return isLong ? `${moment(place.from)} to ${until(place.from, place.to)}, ${rows}` : moment(place.from);
}
