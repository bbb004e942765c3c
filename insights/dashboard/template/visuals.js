// One drawing function for each kind of visual of the definition. Each gets the rows that pass the filters.

function node(name, attributes = {}, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...[children].flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// The title that says what the data show; the plain title where there is nothing to say.
function finding(context, found) {
  const { visual, element } = context;
  const names = [...visual.finding.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const says = found && found.count > 1 && names.length > 0 && names.every((name) => found[name] !== undefined);
  const title = says ? visual.finding.replace(/\{(\w+)\}/g, (_, name) => found[name]) : visual.title;
  element.querySelector("h3").textContent = title;
  element.querySelector(".plain").textContent = title === visual.title ? "" : `${visual.title}.`;
}

const MOST_EQUAL = 2; // more names of one value say nothing

// The bar with the ends of its confidence interval, where it has one.
function withInterval(bar) {
  return bar.margin === null || bar.margin === Infinity ? bar : { ...bar, low: bar.value - bar.margin, high: bar.value + bar.margin };
}

// Whether the largest mean differs from the next by more than chance; bars without margins are counts.
function isClear(bars) {
  const [first, second] = [...bars].sort((a, b) => b.value - a.value);
  if (!second || first.margin === null || second.margin === null) return true;
  return first.value - second.value > Math.hypot(first.margin, second.margin);
}

function foundIn(bars) {
  const found = { count: bars.length };
  for (const [key, one] of [["first", bars[0]], ["top", bars.reduce((a, b) => (b.value > a.value ? b : a), bars[0])]]) {
    const equal = bars.filter((bar) => one && bar.text === one.text);
    if (!equal.length || equal.length > MOST_EQUAL) continue;
    Object.assign(found, { [key]: equal.map((bar) => bar.label).join(" and "), [`${key}_value`]: equal.length > 1 ? `${one.text} each` : one.text });
  }
  return found;
}

// head: [{text, number}]; body: rows of {text, number}.
function table(caption, head, body) {
  const cells = (tag, row) => row.map((one, place) => {
    const kind = tag === "td" && place === 0 ? "th" : tag;
    const scope = tag === "th" ? { scope: "col" } : kind === "th" ? { scope: "row" } : { "data-label": head[place].text };
    return node(kind, { ...scope, ...(one.number ? { class: "number" } : {}) }, [one.link || one.text]);
  });
  return node("div", { class: "table", role: "region", tabindex: "0", "aria-label": caption }, [
    node("table", {}, [
      node("caption", { class: "unseen" }, [caption]),
      node("thead", {}, [node("tr", {}, cells("th", head))]),
      node("tbody", {}, body.map((row) => node("tr", {}, cells("td", row)))),
    ]),
  ]);
}

function asTable(context, head, body) {
  const details = node("details", {}, [node("summary", {}, ["The numbers as a table"]), table(context.visual.title, head, body)]);
  details.open = context.open;
  return details;
}

function nothing(context) {
  return [node("p", { class: "nothing" }, [context.filtered ? "Nothing to show with these filters." : "There is nothing to show: no film has such a value."])];
}

// Says so where not all of the bars or groups are shown.
const firstOf = (some, all) => (some.length < all.length ? `The first ${some.length} of ${all.length}.` : "");
const note = (n) => (n === null ? "" : `n = ${decimals(n, 0)}`);
const text = (value, format) => ({ text: shown(value, format), number: typeof value === "number" });

const DRAW = {
  kpi(context) {
    const measure = context.measures[context.visual.measure];
    const { value, n } = context.evaluate(context.visual.measure, context.selection.rows);
    const about = [value === null || measure.unit === context.visual.title.toLowerCase() ? "" : measure.unit, note(n)].filter(Boolean).join(", ");
    context.element.dataset.value = value === null ? "" : value;
    context.element.dataset.n = n === null ? "" : n;
    return [node("p", { class: value === null ? "kpi unknown" : "kpi" }, [shown(value, measure.format)]), node("p", { class: "about" }, [about])];
  },

  bar(context) {
    const { visual, selection } = context;
    const measure = context.measures[visual.measure];
    const format = context.format(visual.dimension);
    const order = visual.sort || { by: visual.measure, order: "descending" };
    const all = [...groupBy(selection, visual.dimension)]
      .map(([key, rows]) => ({ key, ...context.evaluate(visual.measure, rows) }))
      .filter((bar) => bar.value !== null && (!visual.fewest || (bar.n ?? bar.value) >= visual.fewest))
      .sort(comparison(order.order, (bar) => (order.by === visual.measure ? bar.value : bar.key), (bar) => bar.key));
    const sameN = all.length > 1 && all.every((bar) => bar.n === all[0].n) ? note(all[0].n) : "";
    const bars = all.slice(0, visual.top)
      .map((bar) => ({ ...bar, label: visual.dimension === "column_name" ? inWords(bar.key) : shown(bar.key, format), text: shown(bar.value, measure.format), note: sameN ? "" : note(bar.n) }));
    context.element.dataset.marks = bars.length;
    finding(context, isClear(bars) ? foundIn(bars) : null);
    if (!bars.length) return nothing(context);
    const head = [{ text: inWords(visual.dimension) }, { text: measure.title, number: true }];
    if (measure.n) head.push({ text: "n", number: true });
    const body = bars.map((bar) => [{ text: bar.label }, text(bar.value, measure.format), ...(measure.n ? [text(bar.n)] : [])]);
    const scope = [firstOf(bars, all), sameN && `${sameN} each.`].filter(Boolean).join(" ");
    return [scope ? node("p", { class: "about" }, [scope]) : "", (visual.zoom ? dotChart : barChart)(visual.zoom ? bars.map(withInterval) : bars, context.width, visual.title, `${visual.alt} ${extremes(bars)}`), asTable(context, head, body)];
  },

  line(context) {
    const { visual, selection } = context;
    const lines = (visual.series ? linesBySeries(context) : linesByMeasure(context)).filter((line) => line.points.some((point) => point[1] !== null));
    context.element.dataset.marks = lines.length;
    if (!lines.length || !selection.rows.length) { finding(context, null); return nothing(context); }
    finding(context, visual.series ? foundIn(lines) : foundIn(lines[0].points.filter((p) => p[1] !== null).map((p) => ({ label: shown(p[0], "year"), value: p[1], text: p[2] }))));
    const format = context.measures[visual.measures[0]].format;
    const formats = { x: context.format(visual.dimension), y: format };
    const words = { title: visual.title, description: `${visual.alt} ${lines.map((line) => `${line.label}: ${ends(line)}`).join("; ")}.` };
    const years = [...new Set(lines.flatMap((line) => line.points.map((point) => point[0])))].sort((a, b) => a - b);
    const head = [{ text: inWords(visual.dimension) }, ...lines.map((line) => ({ text: line.label, number: true }))];
    const values = lines.map((line) => new Map(line.points.map((point) => [point[0], point[2]])));
    const body = years.map((year) => [{ text: shown(year, formats.x) }, ...values.map((of) => ({ text: of.get(year) ?? "–", number: true }))]);
    if (visual.series) return [panels(context, lines, formats), asTable(context, head, body)];
    const picture = lineChart(lines, context.width, context.width < 480 ? 230 : 340, formats, words, visual);
    return [lines.length > 1 ? legend(lines) : null, picture, asTable(context, head, body)].filter(Boolean);
  },

  groups(context) {
    const { visual, selection } = context;
    const all = [...groupBy(selection, visual.dimension)]
      .map(([key, rows]) => ({ key, values: visual.measures.map((name) => context.evaluate(name, rows).value) }))
      .sort(comparison(visual.sort.order, (group) => (visual.sort.by === visual.dimension ? group.key : group.values[visual.measures.indexOf(visual.sort.by)]), (group) => group.key))
      .filter((group) => group.values.some(Boolean));
    const groups = all.slice(0, visual.top);
    context.element.dataset.marks = groups.length;
    if (!groups.length) return nothing(context);
    // A mean without any value says nothing; its number of films goes with it.
    const columns = visual.measures.map((name, place) => ({ name, place }));
    const empty = columns.filter(({ place }) => groups.every((group) => group.values[place] === null)).flatMap(({ name }) => [name, context.measures[name].n]);
    const used = columns.filter(({ name }) => !empty.includes(name));
    const counts = new Set(visual.measures.map((name) => context.measures[name].n));
    const title = (name) => (counts.has(name) ? "n" : context.measures[name].title);
    const head = [{ text: inWords(visual.dimension) }, ...used.map(({ name }) => ({ text: title(name), number: true }))];
    const format = context.format(visual.dimension);
    const label = (key) => (visual.dimension === "column_name" ? inWords(key) : shown(key, format));
    const body = groups.map((group) => [{ text: label(group.key) }, ...used.map(({ name, place }) => (group.values[place] === null ? { text: "–", number: true } : text(group.values[place], context.measures[name].format)))]);
    return [node("p", { class: "about" }, [firstOf(groups, all)]), table(visual.title, head, body)];
  },

  rows(context) {
    const { visual, selection } = context;
    const value = (name) => (row) => cell(selection.dataSet, name, row);
    // A picked text stands above the table, and would be the same in every row.
    const names = Object.keys(visual.columns).filter((name) => !context.picked.includes(name));
    const rows = [...selection.rows].sort(comparison(visual.sort.order, value(visual.sort.by), value(names[0]))).slice(0, visual.top);
    context.element.dataset.marks = rows.length;
    if (!rows.length) return nothing(context);
    const numbers = new Set(names.filter((name) => selection.dataSet.columns[name].values));
    const head = names.map((name) => ({ text: visual.columns[name], number: numbers.has(name) }));
    const body = rows.map((row) => names.map((name) => {
      const known = cell(selection.dataSet, name, row);
      const linked = name === "similar_film" && known !== null && context.filmIds.get(known);
      if (linked) return { link: filmLink(linked, known) };
      return { text: known === null ? "–" : shown(known, context.format(name)), number: numbers.has(name) };
    }));
    return [table(visual.title, head, body)];
  },

  texts(context) {
    const { visual, selection } = context;
    const value = (name) => (row) => cell(selection.dataSet, name, row);
    const rows = [...selection.rows].sort(comparison(visual.sort.order, (row) => value(visual.sort.by)(row).split("/")[0], value(visual.sort.by)));
    context.element.dataset.marks = rows.length;
    if (!rows.length) return nothing(context);
    return rows.map((row, place) => {
      const paragraphs = (value(visual.body)(row) || "").split(/\n+/).filter(Boolean).map((line) => node("p", {}, [line]));
      if (paragraphs.length > 1) paragraphs[paragraphs.length - 1].className = "about";
      const details = node("details", { class: "answer" }, [node("summary", {}, [shown(value(visual.heading)(row))]), ...paragraphs]);
      details.open = place === 0;
      return details;
    });
  },
};

function linesByMeasure(context) {
  const { visual, selection } = context;
  const years = everyYear(groupBy(selection, visual.dimension));
  const pooled = pool(years, visual.smooth);
  return visual.measures.map((name) => ({ label: context.measures[name].title, colour: colourOf(context.measures[name].title), points: years.map(([year], place) => point(context, name, year, pooled(place))) }));
}

// Rows of a year together with those of the years around it.
function pool(years, smooth) {
  const half = Math.floor(smooth / 2);
  return (place) => years.slice(Math.max(0, place - half), place + half + 1).flatMap(([, some]) => some);
}

// Years from the first to the last; one without rows has no films, and no mean.
function everyYear(groups) {
  if (!groups.size) return [];
  const years = [...groups.keys()];
  const [first, last] = [Math.min(...years), Math.max(...years)];
  return Array.from({ length: last - first + 1 }, (_, place) => [first + place, groups.get(first + place) || []]);
}

function linesBySeries(context) {
  const { visual, selection } = context;
  const name = visual.measures[0];
  return [...groupBy(selection, visual.series)]
    .map(([label, rows]) => ({ label, rows, value: context.evaluate(name, rows).value }))
    .sort(comparison("descending", (line) => line.value, (line) => line.label))
    .slice(0, visual.top)
    .map(({ label, rows, value }) => {
      const years = everyYear(groupBy(selection, visual.dimension, rows));
      const pooled = pool(years, visual.smooth);
      return { label, value, text: shown(value, context.measures[name].format), points: years.map(([year], place) => point(context, name, year, pooled(place))) };
    });
}

// A small chart for each line, all on one scale.
function panels(context, lines, formats) {
  const highest = Math.max(...lines.flatMap((line) => line.points.map((p) => p[1] ?? 0)));
  const across = context.width < 320 ? 1 : context.width < 760 ? 2 : 3;
  const width = Math.floor((context.width - 16 * (across - 1)) / across);
  const one = (line) => node("div", {}, [
    node("p", { class: "panel" }, [`${line.label} `, node("span", { class: "about" }, [line.text])]),
    lineChart([line], width, 130, formats, { title: `${context.visual.title}: ${line.label}`, description: `${context.visual.alt} ${line.label}: ${ends(line)}.` }, { highest }),
  ]);
  return node("div", { class: "panels", style: `--across: ${across}` }, lines.map(one));
}

function point(context, name, year, rows) {
  const { value, n } = context.evaluate(name, rows);
  const known = value === null ? null : [shown(value, context.measures[name].format), n === null ? "" : `(${note(n)})`].join(" ").trim();
  return [year, value, known];
}

function extremes(bars) {
  const one = (bar) => `${bar.label} ${bar.text}${bar.note ? ` (${bar.note})` : ""}`;
  return bars.length > 1 ? `First ${one(bars[0])}, last of ${bars.length} ${one(bars[bars.length - 1])}.` : `${one(bars[0])}.`;
}

function ends(line) {
  const known = line.points.filter((point) => point[1] !== null);
  const [first, last] = [known[0], known[known.length - 1]];
  return `${first[2]} in ${first[0]}, ${last[2]} in ${last[0]}`;
}
