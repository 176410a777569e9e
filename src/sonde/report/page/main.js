// Puts the page together.

const page = JSON.parse(byId("data").textContent);

function legend(series) {
  const entries = [["value", page.channels.length === 1 ? page.channels[0] : "value"]];
  if (page.channels.length === 1 && series.expected) entries.push(["expected", "expected"]);
  if (page.channels.length === 1 && series.lower) entries.push(["range", "usual range"]);
  if (page.anomalies.length) entries.push(["strange", "anomaly"]);
  else if (page.candidate) entries.push(["candidate", "strongest candidate"]);
  byId("legend").replaceChildren(...entries.map(([className, text]) => element("li", { className, text: text.length > 60 ? `${text.slice(0, 59)}…` : text })));
}

function startSeries(bytes) {
  const decoded = [];
  page.anomalies.forEach((a, i) => (a.rank = i + 1));
  page.decoded = (i) => (decoded[i] ??= decodeSeries(bytes, page.series[i]));
  if (page.candidate) page.candidate.isCandidate = true;
  const marked = page.candidate && !page.anomalies.length ? [page.candidate] : page.anomalies;
  page.anomaliesOf = (i) => marked.filter((a) => a.series === i);
  let current = -1, list = null;

  const open = (i) => {
    if (i === current) return;
    current = i;
    const series = page.decoded(i);
    chart.open(series, page.anomaliesOf(i));
    legend(series);
    byId("chart-title").textContent = page.kind === "panel" ? series.id : page.time ? "Over time" : "Row by row";
    describe(series);
    list?.choose(i);
  };
  const describe = (series) => {
    const shown = chart.anomalies.filter((a) => !a.isCandidate);
    const where = shown.slice(0, 5).map((a) => whereText(page, a)).join("; ");
    byId("stack").setAttribute("aria-label", `Chart of ${page.channels.slice(0, 5).join(", ")}${series.id ? ` of series ${series.id}` : ""}: ${plural(series.rows, "row", "rows")}, ${plural(shown.length, "anomaly", "anomalies")}${where ? ` (${where}${shown.length > 5 ? "; …" : ""})` : ""}. The table below lists them.`);
  };
  const choose = (which) => {
    const inOrder = [...chart.anomalies].sort((a, b) => a.from - b.from);
    let anomaly = which;
    if (typeof which === "number") {
      if (!inOrder.length) return;
      const now = inOrder.indexOf(chart.selected);
      anomaly = inOrder[now < 0 ? (which > 0 ? 0 : inOrder.length - 1) : (now + which + inOrder.length) % inOrder.length];
      chart.visit(anomaly);
    } else chart.select(anomaly);
    table?.select(anomaly);
    announce(anomaly);
  };
  const announce = (a) => say(`${a.isCandidate ? "Candidate" : `Anomaly ${a.rank}`}: ${whereText(page, a)}, score ${score(a.score)}, by chance ${oneIn(a.rarity)}`);

  byId("chart-section").hidden = false;
  const chart = new Chart(page, choose);
  new Gestures(chart);
  let table = null;
  if (page.anomalies.length) {
    byId("list-section").hidden = false;
    byId("list-note").textContent = "Choose one to see it in the chart.";
    table = anomalyTable(page, (anomaly) => {
      open(anomaly.series);
      chart.visit(anomaly);
      table.select(anomaly);
      announce(anomaly);
    });
  }
  if (page.kind === "panel") list = new SeriesList(page, open);
  open(0);
  byId("previous").disabled = byId("next").disabled = marked.length === 0;
  byId("previous").addEventListener("click", () => choose(-1));
  byId("next").addEventListener("click", () => choose(1));
  byId("zoom-in").addEventListener("click", () => chart.zoom(0.5));
  byId("zoom-out").addEventListener("click", () => chart.zoom(2));
  byId("reset").addEventListener("click", () => chart.glide(chart.full));
  startTheme(() => {
    chart.redraw();
    list?.draw();
  });
}

function startRows(bytes) {
  byId("table-section").hidden = byId("list-section").hidden = false;
  byId("list-title").textContent = "Strangest rows";
  const near = page.strangest.filter((row) => !row.strange).length;
  const hidden = page.allChannels > MOST_VALUE_COLUMNS ? `The ${MOST_VALUE_COLUMNS} columns most to blame are shown. ` : "";
  byId("list-note").textContent = hidden + (near === page.strangest.length ? "None of them passed the threshold." : near ? `The last ${whole(near)}, in grey, did not pass the threshold.` : "");
  const choose = (number) => {
    const item = page.strangest.find((row) => row.row === number);
    dots.choose(number);
    if (item) table.select(item);
  };
  const dots = new Dots(page, bytes, choose);
  const table = rowsTable(page, (item) => choose(item.row));
  const draw = () => {
    drawHistogram(page);
    dots.draw();
  };
  new ResizeObserver(draw).observe(byId("table-section"));
  startTheme(draw);
}

start(async () => {
  const bytes = await inflate(page.numbers);
  if (page.kind === "table") startRows(bytes);
  else startSeries(bytes);
});
