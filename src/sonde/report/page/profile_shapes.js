// The windows of a finding over each other, level and scale taken out.

const SHAPE = 110;

class Shapes {
  constructor(page, bytes, items, box, onChoose) {
    Object.assign(this, { page, onChoose });
    this.drawn = [];
    box.replaceChildren(...items.filter((item) => item.shapes).map((item) => this.card(item, bytes)));
    new ResizeObserver(() => this.draw()).observe(box);
  }

  card(item, bytes) {
    const { page } = this;
    const button = element("button", { type: "button", text: item.title, className: "title" });
    button.addEventListener("click", () => this.onChoose(item.places[0]));
    const told = element("span", { className: "faint", text: this.told(item) });
    const canvases = item.shapes.map((shape) => {
      const windows = shape.windows.map((column) => floats(bytes, column));
      const name = page.channels[shape.channel];
      const canvas = element("canvas", { role: "img", "aria-label": `${item.title}: ${plural(windows.length, "window", "windows")} of ${name} over each other` });
      this.drawn.push({ item, canvas, windows });
      const label = page.channels.length > 1 ? [element("div", { className: "panel-name" }, element("b", { text: name, title: name }))] : [];
      return element("div", {}, ...label, canvas);
    });
    const more = item.channels.length - item.shapes.length;
    const note = more > 0 ? [element("p", { className: "faint", text: `and ${plural(more, "column", "columns")} more` })] : [];
    return element("figure", { className: "card shape" }, element("figcaption", {}, button, told), ...canvases, ...note);
  }

  told(item) {
    const count = item.kind === "motif" ? `${plural(item.places.length, "window", "windows")}, ` : "";
    return `${count}distance ${distanceText(item.distance)}`;
  }

  draw() {
    const ink = colours(MARK_INKS);
    for (const { item, canvas, windows } of this.drawn) {
      if (!canvas.isConnected || !canvas.clientWidth) continue;
      const { pen, width, height } = prepare(canvas, SHAPE);
      const [low, high] = extent(windows, 0, windows[0].length) || [-1, 1];
      const toY = (v) => height - 5 - ((v - low) / (high - low || 1)) * (height - 10);
      // The pair is drawn last, so that it lies on top.
      for (let w = windows.length - 1; w >= 0; w--) {
        const values = windows[w], isPair = w < 2;
        pen.strokeStyle = item.kind === "discord" && w === 1 ? ink.expected : inkOf(ink, item);
        pen.globalAlpha = isPair ? 1 : 0.4;
        pen.lineWidth = isPair ? 1.6 : 1;
        pen.setLineDash(item.kind === "discord" && w === 1 ? [5, 3] : []);
        pen.beginPath();
        values.forEach((v, i) => {
          const x = 2 + (i / Math.max(1, values.length - 1)) * (width - 4);
          if (Number.isFinite(v)) pen.lineTo(x, toY(v));
        });
        pen.stroke();
      }
      pen.globalAlpha = 1;
      pen.setLineDash([]);
    }
  }
}

// The other series of a join, whole, with the places that its windows were found at.
function drawOther(page, series, canvases) {
  const ink = colours(MARK_INKS), marks = marksOf(page, true);
  const isTimed = series.timed;
  const begin = series.xs[0], view = { from: begin, to: Math.max(series.end, begin + 1) };
  canvases.forEach((canvas, c) => {
    const isLast = c === canvases.length - 1, height = 110;
    const { pen, width } = prepare(canvas, height + (isLast ? AXIS : 0));
    const scale = across(view, width), values = series.values[c];
    const [low, high] = extent([values], 0, values.length) || [0, 1];
    const toY = (v) => height - 4 - ((v - low) / (high - low || 1)) * (height - 24);
    const ticks = (isTimed ? timeTicks : rowTicks)(view.from, view.to, Math.max(3, Math.floor(width / 120)));
    drawDown(pen, ticks, scale, 6, height - 4, ink);
    drawAcross(pen, numberTicks(low, high, 3), toY, scale, ink);
    const found = shades(marks.filter((place) => place.item.channels.includes(c)), scale, (view.to - view.from) / series.rows);
    for (const { anomaly, left, right } of found) {
      pen.fillStyle = faded(inkOf(ink, anomaly.item));
      pen.fillRect(left, 6, right - left, height - 10);
      pen.fillStyle = inkOf(ink, anomaly.item);
      pen.fillRect(left, 6, right - left, 2);
    }
    pen.strokeStyle = ink.line;
    pen.stroke(linePath(series, values, 0, values.length, scale.of, toY));
    drawNames(pen, found, 10, ink);
    if (isLast) drawAxis(pen, ticks, width, scale, height - 4, ink);
  });
}
