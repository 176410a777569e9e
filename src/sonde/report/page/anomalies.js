// The list of anomalies of one or several series.

function anomalyTable(page, onChoose) {
  const { anomalies, channels, series } = page;
  const isPanel = page.kind === "panel";
  const columns = [
    { name: "Rank", key: (a) => a.rank, falling: false, isNumber: true, cell: (a) => choosable(whole(a.rank), `Show anomaly ${a.rank}`) },
    ...(isPanel ? [{ name: "Series", className: "name", key: (a) => series[a.series].id, cell: (a) => element("span", { text: series[a.series].id, title: series[a.series].id }) }] : []),
    { name: page.time ? "When" : "Rows", className: "where", key: (a) => a.from, cell: (a) => whereCell(page, a) },
    { name: "Score", isNumber: true, title: "The method's own score; larger is stranger", key: (a) => a.score, cell: (a) => score(a.score) },
    { name: "By chance", isNumber: true, title: "How many ordinary rows there are to one with such a score", key: (a) => a.probability, cell: (a) => element("span", { text: oneIn(a.rarity), title: `probability ${a.probability}` }) },
    { name: "Value", isNumber: true, key: (a) => a.value, title: "The value at the strangest row; of the column most to blame where there are several", cell: (a) => number(a.value) },
  ];
  if (anomalies.some((a) => a.expected !== null)) {
    columns.push({ name: "Expected", isNumber: true, key: (a) => a.expected, cell: (a) => expectedCell(a) });
  }
  if (channels.length > 1) {
    columns.push({ name: "Columns to blame", key: (a) => (a.shares.length ? channels[a.shares[0][0]] : null), cell: (a) => sharesCell(page, a) });
  }
  return new SortableTable(columns, anomalies, { onChoose, describe: "Anomalies, strongest first. The buttons in the head sort; choosing a row shows it in the chart." });
}

function whereText(page, a) {
  const rows = a.end - a.start > 1 ? `rows ${whole(a.start)} to ${whole(a.end - 1)}` : `row ${whole(a.start)}`;
  if (!page.time) return rows;
  return a.to > a.from ? `${moment(a.from)} to ${until(a.from, a.to)}` : moment(a.from);
}

function whereCell(page, a) {
  const count = a.end - a.start;
  if (!page.time) return document.createTextNode(count > 1 ? `${whole(a.start)} – ${whole(a.end - 1)}` : whole(a.start));
  const long = a.to > a.from ? ` · ${duration(a.to - a.from)}` : "";
  const range = a.to > a.from ? `${moment(a.from)} – ${until(a.from, a.to)}` : moment(a.from);
  const note = count > 1 ? `rows ${whole(a.start)} – ${whole(a.end - 1)}` : `row ${whole(a.start)}`;
  return element("div", {}, element("div", { text: range }), element("div", { className: "cell-note", text: note + long }));
}

function expectedCell(a) {
  if (a.lower === null || a.upper === null) return number(a.expected);
  return element("div", {}, element("div", { text: number(a.expected) }), element("div", { className: "cell-note", text: `${number(a.lower)} to ${number(a.upper)}` }));
}

function sharesCell(page, a) {
  const box = element("div", { className: "shares" });
  for (const [channel, share] of a.shares.slice(0, 3)) {
    const name = page.channels[channel];
    box.append(element("div", { className: "share" }, element("span", { text: name, title: name }), meter(share), element("span", { text: `${Math.round(share * 100)} %` })));
  }
  return box;
}
