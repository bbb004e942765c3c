// The page: unpacks the data, builds the sheets, and draws what a filter changes.

async function start() {
  const page = await unpack(document.getElementById("data").textContent.trim());
  const drawn = [];
  Object.assign(HEADINGS, page.headings);
  page.filmIds = new Map(page.cards.map((card) => [card.label, card.imdb_id]));
  const filters = new Filters(page.filters, page.data, page.cards, () => draw(page, filters, drawn, controls));
  const controls = buildFilters(page, filters);
  for (const sheet of page.sheets) drawn.push(...buildSheet(page, filters, sheet, controls));
  hideEmpty(page, drawn);
  followLinks();
  followFilms(filters);
  draw(page, filters, drawn, controls);
  const redraw = (printed) => {
    drawVisuals(page, filters, drawn.filter((one) => !one.element.hidden), printed);
    drawCard(page, filters);
    if (page.listed) drawSpread(page.listed.films, printed);
  };
  // What is scrolled to stops below the filters, whose height changes with what is chosen.
  const bar = document.querySelector(".filter-bar");
  new ResizeObserver(() => { document.documentElement.style.scrollPaddingTop = `${bar.offsetHeight + 12}px`; }).observe(bar);
  let width = document.body.clientWidth;
  window.addEventListener("resize", () => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    requestAnimationFrame(() => redraw(false));
  });
  window.addEventListener("beforeprint", () => redraw(true));
  window.addEventListener("afterprint", () => redraw(false));
  document.documentElement.dataset.ready = "true";
}

function shared(page) {
  return Object.keys(page.filters).filter((name) => page.filters[name].kind !== "pick");
}

function buildFilters(page, filters) {
  const bar = document.getElementById("filters");
  const controls = shared(page).map((name) => (page.filters[name].kind === "range" ? rangeControl : textControl)(filters, name));
  const reset = node("button", { type: "button", class: "reset" }, ["Reset all"]);
  reset.addEventListener("click", () => filters.reset());
  bar.append(...controls.map((one) => one.element), reset);
  document.getElementById("filter-panel").open = window.matchMedia("(min-width: 48rem)").matches;
  return controls;
}

function buildSheet(page, filters, sheet, controls) {
  const section = document.getElementById(`sheet-${sheet.id}`);
  for (const name of sheet.filters.filter((one) => page.filters[one].kind === "pick")) {
    const control = textControl(filters, name);
    controls.push(control);
    section.querySelector(".about").after(control.element);
  }
  return sheet.visuals.map((visual) => {
    const element = document.getElementById(`visual-${visual.id}`);
    return { sheet, visual, element, body: element.querySelector(".body"), idle: element.querySelector(".idle"), open: false };
  });
}

function draw(page, filters, drawn, controls) {
  controls.forEach((one) => one.show());
  drawVisuals(page, filters, drawn.filter((one) => !one.element.hidden));
  drawFilmList(page, filters);
  drawCard(page, filters);
  const films = page.data[page.main].rows;
  const left = select(page.data[page.main], filters.conditions(shared(page), page.main)).rows.length;
  const chosen = filters.described(shared(page));
  const number = chosen ? `${decimals(left, 0)} of ${count(films, "films")}` : `All ${count(films, "films")}`;
  document.getElementById("status").textContent = chosen ? `${number}: ${chosen}` : number;
  document.querySelector(".reset").disabled = shared(page).every((name) => !filters.state[name]);
}

const PAPER = 722; // pixels between the margins of A4, and a gap of the grid
const NARROWEST = 280; // pixels of a printed chart: a third of a page is scaled, so that names fit
// Pixels of a figure's chart; on paper, of which a script cannot ask the layout, from its share of the grid.
function widthOf(figure, printed) {
  if (printed) return Math.max(NARROWEST, Math.floor((PAPER * figure.style.getPropertyValue("--width")) / 36) - 22);
  return Math.max(240, figure.querySelector(".body").clientWidth);
}

// All widths are read before anything is written, or the browser would lay the page out once a visual.
function drawVisuals(page, filters, drawn, printed = false) {
  const selections = new Map();
  const widths = drawn.map((one) => widthOf(one.element, printed));
  drawn.forEach((one, place) => drawVisual(page, filters, { one, width: widths[place], selections }));
}

// Draws a visual, if what it shows or its width has changed. `selections` are shared by the visuals of a data set.
function drawVisual(page, filters, { one, width, selections }) {
  const { sheet, visual, element } = one;
  const dataSet = page.data[visual.data_set];
  const chosen = filters.conditions(sheet.filters, visual.data_set);
  const conditions = [...fixed(visual), ...chosen];
  const asked = `${visual.data_set} ${JSON.stringify(conditions.map((each) => [each.column, each.range || [...each.texts]]))}`;
  const idle = filters.idle(sheet.filters, visual.data_set);
  one.idle.textContent = idle.length ? `Not filtered by ${idle.join(" and ")}: shown for all films.` : "";
  if (one.shown === `${asked} ${width}`) return;
  one.shown = `${asked} ${width}`;
  if (!selections.has(asked)) selections.set(asked, select(dataSet, conditions));
  const details = one.body.querySelector(":scope > details:not(.answer)");
  if (details) one.open = details.open;
  const context = {
    visual,
    element,
    open: one.open,
    measures: page.measures,
    filtered: chosen.length > 0,
    picked: sheet.filters.map((name) => page.filters[name]).filter((filter) => filter.kind === "pick").map((filter) => filter.column),
    selection: selections.get(asked),
    filmIds: page.filmIds,
    width,
    format: (column) => page.formats[visual.data_set][column],
    evaluate: (name, rows) => evaluate(page.measures, name, dataSet, rows),
  };
  one.body.replaceChildren(...DRAW[visual.kind](context));
}

// Conditions of the columns that a visual fixes.
function fixed(visual) {
  return Object.entries(visual.where).map(([column, texts]) => ({ column, texts: new Set(texts) }));
}

// Hides what has no value whatever is chosen, and says so in one line a sheet.
function hideEmpty(page, drawn) {
  const empty = (visual) => {
    const dataSet = page.data[visual.data_set];
    const rows = select(dataSet, fixed(visual)).rows;
    const measures = visual.measure ? [visual.measure] : visual.measures || [];
    return !rows.length || (measures.length > 0 && measures.map((name) => evaluate(page.measures, name, dataSet, rows).value).every((value) => value === null || (visual.kind === "groups" && !value)));
  };
  for (const sheet of page.sheets) {
    const without = drawn.filter((one) => one.sheet === sheet && empty(one.visual));
    for (const one of without) one.element.hidden = true;
    const line = document.querySelector(`#sheet-${sheet.id} > .empty`);
    const unnamed = without.filter((one) => one.visual.nothing === null).map((one) => one.visual.title);
    const words = without.map((one) => one.visual.nothing).filter(Boolean).map((one) => one.replace("{films}", count(page.data[page.main].rows, "films")));
    if (unnamed.length) words.push(`Not shown, because there are no values for it: ${unnamed.join(", ")}.`);
    fillRow(document.querySelector(`#sheet-${sheet.id} .grid`));
    line.hidden = !words.length;
    line.replaceChildren(...words.map((one) => node("span", {}, [one])));
  }
}

// Gives the last half-wide visual the whole row where nothing stands beside it; a tall one has two beside it.
function fillRow(grid) {
  const halves = [...grid.querySelectorAll("figure:not([hidden])")].filter((one) => one.style.getPropertyValue("--width").trim() === "18");
  const isTall = (one) => one.classList.contains("tall");
  const last = halves.at(-1);
  if (!last || (!isTall(last) && (halves.length + halves.filter(isTall).length) % 2 === 0)) return;
  last.style.setProperty("--width", "36");
  last.classList.remove("tall");
}

// A link to a film picks it, wherever the link stands.
function followFilms(filters) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[data-film]");
    const label = link && filters.labels.get(link.dataset.film);
    if (!label || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    filters.set("film", { texts: new Set([label]) });
    moveTo("film-card");
  });
}

// Links within the page move without touching the address, which holds the filters.
function followLinks() {
  for (const link of document.querySelectorAll("a[data-to]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      moveTo(link.dataset.to);
    });
  }
}

// Shows an element, and goes on from there with the keyboard.
function moveTo(id) {
  const target = document.getElementById(id);
  target.scrollIntoView();
  target.focus({ preventScroll: true });
}

// Nothing is sent: the filters act by themselves.
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());

start().catch((error) => {
  const problem = document.getElementById("problem");
  problem.hidden = false;
  problem.textContent = `This page cannot be shown by this browser (${error.message}). Any browser from 2023 on can.`;
  throw error;
});
