// A table that can be sorted by its columns and grows on demand.

const FIRST_ROWS = 100, MORE_ROWS = 400;

class SortableTable {
  // columns: { name, title?, isNumber?, key(item), cell(item) -> node, falling? }
  constructor(columns, items, { onChoose, describe }) {
    Object.assign(this, { columns, items, onChoose, describe });
    this.shown = FIRST_ROWS;
    this.order = [...items];
    this.rows = new Map();
    this.table = byId("list");
    this.more = byId("show-more");
    this.more.addEventListener("click", () => {
      this.shown += MORE_ROWS;
      this.draw();
    });
    byId("list-caption").textContent = describe;
    this.drawHead();
    this.draw();
  }

  drawHead() {
    const heads = this.columns.map((column) => {
      const button = element("button", { type: "button", text: column.name, title: column.title || column.name });
      button.addEventListener("click", () => this.sortBy(column));
      return (column.head = element("th", { scope: "col", className: column.isNumber ? "number" : "" }, button));
    });
    this.table.tHead.replaceChildren(element("tr", {}, ...heads));
  }

  // First click: the interesting end on top; second click: the other way round.
  sortBy(column) {
    const isAgain = this.sorted === column;
    this.falling = isAgain ? !this.falling : column.falling ?? Boolean(column.isNumber);
    this.sorted = column;
    const sign = this.falling ? -1 : 1;
    const empty = (key) => key === null || key === undefined || Number.isNaN(key);
    this.order = [...this.items].sort((a, b) => {
      const p = column.key(a), q = column.key(b);
      if (empty(p) || empty(q)) return empty(p) - empty(q); // the unknown goes last, both ways
      return sign * (typeof p === "string" ? p.localeCompare(q, "en", { numeric: true }) : p - q);
    });
    for (const { head } of this.columns) head.removeAttribute("aria-sort");
    column.head.setAttribute("aria-sort", this.falling ? "descending" : "ascending");
    this.draw();
  }

  draw() {
    const body = this.table.tBodies[0];
    body.replaceChildren(...this.order.slice(0, this.shown).map((item) => this.row(item)));
    const left = this.order.length - this.shown;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show more (${whole(Math.max(0, left))} left)`;
  }

  row(item) {
    const made = this.rows.get(item);
    if (made) return made;
    const cells = this.columns.map((column) => {
      const content = column.cell(item);
      return element("td", { className: column.className || (column.isNumber ? "number" : "") }, content);
    });
    const row = element("tr", { className: item.className || "" }, ...cells);
    row.addEventListener("click", () => this.onChoose(item));
    this.rows.set(item, row);
    return row;
  }

  // Mark a row, and bring it into sight within the table, not by moving the page.
  select(item) {
    const place = this.order.indexOf(item);
    if (place >= this.shown) {
      this.shown = place + 1;
      this.draw();
    }
    for (const row of this.rows.values()) row.classList.remove("selected");
    const row = this.rows.get(item);
    if (!row) return;
    row.classList.add("selected");
    const box = byId("scroller");
    const head = this.table.tHead.offsetHeight;
    if (row.offsetTop - head < box.scrollTop) box.scrollTop = row.offsetTop - head;
    else if (row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = row.offsetTop + row.offsetHeight - box.clientHeight;
  }
}

// A cell's text as a button, so that the row can be chosen without a mouse. The click bubbles up.
function choosable(text, label) {
  return element("button", { type: "button", text, "aria-label": label });
}

function meter(share) {
  const bar = element("i");
  bar.style.width = `${clamp(share, 0, 1) * 100}%`;
  return element("span", { className: "meter" }, bar);
}
