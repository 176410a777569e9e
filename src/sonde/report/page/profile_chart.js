// The series with what was found in it, the profile below it, and the arc curve below that.

const RIBBON = 20, CURVE = 110, ARCS = 80;

class ProfileChart extends Chart {
  inks = MARK_INKS;
  level;

  constructor(page, choose) {
    super(page, choose);
    this.level = page.level;
  }

  layOutBelow() {
    const { page } = this;
    const columns = page.channels.length;
    this.curves = [this.curve(this.profileName(), columns, CURVE, "distance")];
    if (this.series.arcs) this.curves.push(this.curve("Arcs that pass, as a share of what chance would give", columns + page.levels.length, ARCS, "arcs"));
    this.ribbon = null;
    if (page.regimes.length) {
      const name = element("div", { className: "panel-name" }, element("b", { text: "Regimes" }));
      this.ribbon = element("canvas", { role: "img", "aria-label": `${plural(page.regimes.length, "regime", "regimes")}; the table below lists them` });
      this.panels.prepend(element("div", { className: "panel" }, name, this.ribbon));
    }
  }

  curve(title, first, height, kind) {
    const canvas = element("canvas", { role: "img", "aria-label": title });
    const reading = element("span"), heading = element("b", { text: title, title });
    const name = element("div", { className: "panel-name" }, heading, reading);
    this.panels.append(element("div", { className: "panel" }, name, canvas));
    return { canvas, reading, heading, first, height, kind };
  }

  profileName() {
    const { page } = this;
    const told = page.joined ? `Distance to the nearest window of ${page.other.name}` : "Distance to the nearest other window";
    return page.levels.length > 1 ? `${told}, over ${levelText(page, this.level)}` : told;
  }

  chooseLevel(level) {
    if (level < 0) return;
    this.level = level;
    byId("level").value = String(level);
    this.curves[0].heading.textContent = this.profileName();
    this.redraw();
  }

  readable() {
    return this.parts ? [...this.parts, ...this.curves] : [];
  }

  marksIn(channel) {
    return this.anomalies.filter((place) => place.item.channels.includes(channel));
  }

  colourOf(place) {
    return inkOf(this.ink, place.item);
  }

  washOf(place) {
    return faded(this.colourOf(place));
  }

  verticalRange(values) {
    const [low, high] = super.verticalRange(values, {});
    return [low, high + (high - low) * 0.08]; // room for the names
  }

  drawBehind(pen, scale, top, bottom) {
    pen.strokeStyle = this.ink.faint;
    pen.setLineDash([2, 3]);
    for (const regime of this.page.regimes.slice(1)) {
      const x = Math.round(scale.of(regime.from - this.unit / 2)) + 0.5;
      pen.beginPath();
      pen.moveTo(x, top);
      pen.lineTo(x, bottom);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  drawChannel(part) {
    super.drawChannel(part);
    const pen = part.canvas.getContext("2d");
    pen.save();
    pen.beginPath();
    pen.rect(this.scale.left, 0, this.scale.right - this.scale.left, part.height);
    pen.clip();
    drawNames(pen, shades(this.marksIn(part.channel), this.scale, this.unit), 11, this.ink);
    pen.restore();
  }

  drawBelow() {
    if (this.ribbon) this.drawRibbon();
    this.curves.forEach((curve, i) => this.drawCurve(curve, i === this.curves.length - 1));
  }

  drawRibbon() {
    const { ink, unit } = this;
    const { pen, width } = prepare(this.ribbon, RIBBON);
    const scale = across(this.view, width);
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    for (const regime of this.page.regimes) {
      const a = clamp(scale.of(regime.from - unit / 2), scale.left, scale.right);
      const b = clamp(scale.of(regime.to + unit / 2), scale.left, scale.right);
      if (b - a < 0.5) continue;
      pen.fillStyle = ink[`regime-${((regime.rank - 1) % REGIME_COLOURS) + 1}`];
      pen.fillRect(a, 0, Math.max(1, b - a - 1), RIBBON - 4);
      pen.fillStyle = ink.ink;
      if (b - a > 18) pen.fillText(String(regime.rank), (a + b) / 2, (RIBBON - 4) / 2 + 0.5);
    }
  }

  drawCurve({ canvas, first, height, kind }, isLast) {
    const { series, ink } = this;
    const values = series.values[first + this.level];
    const { pen, width } = prepare(canvas, height + (isLast ? AXIS : 0));
    const scale = across(this.view, width);
    const known = kind === "arcs" ? [0, 1] : extent([values], this.first, this.last) || [0, 1];
    const high = (known[1] || 1) * 1.08, top = 6, bottom = height - 4;
    const toY = (v) => bottom - (v / high) * (bottom - top);
    const ticks = this.ticks(width);
    drawDown(pen, ticks, scale, top, bottom, ink);
    drawAcross(pen, numberTicks(0, high, 3), toY, scale, ink);
    pen.save();
    pen.beginPath();
    pen.rect(scale.left, 0, scale.right - scale.left, height);
    pen.clip();
    this.drawBehind(pen, scale, top, bottom);
    pen.strokeStyle = ink.line;
    pen.lineWidth = 1.25;
    pen.stroke(linePath(series, values, this.first, this.last, scale.of, toY));
    if (kind === "distance") this.drawStarts(pen, values, scale, toY);
    pen.restore();
    if (isLast) drawAxis(pen, ticks, width, scale, bottom, ink);
  }

  // A dot where each window begins, since that is where its distance stands; only of what was
  // found over as many columns as are shown.
  drawStarts(pen, values, scale, toY) {
    const { xs } = this.series;
    for (const place of this.anomalies) {
      if (place.item.level !== this.page.levels[this.level]) continue;
      const v = values[nearest(xs, place.from)], x = scale.of(place.from);
      if (!Number.isFinite(v) || x < scale.left - 4 || x > scale.right + 4) continue;
      pen.beginPath();
      pen.arc(x, toY(v), place === this.selected ? 5 : 3.2, 0, 7);
      pen.fillStyle = this.colourOf(place);
      pen.fill();
    }
  }
}

class ProfileGestures extends Gestures {
  readBelow(i) {
    const { series, curves, level } = this.chart;
    for (const { first, reading } of curves) reading.textContent = number(series.values[first + level][i], series.steps[first + level]);
  }

  told(i) {
    const { chart } = this, { series, page, level } = chart;
    const row = rowsText(series, i);
    const lines = page.time ? [[row.includes("–") ? "Rows" : "Row", row]] : [];
    const many = page.channels.length > 1;
    for (let c = 0; c < Math.min(5, page.channels.length); c++) lines.push([many ? page.channels[c] : "Value", number(series.values[c][i], series.steps[c])]);
    for (const { first, kind } of chart.curves) lines.push([kind === "arcs" ? "Arcs" : "Distance", number(series.values[first + level][i])]);
    const here = chart.anomalies.filter((place) => series.xs[i] >= place.from && series.xs[i] <= place.to);
    if (here.length) lines.push(["In", [...new Set(here.map((place) => place.item.title))].join(", ")]);
    return [page.time ? moment(series.xs[i]) : `Row ${row}`, ...lines];
  }
}

function levelText(page, level) {
  const count = page.levels[level];
  if (count === page.allChannels) return `all ${count} columns`;
  return count === 1 ? "the best column" : `the best ${count} columns`;
}
