// A table without time: its strangest rows, how the scores spread, and two columns as points.

const MOST_VALUE_COLUMNS = 12;

function rowsTable(page, onChoose) {
  const names = page.channels.slice(0, MOST_VALUE_COLUMNS);
  const columns = [
    { name: "Row", key: (r) => r.row, falling: false, isNumber: true, cell: (r) => choosable(whole(r.row), `Show row ${r.row}`) },
    ...page.labels.map((name, c) => ({ name, className: "name", key: (r) => r.labels[c], cell: (r) => element("span", { text: r.labels[c], title: r.labels[c] }) })),
    { name: "Score", isNumber: true, title: "The method's own score; larger is stranger", key: (r) => r.score, cell: (r) => score(r.score) },
    { name: "By chance", isNumber: true, title: "How many ordinary rows there are to one with such a score", key: (r) => r.probability, cell: (r) => element("span", { text: oneIn(r.rarity), title: `probability ${r.probability}` }) },
    ...names.map((name, c) => ({ name, isNumber: true, key: (r) => r.values[c], cell: (r) => blamedCell(r, c) })),
  ];
  for (const row of page.strangest) if (!row.strange) row.className = "ordinary";
  return new SortableTable(columns, page.strangest, { onChoose, describe: "The strangest rows. The bar below a value is the column's share in the row's strangeness." });
}

function blamedCell(row, c) {
  const box = element("div", {}, element("div", { text: number(row.values[c]) }));
  if (row.shares) {
    box.append(meter(row.shares[c]));
    box.title = `${Math.round(row.shares[c] * 100)} % of the row's strangeness`;
  }
  return box;
}

function drawHistogram(page) {
  const { histogram } = page, ink = colours(), canvas = byId("histogram");
  if (!histogram) return;
  const { pen, width, height } = prepare(canvas, canvas.parentElement.clientWidth < 420 ? 240 : 300);
  const { low, high, bend, counts, strange, between } = histogram;
  const bent = (v) => (bend ? Math.log1p(v / bend) : v);
  const left = 44, right = width - 10, top = 18, bottom = height - 24;
  const span = bent(high) - bent(low) || 1;
  const toX = (v) => left + ((bent(v) - bent(low)) / span) * (right - left);
  const most = Math.max(...counts), room = Math.log1p(most);
  const toY = (n) => bottom - (Math.log1p(n) / room) * (bottom - top); // few beside many stay visible
  const scale = { left, right, of: toX };
  const powers = [];
  for (let n = 1; n <= most; n *= 10) powers.push({ at: n, label: tickLabel(n, 0) });
  drawAcross(pen, powers, toY, scale, ink);
  const wide = (right - left) / counts.length;
  counts.forEach((n, i) => {
    if (!n) return;
    pen.fillStyle = strange[i] ? ink.strange : ink.rare;
    pen.fillRect(left + i * wide + 0.5, toY(n), Math.max(1, wide - 1), bottom - toY(n));
  });
  drawLimit(pen, between, toX, { top, bottom, right }, ink);
  pen.textBaseline = "top";
  pen.textAlign = "center";
  pen.fillStyle = ink.faint;
  for (let k = 0; k <= 4; k++) {
    const y = bent(low) + (span * k) / 4, v = bend ? Math.expm1(y) * bend : y;
    pen.textAlign = k === 4 ? "right" : k === 0 ? "left" : "center";
    pen.fillText(Number(v.toPrecision(3)).toLocaleString("en"), k === 4 ? right : toX(v), bottom + 7);
  }
}

function drawLimit(pen, [ordinary, strange], toX, { top, bottom, right }, ink) {
  pen.fillStyle = ink.ink;
  if (strange === null) {
    pen.textAlign = "right";
    pen.textBaseline = "bottom";
    pen.fillText("threshold beyond →", right, top - 4);
    return;
  }
  const x = Math.round(ordinary === null ? toX(strange) : (toX(ordinary) + toX(strange)) / 2) + 0.5;
  pen.strokeStyle = ink.ink;
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(x, top - 6);
  pen.lineTo(x, bottom);
  pen.stroke();
  pen.setLineDash([]);
  const isLate = x + 70 > right;
  pen.textAlign = isLate ? "right" : "left";
  pen.textBaseline = "middle";
  pen.fillText("threshold", x + (isLate ? -5 : 5), top - 8);
}

class Dots {
  constructor(page, bytes, onChoose) {
    Object.assign(this, { page, onChoose });
    this.row = integers(bytes, page.dots.row);
    this.values = [...page.dots.values.map((column) => floats(bytes, column)), this.row];
    this.names = [...page.channels.slice(0, this.values.length - 1), "row number"];
    this.strange = new Set(page.dots.strange);
    this.canvas = byId("dots");
    this.axes = ["dots-x", "dots-y"].map((id, k) => {
      const select = byId(id);
      this.names.forEach((name, c) => select.append(element("option", { text: name, value: c })));
      // The two columns most to blame; a single one against its rows.
      select.value = String(this.names.length > 2 ? k : 1 - k);
      select.addEventListener("change", () => this.draw());
      return select;
    });
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => (byId("dots-tooltip").hidden = true));
    this.canvas.addEventListener("click", (event) => this.click(event));
  }

  draw() {
    const { canvas } = this, ink = colours();
    const { pen, width, height } = prepare(canvas, canvas.parentElement.clientWidth < 420 ? 240 : 300);
    const [xs, ys] = this.axes.map((select) => this.values[Number(select.value)]);
    const ranges = [xs, ys].map((values) => {
      const [low, high] = extent([values], 0, values.length) || [0, 1];
      const pad = (high - low) * 0.05 || 1;
      return [low - pad, high + pad];
    });
    const scale = across({ from: ranges[0][0], to: ranges[0][1] }, width);
    const top = 8, bottom = height - 24;
    const toY = (v) => bottom - ((v - ranges[1][0]) / (ranges[1][1] - ranges[1][0])) * (bottom - top);
    this.at = (i) => [scale.of(xs[i]), toY(ys[i])];
    const ticks = numberTicks(...ranges[0], Math.max(2, Math.floor(width / 100)));
    drawDown(pen, ticks, scale, top, bottom, ink);
    drawAcross(pen, numberTicks(...ranges[1], 5), toY, scale, ink);
    pen.textBaseline = "top";
    pen.textAlign = "center";
    pen.fillStyle = ink.faint;
    for (const { at, label } of ticks) pen.fillText(label, scale.of(at), bottom + 7);
    for (const isStrange of [false, true]) {
      pen.fillStyle = isStrange ? ink.strange : ink.line;
      pen.globalAlpha = isStrange ? 0.95 : 0.3;
      for (let i = 0; i < xs.length; i++) {
        if (this.strange.has(i) !== isStrange) continue;
        const [x, y] = this.at(i);
        if (!Number.isFinite(x + y)) continue;
        pen.beginPath();
        pen.arc(x, y, isStrange ? 3 : 1.9, 0, 7);
        pen.fill();
      }
    }
    pen.globalAlpha = 1;
    this.ring(pen, ink);
  }

  ring(pen, ink) {
    const i = this.row.indexOf(this.chosen ?? -1);
    if (i < 0) return;
    const [x, y] = this.at(i);
    pen.strokeStyle = ink.ink;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(x, y, 7, 0, 7);
    pen.stroke();
    pen.lineWidth = 1;
  }

  choose(row) {
    this.chosen = row;
    this.draw();
  }

  under(event) {
    const box = this.canvas.getBoundingClientRect();
    const px = event.clientX - box.left, py = event.clientY - box.top;
    let best = -1, least = 14 * 14;
    for (let i = 0; i < this.row.length; i++) {
      const [x, y] = this.at(i);
      const apart = (x - px) ** 2 + (y - py) ** 2;
      if (apart < least || (apart === least && this.strange.has(i))) [best, least] = [i, apart];
    }
    return best;
  }

  hover(event) {
    const i = this.under(event), tip = byId("dots-tooltip");
    tip.hidden = i < 0;
    if (i < 0) return;
    const lines = this.axes.map((select) => {
      const c = Number(select.value);
      return element("div", {}, element("span", { text: this.names[c] }), element("span", { text: number(this.values[c][i], this.page.dots.values[c]?.step) }));
    });
    tip.replaceChildren(element("b", { text: `Row ${whole(this.row[i])}` }), ...lines);
    const [x, y] = this.at(i);
    const left = clamp(x + 12 + tip.offsetWidth > this.canvas.clientWidth ? x - tip.offsetWidth - 12 : x + 12, 0, this.canvas.clientWidth);
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(clamp(y - 20, 0, 250))}px)`;
  }

  click(event) {
    const i = this.under(event);
    if (i >= 0) this.onChoose(this.row[i]);
  }
}
