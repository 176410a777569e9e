// Puts the page of a profile together.

const page = JSON.parse(byId("data").textContent);

function decodeColumns(bytes, stored) {
  const xs = integers(bytes, stored.x);
  const isBroken = new Uint8Array(xs.length);
  for (const i of stored.breaks) isBroken[i] = 1;
  const values = stored.values.map((column) => floats(bytes, column));
  return { ...stored, xs, isBroken, row: integers(bytes, stored.row), steps: stored.values.map((column) => column.step), values };
}

function profileLegend() {
  const entries = [["value", page.channels.length === 1 ? page.channels[0] : "value"]];
  for (const motif of page.motifs.slice(0, MARK_COLOURS)) entries.push([`motif motif-${motif.rank}`, motif.title]);
  if (page.discords.length) entries.push(["strange", page.discords.length === 1 ? "discord" : "discords"]);
  byId("legend").replaceChildren(...entries.map(([className, text]) => element("li", { className, text: text.length > 60 ? `${text.slice(0, 59)}…` : text })));
}

function startLevels(chart) {
  if (page.levels.length < 2) return;
  const box = byId("level");
  box.replaceChildren(...page.levels.map((_, i) => element("option", { value: String(i), text: levelText(page, i) })));
  box.value = String(page.level);
  byId("level-field").hidden = false;
  box.addEventListener("change", () => chart.chooseLevel(Number(box.value)));
}

function startOther(bytes) {
  if (!page.other) return () => {};
  const series = decodeColumns(bytes, page.other), box = byId("other");
  const canvases = page.channels.slice(0, 3).map((name) => {
    const canvas = element("canvas", { role: "img", "aria-label": `${name} of the other series` });
    const label = element("div", { className: "panel-name" }, element("b", { text: name, title: name }));
    box.append(element("div", { className: "panel" }, label, canvas));
    return canvas;
  });
  byId("other-section").hidden = false;
  byId("other-title").textContent = page.other.name;
  const draw = () => drawOther(page, series, canvases);
  new ResizeObserver(draw).observe(box);
  return draw;
}

start(async () => {
  const bytes = await inflate(page.numbers);
  prepareFindings(page);
  const series = decodeColumns(bytes, page.series), marks = marksOf(page, false);
  let table = null;
  const announce = (place) => say(`${place.item.title}: ${placeText(page, place, true)}`);
  const visit = (place) => {
    if (place.item.kind === "regime") chart.glide({ from: place.from, to: place.to });
    else {
      chart.chooseLevel(page.levels.indexOf(place.item.level));
      chart.visit(place);
    }
    table?.select(place.item);
    announce(place);
  };
  const choose = (which) => {
    if (typeof which !== "number") {
      chart.select(which);
      table?.select(which.item);
      return announce(which);
    }
    const inOrder = [...marks].sort((a, b) => a.from - b.from);
    if (!inOrder.length) return;
    const now = inOrder.indexOf(chart.selected);
    visit(inOrder[now < 0 ? (which > 0 ? 0 : inOrder.length - 1) : (now + which + inOrder.length) % inOrder.length]);
  };
  byId("chart-section").hidden = false;
  byId("chart-title").textContent = page.time ? "Over time" : "Row by row";
  const chart = new ProfileChart(page, choose);
  new ProfileGestures(chart);
  profileLegend();
  chart.open(series, marks);
  byId("stack").setAttribute("aria-label", `Chart of ${page.channels.slice(0, 5).join(", ")}: ${plural(series.rows, "row", "rows")}, ${plural(page.motifs.length, "motif", "motifs")}, ${plural(page.discords.length, "discord", "discords")}. The table below lists them.`);
  const pictures = ["motif", "discord"].map((kind) => {
    const items = page[`${kind}s`];
    byId(`${kind}s-section`).hidden = !items.length;
    return new Shapes(page, bytes, items, byId(`${kind}s`), visit);
  });
  const drawAgain = startOther(bytes);
  if (page.findings.length) {
    byId("list-section").hidden = false;
    table = findingsTable(page, visit);
  }
  startLevels(chart);
  byId("previous").disabled = byId("next").disabled = marks.length === 0;
  byId("previous").addEventListener("click", () => choose(-1));
  byId("next").addEventListener("click", () => choose(1));
  byId("zoom-in").addEventListener("click", () => chart.zoom(0.5));
  byId("zoom-out").addEventListener("click", () => chart.zoom(2));
  byId("reset").addEventListener("click", () => chart.glide(chart.full));
  startTheme(() => {
    chart.redraw();
    for (const shapes of pictures) shapes.draw();
    drawAgain();
  });
});
