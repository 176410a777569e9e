// The series of a panel, each with a small picture, to choose from.

class SeriesList {
  constructor(page, onChoose) {
    Object.assign(this, { page, onChoose });
    this.cards = page.series.map((series, i) => this.card(series, i));
    this.find = byId("series-find");
    this.sort = byId("series-sort");
    this.find.addEventListener("input", () => this.arrange());
    this.sort.addEventListener("change", () => this.arrange());
    byId("series-section").hidden = false;
    this.arrange();
    new ResizeObserver(() => this.draw()).observe(byId("series-list"));
  }

  card(series, i) {
    const spark = element("canvas", { className: "spark", "aria-hidden": "true" });
    const count = element("span", { text: series.count ? whole(series.count) : "", className: series.count ? "some" : "" });
    const label = element("span", { className: "label" }, element("b", { text: series.id }), count);
    const button = element("button", { type: "button", "aria-pressed": "false", title: series.id, "aria-label": `${series.id}, ${plural(series.count, "anomaly", "anomalies")}` }, label, spark);
    button.addEventListener("click", () => this.onChoose(i));
    return { series, i, spark, button, item: element("li", {}, button) };
  }

  arrange() {
    const wanted = this.find.value.trim().toLowerCase();
    const keys = {
      strongest: (a, b) => a.i - b.i, // the page's own order
      count: (a, b) => b.series.count - a.series.count || a.i - b.i,
      id: (a, b) => a.series.id.localeCompare(b.series.id, "en", { numeric: true }),
    };
    const shown = this.cards.filter(({ series }) => series.id.toLowerCase().includes(wanted)).sort(keys[this.sort.value]);
    byId("series-list").replaceChildren(...shown.map((card) => card.item));
    byId("series-none").hidden = shown.length > 0;
    this.draw();
  }

  choose(i) {
    for (const card of this.cards) card.button.setAttribute("aria-pressed", String(card.i === i));
    const { item } = this.cards[i], box = byId("series-list");
    if (item.offsetTop - box.offsetTop < box.scrollTop || item.offsetTop - box.offsetTop > box.scrollTop + box.clientHeight - 40) {
      box.scrollTop = item.offsetTop - box.offsetTop - 20;
    }
  }

  draw() {
    const ink = colours();
    for (const { spark, i } of this.cards) {
      if (!spark.isConnected || !spark.clientWidth) continue;
      const series = this.page.decoded(i);
      const values = series.values[0];
      const { pen, width, height } = prepare(spark, 34);
      const [low, high] = extent([values], 0, values.length) || [0, 1];
      const start = series.xs[0], span = series.end - start || 1;
      const toX = (x) => 2 + ((x - start) / span) * (width - 4);
      const toY = (v) => height - 3 - ((v - low) / (high - low || 1)) * (height - 6);
      pen.strokeStyle = ink.line;
      pen.stroke(linePath(series, values, 0, values.length, toX, toY));
      pen.fillStyle = ink.strange;
      for (const a of this.page.anomaliesOf(i)) {
        if (!a.isCandidate) pen.fillRect(clamp(toX(a.from), 1, width - 3), 0, Math.max(2, toX(a.to) - toX(a.from)), height);
      }
    }
  }
}
