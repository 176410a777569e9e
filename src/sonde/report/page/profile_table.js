// The list of all that was found.

function findingsTable(page, onVisit) {
  const columns = [
    { name: "What", key: (f) => `${f.kind} ${f.rank}`, cell: (f) => whatCell(f) },
    { name: page.time ? "When" : "Rows", className: "where", key: (f) => f.places[0].from, cell: (f) => whereFound(page, f.places[0]) },
  ];
  if (page.motifs.length || page.discords.length) {
    columns.push(
      { name: "Distance", isNumber: true, falling: false, title: "Between a motif's two windows; of a discord, to the window most like it", key: (f) => f.distance ?? null, cell: (f) => (f.kind === "regime" ? NONE : distanceText(f.distance)) },
      { name: "Also at", title: "The motif's other windows, nearest first; the window most like a discord", key: (f) => f.places.length, cell: (f) => othersCell(page, f, onVisit) },
    );
  }
  if (page.allChannels > 1) columns.push({ name: "Columns", title: "Which columns carry it", key: (f) => (f.channels ? f.channels.length : null), cell: (f) => channelsCell(page, f) });
  if (page.regimes.length) columns.push({ name: "Score", isNumber: true, title: "How clearly a regime differs from the one before it, 0 to 1", key: (f) => f.score ?? null, cell: (f) => (f.kind === "regime" ? score(f.score) : NONE) });
  return new SortableTable(columns, page.findings, { onChoose: (f) => onVisit(f.places[0]), describe: "Motifs, discords and regimes. The buttons in the head sort; choosing a row shows it in the chart." });
}

function whatCell(f) {
  const chip = element("i", { className: `chip ${f.kind}-${f.kind === "motif" ? ((f.rank - 1) % MARK_COLOURS) + 1 : f.kind === "regime" ? ((f.rank - 1) % REGIME_COLOURS) + 1 : 0}` });
  return element("span", { className: "what" }, chip, choosable(f.title, `Show ${f.title}`));
}

function whereFound(page, place) {
  const rows = `${whole(place.start)} – ${whole(place.end - 1)}`;
  if (!page.time) return document.createTextNode(rows);
  return element("div", {}, element("div", { text: `${moment(place.from)} – ${until(place.from, place.to)}` }), element("div", { className: "cell-note", text: `rows ${rows}` }));
}

const MOST_OTHERS = 6;

function othersCell(page, f, onVisit) {
  const others = f.kind === "regime" ? [] : f.places.slice(1);
  if (!others.length) return NONE;
  const box = element("div", { className: "places" });
  for (const place of others.slice(0, MOST_OTHERS)) {
    const text = placeText(page, place);
    if (place.other) box.append(element("span", { text, title: `${placeText(page, place, true)} of the other series` }));
    else {
      const button = element("button", { type: "button", text, title: placeText(page, place, true) });
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        onVisit(place);
      });
      box.append(button);
    }
  }
  if (others.length > MOST_OTHERS) box.append(element("span", { className: "cell-note", text: `and ${others.length - MOST_OTHERS} more` }));
  return box;
}

function channelsCell(page, f) {
  if (!f.channels) return NONE;
  const names = f.channels.map((c) => page.channels[c]);
  return element("span", { text: names.slice(0, 4).join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : ""), title: names.join(", ") });
}
