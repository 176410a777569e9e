// What hands do to the chart: hover, drag, wheel, touch and keys.

const CLICK = 4; // pixels a pointer may move between down and up and still have clicked

class Gestures {
  constructor(chart) {
    this.chart = chart;
    this.stack = chart.stack;
    this.down = new Map(); // pointers that are pressed, by id
    this.cursor = null; // the point that is read out
    this.scrolled = 0;
    chart.moved = () => this.hide(); // what was read out is somewhere else now
    const { stack } = this;
    stack.addEventListener("pointerdown", (event) => this.press(event));
    stack.addEventListener("pointermove", (event) => this.move(event));
    stack.addEventListener("pointerup", (event) => this.release(event));
    stack.addEventListener("pointercancel", (event) => this.drop(event));
    stack.addEventListener("pointerleave", () => this.down.size || this.hide());
    stack.addEventListener("dblclick", () => chart.glide(chart.full));
    stack.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stack.addEventListener("keydown", (event) => this.key(event));
    stack.addEventListener("blur", () => this.hide());
    addEventListener("scroll", () => (this.scrolled = performance.now()), { passive: true });
  }

  at(event) {
    return event.clientX - this.stack.getBoundingClientRect().left;
  }

  press(event) {
    if (event.button !== 0) return;
    this.chart.gliding = null;
    this.down.set(event.pointerId, { begin: this.at(event), now: this.at(event), view: { ...this.chart.view } });
    this.stack.setPointerCapture(event.pointerId);
    if (this.down.size === 2) this.startPinch();
  }

  move(event) {
    const pointer = this.down.get(event.pointerId);
    const px = this.at(event);
    if (!pointer) return this.hover(px, event.clientY);
    pointer.now = px;
    if (this.down.size === 2) return this.pinch();
    const moved = px - pointer.begin;
    if (Math.abs(moved) <= CLICK) return;
    if (event.pointerType === "touch" || event.shiftKey) this.drag(pointer, moved);
    else this.mark(pointer);
  }

  release(event) {
    const pointer = this.down.get(event.pointerId);
    this.drop(event);
    if (!pointer || this.pinched) return;
    const { chart } = this, { scale } = chart;
    const [a, b] = [pointer.begin, pointer.now].sort((p, q) => p - q);
    if (b - a <= CLICK) {
      this.hover(b, event.clientY);
      this.click(b);
    } else if (event.pointerType !== "touch" && !event.shiftKey) {
      chart.glide({ from: scale.back(Math.max(a, scale.left)), to: scale.back(Math.min(b, scale.right)) });
    }
  }

  drop(event) {
    this.down.delete(event.pointerId);
    byId("selection").hidden = true;
    if (this.down.size === 0) setTimeout(() => (this.pinched = false), 0);
  }

  drag(pointer, moved) {
    const { chart } = this, { scale } = chart;
    const by = (-moved * (pointer.view.to - pointer.view.from)) / (scale.right - scale.left);
    const kept = clamp(by, chart.full.from - pointer.view.from, chart.full.to - pointer.view.to);
    chart.show({ from: pointer.view.from + kept, to: pointer.view.to + kept });
  }

  mark(pointer) {
    const { scale } = this.chart;
    const [a, b] = [pointer.begin, pointer.now].map((px) => clamp(px, scale.left, scale.right)).sort((p, q) => p - q);
    const box = byId("selection");
    box.hidden = false;
    box.style.left = `${a}px`;
    box.style.width = `${b - a}px`;
    this.hide();
  }

  // The two points of the data under the fingers stay under them.
  startPinch() {
    this.pinched = true;
    this.held = [...this.down.values()].map((p) => ({ pointer: p, x: this.chart.scale.back(p.now) }));
    this.hide();
  }

  pinch() {
    const [p, q] = this.held, { chart } = this, { scale } = chart;
    const apart = q.pointer.now - p.pointer.now;
    if (Math.abs(apart) < 12) return;
    const perPixel = (q.x - p.x) / apart;
    if (!(perPixel > 0)) return;
    const from = p.x - (p.pointer.now - scale.left) * perPixel;
    chart.show({ from, to: from + (scale.right - scale.left) * perPixel });
  }

  wheel(event) {
    const { chart } = this;
    // A page that is being scrolled past keeps scrolling.
    if (performance.now() - this.scrolled < 250 && !event.ctrlKey) return;
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (sideways) chart.pan((((event.deltaX || event.deltaY) * lines) / this.stack.clientWidth) * 0.8);
    else {
      const isAll = chart.view.to - chart.view.from >= (chart.full.to - chart.full.from) * 0.9999;
      if (event.deltaY > 0 && isAll && !event.ctrlKey) return;
      const factor = Math.exp(clamp(event.deltaY * lines, -120, 120) * (event.ctrlKey ? 0.012 : 0.0028));
      chart.zoom(factor, chart.scale.back(clamp(this.at(event), chart.scale.left, chart.scale.right)));
    }
    event.preventDefault();
  }

  key(event) {
    const { chart } = this;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (side && event.shiftKey) this.step(side);
    else if (side) chart.pan(side * 0.15);
    else if (event.key === "+" || event.key === "=") chart.zoom(0.6);
    else if (event.key === "-" || event.key === "_") chart.zoom(1 / 0.6);
    else if (event.key === "0" || event.key === "Home") chart.glide(chart.full);
    else if (event.key === "n") chart.choose(1);
    else if (event.key === "p") chart.choose(-1);
    else if (event.key === "Escape") this.hide();
    else return;
    event.preventDefault();
  }

  click(px) {
    const { chart } = this;
    const reach = shades(chart.anomalies, chart.scale, chart.unit).filter((s) => px >= s.left - 3 && px <= s.right + 3);
    reach.sort((s, t) => s.right - s.left - (t.right - t.left));
    if (reach.length) chart.choose(reach[0].anomaly);
  }

  hover(px, clientY) {
    const { chart } = this, { scale, series } = chart;
    if (!scale || px < scale.left - 4 || px > scale.right + 4) return this.hide();
    const i = nearest(series.xs, scale.back(px));
    this.read(i, clientY - this.stack.getBoundingClientRect().top);
    clearTimeout(this.later);
    this.later = setTimeout(() => say(this.spoken(i)), 700);
  }

  // Point by point with the keys; the view follows.
  step(side) {
    const { chart } = this, { xs } = chart.series;
    const middle = nearest(xs, (chart.view.from + chart.view.to) / 2);
    const i = this.cursor === null ? middle : clamp(this.cursor + side, 0, xs.length - 1);
    const { from, to } = chart.view;
    if (xs[i] < from || xs[i] > to) {
      const half = (to - from) / 2;
      chart.show({ from: xs[i] - half, to: xs[i] + half });
      chart.draw();
    }
    this.read(i, 30);
    say(this.spoken(i));
  }

  hide() {
    this.cursor = null;
    clearTimeout(this.later);
    byId("crosshair").hidden = byId("tooltip").hidden = true;
    for (const part of this.chart.readable()) part.reading.textContent = "";
  }

  read(i, y) {
    const { chart } = this, { series, page, scale } = chart;
    this.cursor = i;
    const px = scale.of(series.xs[i]);
    const line = byId("crosshair");
    line.hidden = px < scale.left || px > scale.right;
    line.style.transform = `translateX(${Math.round(px)}px)`;
    for (const { channel, reading } of chart.parts) reading.textContent = number(series.values[channel][i], series.steps[channel]);
    this.readBelow(i);
    const [title, ...lines] = this.told(i);
    const tip = byId("tooltip");
    tip.replaceChildren(element("b", { text: title }), ...lines.map(([name, text]) => element("div", {}, element("span", { text: name }), element("span", { text }))));
    tip.hidden = false;
    const left = px + tip.offsetWidth + 22 > this.stack.clientWidth ? px - tip.offsetWidth - 14 : px + 14;
    const top = clamp(y - tip.offsetHeight - 12, 4, Math.max(4, this.stack.clientHeight - tip.offsetHeight - 4));
    tip.style.transform = `translate(${Math.round(Math.max(0, left))}px, ${Math.round(top)}px)`;
  }

  readBelow(i) {
    const { series, strip } = this.chart;
    strip.reading.textContent = Number.isNaN(series.rarity[i]) ? "" : `${oneIn(series.rarity[i])} · `;
  }

  // The title, then names and texts of what is known about a point.
  told(i) {
    const { series, page } = this.chart;
    const many = page.channels.length > 1;
    const row = rowsText(series, i);
    const lines = page.time ? [[row.includes("–") ? "Rows" : "Row", row]] : [];
    for (let c = 0; c < Math.min(5, page.channels.length); c++) lines.push([many ? page.channels[c] : "Value", number(series.values[c][i], series.steps[c])]);
    if (!many && series.expected) lines.push(["Expected", number(series.expected[i], series.steps[0])]);
    if (!many && series.lower && series.upper) lines.push(["Usual range", `${number(series.lower[i], series.steps[0])} to ${number(series.upper[i], series.steps[0])}`]);
    const judged = Number.isFinite(series.score[i]);
    lines.push(["Score", judged ? `${score(series.score[i])}, ${oneIn(series.rarity[i])}` : "not judged"]);
    return [page.time ? moment(series.xs[i]) : `Row ${row}`, ...lines];
  }

  spoken(i) {
    const [title, ...lines] = this.told(i);
    return `${title}: ${lines.map((line) => line.join(" ")).join(", ")}`;
  }
}

// The input row of a point, or the rows that a thinned point stands for.
function rowsText(series, i) {
  const first = series.row[i];
  if (series.xs.length === series.rows) return whole(first);
  const next = i + 1 < series.row.length ? series.row[i + 1] : first + 1;
  return next > first + 1 ? `${whole(first)}–${whole(next - 1)}` : whole(first);
}
