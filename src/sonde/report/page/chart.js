// The chart of one series: a panel per channel, the score strip, and what is selected.

const FIRST_CHANNELS = 12;

class Chart {
  constructor(page, choose) {
    this.page = page;
    this.choose = choose; // told when an anomaly is clicked
    this.moved = null; // told when another part is shown
    this.isComplete = false; // all channels, or only the first twelve
    this.selected = null;
    this.stack = byId("stack");
    this.panels = byId("panels");
    this.overview = new Overview(byId("overview"), this);
    byId("all-channels").addEventListener("click", () => this.toggleChannels());
    new ResizeObserver(() => this.redraw()).observe(this.stack);
  }

  open(series, anomalies) {
    this.series = series;
    this.anomalies = anomalies;
    this.selected = null;
    const { xs } = series;
    const start = xs[0], end = Math.max(series.end, xs[xs.length - 1]);
    const half = (end - start) / Math.max(1, series.rows - 1) / 2 || 0.5;
    this.unit = half * 2; // the usual distance of two rows
    this.full = { from: start - half, to: end + half };
    this.view = { ...this.full };
    this.layOut();
    this.draw(); // at once, so that a failure is noticed where the page can tell
  }

  layOut() {
    const { channels } = this.page;
    const shown = this.isComplete ? channels.length : Math.min(FIRST_CHANNELS, channels.length);
    const height = shown === 1 ? 290 : shown <= 3 ? 150 : 84;
    this.parts = [];
    this.panels.replaceChildren();
    for (let c = 0; c < shown; c++) {
      const canvas = element("canvas", { role: "img", "aria-label": `${channels[c]} over ${this.page.time ? "time" : "rows"}` });
      const reading = element("span");
      const name = element("div", { className: "panel-name" }, element("b", { text: channels[c], title: channels[c] }), reading);
      this.panels.append(element("div", { className: "panel" }, name, canvas));
      this.parts.push({ channel: c, canvas, reading, height });
    }
    this.layOutBelow();
    const button = byId("all-channels");
    button.hidden = channels.length <= FIRST_CHANNELS;
    button.textContent = this.isComplete ? `Show the first ${FIRST_CHANNELS} columns` : `Show all ${channels.length} columns`;
  }

  layOutBelow() {
    const reading = element("span");
    const limit = element("span", { text: `threshold ${oneIn(this.page.cutoff)}` });
    const name = element("div", { className: "panel-name" }, element("b", { text: "How rare the score is" }), element("span", {}, reading, limit));
    this.strip = { canvas: element("canvas", { role: "img", "aria-label": "How rare the score of each row is, with the threshold" }), reading };
    this.panels.append(element("div", { className: "panel" }, name, this.strip.canvas));
  }

  toggleChannels() {
    this.isComplete = !this.isComplete;
    this.layOut();
    this.redraw();
  }

  // Show a part of the axis, kept within the data and no narrower than about eight rows.
  show(view) {
    const whole = this.full.to - this.full.from;
    const width = clamp(view.to - view.from, Math.min(whole, this.unit * 8), whole);
    const middle = (view.from + view.to) / 2;
    const from = clamp(middle - width / 2, this.full.from, this.full.to - width);
    this.view = { from, to: from + width };
    this.moved?.();
    this.redraw();
  }

  // The same, in a short movement that the eye can follow.
  glide(target) {
    if (hasLittleMotion || document.hidden) return this.show(target);
    const begin = { ...this.view }, started = performance.now();
    const step = () => {
      const t = Math.min(1, (performance.now() - started) / 260), ease = 1 - (1 - t) ** 3;
      this.show({ from: begin.from + (target.from - begin.from) * ease, to: begin.to + (target.to - begin.to) * ease });
      if (t < 1 && this.gliding === step) requestAnimationFrame(step);
    };
    this.gliding = step;
    requestAnimationFrame(step);
  }

  zoom(factor, centre = (this.view.from + this.view.to) / 2) {
    this.gliding = null;
    const { from, to } = this.view;
    this.show({ from: centre - (centre - from) * factor, to: centre + (to - centre) * factor });
  }

  pan(share) {
    this.gliding = null;
    const by = (this.view.to - this.view.from) * share;
    const moved = clamp(by, this.full.from - this.view.from, this.full.to - this.view.to);
    this.show({ from: this.view.from + moved, to: this.view.to + moved });
  }

  // Zoom to an anomaly with some of its surroundings: a few periods where a period is known.
  visit(anomaly) {
    this.selected = anomaly;
    const width = anomaly.to - anomaly.from + this.unit;
    const around = Math.max(width * 5, this.unit * 60, this.unit * Math.min(3 * (this.page.period || 0), this.series.rows / 4));
    const middle = (anomaly.from + anomaly.to) / 2;
    this.glide({ from: middle - around / 2, to: middle + around / 2 });
  }

  select(anomaly) {
    this.selected = anomaly;
    this.redraw();
  }

  redraw() {
    if (!this.series || this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.series || !this.stack.clientWidth) return;
    this.ink = colours(this.inks);
    const { xs } = this.series, { from, to } = this.view;
    // One point beyond either edge, so that lines run out of the picture.
    this.first = Math.max(0, lowerBound(xs, from) - 1);
    this.last = Math.min(xs.length, lowerBound(xs, to) + 1);
    for (const part of this.parts) this.drawChannel(part);
    this.drawBelow();
    this.overview.draw();
  }

  // The panels that show what is read out.
  readable() {
    return this.parts ? [...this.parts, this.strip] : [];
  }

  // What stands below the channels; the last of it carries the axis.
  drawBelow() {
    drawStrip(this);
  }

  drawBehind() {}

  // What is marked in a channel, and in which colour.
  marksIn() {
    return this.anomalies;
  }

  colourOf() {
    return this.ink.strange;
  }

  washOf() {
    return this.ink["strange-wash"];
  }

  ticks(width) {
    const count = Math.max(3, Math.floor((width - gutter(width)) / 105));
    return (this.page.time ? timeTicks : rowTicks)(this.view.from, this.view.to, count);
  }

  drawChannel({ channel, canvas, height }) {
    const { series, ink, first, last } = this;
    const { pen, width } = prepare(canvas, height);
    const scale = (this.scale = across(this.view, width));
    const values = series.values[channel];
    const bands = channel === 0 && this.page.channels.length === 1 ? series : {};
    const [low, high] = this.verticalRange(values, bands);
    const top = 6, bottom = height - 4;
    const toY = (v) => bottom - ((v - low) / (high - low)) * (bottom - top);
    const toX = scale.of;
    drawDown(pen, this.ticks(width), scale, top, bottom, ink);
    drawAcross(pen, numberTicks(low, high, height > 200 ? 5 : 3), toY, scale, ink);
    pen.save();
    pen.beginPath();
    pen.rect(scale.left, 0, scale.right - scale.left, height);
    pen.clip();
    const marked = shades(this.marksIn(channel), scale, this.unit);
    this.drawBehind(pen, scale, top, bottom);
    drawShades(pen, marked, top, bottom, this);
    if (bands.lower && bands.upper) {
      pen.fillStyle = ink.band;
      pen.fill(bandPath(series, bands.lower, bands.upper, first, last, toX, toY));
    }
    if (bands.expected) {
      pen.strokeStyle = ink.expected;
      pen.setLineDash([5, 3]);
      pen.stroke(linePath(series, bands.expected, first, last, toX, toY));
      pen.setLineDash([]);
    }
    this.drawLine(pen, values, toX, toY, scale, marked, height);
    pen.restore();
  }

  // The line itself, again in their own colour within what is marked, with dots when there is room.
  drawLine(pen, values, toX, toY, scale, marked, height) {
    const { series, ink, first, last } = this;
    const path = linePath(series, values, first, last, toX, toY);
    const dots = new Path2D();
    if ((scale.right - scale.left) / Math.max(1, last - first) > 9) {
      for (let i = first; i < last; i++) {
        if (!Number.isFinite(values[i])) continue;
        const x = Math.floor(toX(series.xs[i]) * 2) / 2, y = toY(values[i]);
        dots.moveTo(x + 2.2, y);
        dots.arc(x, y, 2.2, 0, 7);
      }
    }
    const paint = (colour, width) => {
      pen.strokeStyle = pen.fillStyle = colour;
      pen.lineWidth = width;
      pen.lineCap = "round";
      pen.stroke(path);
      pen.fill(dots);
      pen.lineWidth = 1;
    };
    paint(ink.line, 1.25);
    const insides = new Map();
    for (const { anomaly, left, right } of marked) {
      if (anomaly.isCandidate) continue;
      const colour = this.colourOf(anomaly);
      if (!insides.has(colour)) insides.set(colour, new Path2D());
      insides.get(colour).rect(left, 0, right - left, height);
    }
    for (const [colour, inside] of insides) {
      pen.save();
      pen.clip(inside);
      paint(colour, 1.6);
      pen.restore();
    }
  }

  // From the visible values; the band and the expectation may widen it by half, not more.
  verticalRange(values, { expected, lower, upper }) {
    const { first, last } = this;
    const own = extent([values], first, last);
    const others = extent([expected, lower, upper].filter(Boolean), first, last);
    let [low, high] = own || others || [0, 1];
    if (own && others) {
      const slack = (high - low) / 2 || Infinity;
      low = Math.max(low - slack, Math.min(low, others[0]));
      high = Math.min(high + slack, Math.max(high, others[1]));
    }
    const pad = (high - low) * 0.06 || Math.abs(high) * 0.05 || 1;
    return [low - pad, high + pad];
  }
}

function rowTicks(low, high, count) {
  return numberTicks(low, high, count).filter((tick) => Number.isInteger(tick.at)).map(({ at }) => ({ at, label: whole(at) }));
}
