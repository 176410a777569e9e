// The strip below the chart: the whole series, and a window over the part that is shown.

class Overview {
  constructor(canvas, chart) {
    this.canvas = canvas;
    this.chart = chart;
    this.held = null;
    canvas.addEventListener("pointerdown", (event) => this.take(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, () => (this.held = null));
    canvas.addEventListener("dblclick", () => chart.show(chart.full));
  }

  draw() {
    const { chart } = this;
    const { pen, width, height } = prepare(this.canvas, 54);
    const { series, full, view, ink } = chart;
    const scale = (this.scale = across(full, width));
    const values = series.values[0];
    const [low, high] = extent([values], 0, values.length) || [0, 1];
    const toY = (v) => height - 5 - ((v - low) / (high - low || 1)) * (height - 10);
    for (const { anomaly, left, right } of shades(chart.anomalies, scale, chart.unit)) {
      pen.fillStyle = chart.colourOf(anomaly);
      pen.globalAlpha = 0.3;
      pen.fillRect(left, 0, right - left, height);
      pen.globalAlpha = 1;
    }
    pen.strokeStyle = ink.expected;
    pen.stroke(linePath(series, values, 0, values.length, scale.of, toY));
    const a = clamp(scale.of(view.from), scale.left, scale.right);
    const b = clamp(scale.of(view.to), scale.left, scale.right);
    pen.fillStyle = ink.card;
    pen.globalAlpha = 0.72;
    pen.fillRect(scale.left, 0, a - scale.left, height);
    pen.fillRect(b, 0, scale.right - b, height);
    pen.globalAlpha = 1;
    pen.strokeStyle = ink.faint;
    pen.strokeRect(Math.round(a) + 0.5, 0.5, Math.max(3, Math.round(b - a)) - 1, height - 1);
    pen.fillStyle = ink.faint;
    for (const x of [a, b]) pen.fillRect(Math.round(x) - 2, height / 2 - 8, 4, 16);
  }

  at(event) {
    return event.clientX - this.canvas.getBoundingClientRect().left;
  }

  // An edge is resized, the window is moved, and anywhere else a new window is drawn.
  take(event) {
    const { view } = this.chart;
    const px = this.at(event), a = this.scale.of(view.from), b = this.scale.of(view.to);
    const reach = event.pointerType === "touch" ? 18 : 8;
    const x = this.scale.back(px);
    const isWhole = b - a > (this.scale.right - this.scale.left) * 0.995;
    if (Math.abs(px - a) <= reach && !isWhole) this.held = { kind: "edge", fixed: view.to };
    else if (Math.abs(px - b) <= reach && !isWhole) this.held = { kind: "edge", fixed: view.from };
    else if (px > a && px < b && !isWhole) this.held = { kind: "window", offset: x - view.from };
    else this.held = { kind: "edge", fixed: x };
    this.canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  move(event) {
    const x = this.scale.back(this.at(event));
    if (!this.held) return;
    const { view } = this.chart;
    if (this.held.kind === "window") {
      const from = x - this.held.offset;
      this.chart.show({ from, to: from + (view.to - view.from) });
    } else {
      this.chart.show({ from: Math.min(x, this.held.fixed), to: Math.max(x, this.held.fixed) });
    }
  }
}
