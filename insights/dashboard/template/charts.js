// Bars and lines as SVG. Texts are set as text, never as markup: titles of films come from anywhere.

const SVG = "http://www.w3.org/2000/svg";
const COLOURS = 5; // of lines: the classes line-0 to line-4
// A source of ratings has one colour in all charts.
const SOURCE_COLOURS = ["Rotten Tomatoes", "Metacritic", "IMDb", "Source list"];
const colourOf = (title) => (SOURCE_COLOURS.includes(title) ? SOURCE_COLOURS.indexOf(title) : undefined);
const DASHES = ["", "7 4", "2 4", "10 4 2 4", "4 3"];
const LETTER = 6.6; // pixels of an average letter of 12 px Arial

function shape(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

let pictures = 0;
function picture(width, height, title, description) {
  const id = `picture-${++pictures}`;
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-labelledby": `${id}-t ${id}-d` });
  svg.append(shape("title", { id: `${id}-t` }, title), shape("desc", { id: `${id}-d` }, description));
  return svg;
}

function shortened(text, width) {
  const letters = Math.max(4, Math.floor(width / LETTER));
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}

function ticks(low, high, wanted) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(+(at * step).toPrecision(12));
  return found;
}

const ROW = 27; // pixels of a bar with its label

// Pixels of the labels and of the values of bars: [{label, value, text, note}].
function margins(bars, width) {
  const labels = Math.min(0.45 * width, 12 + LETTER * Math.max(...bars.map((bar) => bar.label.length)));
  return [labels, 16 + LETTER * Math.max(...bars.map((bar) => bar.text.length + (bar.note ? bar.note.length + 1 : 0)))];
}

// A bar's tooltip, label and marks, and its value with its note at `at`.
function barGroup(bar, place, labels, marks, at) {
  const y = place * ROW + 19;
  const value = shape("text", { ...at, y, class: "value" }, bar.text);
  if (bar.note) value.append(shape("tspan", { class: "note", dx: 5 }, bar.note));
  const group = shape("g", { "aria-hidden": "true" });
  const label = shape("text", { x: labels - 8, y, "text-anchor": "end", class: "label" }, shortened(bar.label, labels - 8));
  group.append(shape("title", {}, `${bar.label}: ${bar.text} ${bar.note || ""}`), label, ...marks, value);
  return group;
}

// One row a bar; bars go left of zero for negative values.
function barChart(bars, width, title, description) {
  const [labels, texts] = margins(bars, width);
  const [low, high] = [Math.min(0, ...bars.map((bar) => bar.value)), Math.max(0, ...bars.map((bar) => bar.value))];
  const left = low < 0 ? labels + texts : labels;
  const room = Math.max(30, width - left - texts);
  const x = (value) => left + (room * (value - low)) / (high - low || 1);
  const svg = picture(width, bars.length * ROW + 4, title, description);
  bars.forEach((bar, place) => {
    const [from, to] = [x(Math.min(0, bar.value)), x(Math.max(0, bar.value))];
    const kind = bar.value < 0 ? "bar below" : "bar";
    const mark = shape("rect", { x: from, y: place * ROW + 5, width: Math.max(1, to - from), height: ROW - 8, class: kind });
    svg.append(barGroup(bar, place, labels, [mark], bar.value < 0 ? { x: from - 6, "text-anchor": "end" } : { x: to + 6 }));
  });
  svg.append(shape("line", { x1: x(0), x2: x(0), y1: 2, y2: bars.length * ROW, class: "axis" }));
  return svg;
}

// bars as dots on a scale that shows their differences, with their confidence intervals {low, high}, if they have any;
// `ends` fixes the scale.
function dotChart(bars, width, title, description, ends = null) {
  const [labels, texts] = margins(bars, width);
  const values = bars.flatMap((bar) => [bar.low ?? bar.value, bar.high ?? bar.value]);
  const margin = Math.max(0.1 * (Math.max(...values) - Math.min(...values)), 0.5);
  const [low, high] = ends || [Math.min(...values) - margin, Math.max(...values) + margin];
  const marks = ticks(low, high, Math.max(3, Math.floor((width - labels - texts) / 70)));
  const x = (value) => labels + 6 + (Math.max(30, width - labels - texts - 12) * (value - low)) / (high - low || 1);
  const bottom = bars.length * ROW + 2;
  const svg = picture(width, bottom + 22, title, description);
  for (const value of marks) {
    svg.append(shape("line", { x1: x(value), x2: x(value), y1: 2, y2: bottom, class: "grid" }));
    svg.append(shape("text", { x: x(value), y: bottom + 16, "text-anchor": "middle", class: "tick" }, decimals(value, Number.isInteger(value) ? 0 : 1)));
  }
  bars.forEach((bar, place) => {
    const y = place * ROW + 15;
    const [from, to] = bar.low === undefined ? [low, bar.value] : [bar.low, bar.high];
    const stem = shape("line", { x1: x(from), x2: x(to), y1: y, y2: y, class: bar.low === undefined ? "stem" : "stem interval" });
    const dot = shape("circle", { cx: x(bar.value), cy: y, r: 5, class: "dot" });
    svg.append(barGroup(bar, place, labels, [stem, dot], { x: width - texts + 6 }));
  });
  return svg;
}

// lines: [{label, points: [[x, y, text]]}], x ascending; y of null breaks a line. `zoom` leaves zero out; `highest`
// fixes the upper end; whole numbers of one line are columns.
function lineChart(lines, width, height, formats, words, { zoom = false, highest = null } = {}) {
  const points = lines.flatMap((line) => line.points).filter((point) => point[1] !== null);
  const [first, last] = [Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[0]))];
  const values = points.map((p) => p[1]);
  const headroom = 0.08 * (Math.max(...values) - Math.min(...values)) || 1;
  const low = zoom ? Math.min(...values) - headroom : Math.min(0, ...values);
  const high = highest ?? (zoom ? Math.max(...values) + headroom : Math.max(...values, Number.EPSILON));
  const [left, right, top, bottom] = [52, 14, 12, 26];
  const asColumns = lines.length === 1 && formats.y === "whole";
  const step = lines[0].points.length > 1 ? lines[0].points[1][0] - lines[0].points[0][0] : 1;
  const margin = asColumns || first === last ? step / 2 : 0; // room for half a column; a single value is in the middle
  const x = (value) => left + ((width - left - right) * (value - first + margin)) / (last - first + 2 * margin);
  const y = (value) => height - bottom - ((height - top - bottom) * (value - low)) / (high - low || 1);
  const svg = picture(width, height, words.title, words.description);
  for (const value of ticks(low, high, 5).filter((one) => formats.y !== "whole" || Number.isInteger(one))) {
    svg.append(shape("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "grid" }));
    svg.append(shape("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end", class: "tick" }, tickLabel(value, formats.y)));
  }
  const years = ticks(first, last, Math.max(2, Math.floor(width / 90))).filter(Number.isInteger);
  for (const value of years.length ? years : [first]) {
    svg.append(shape("text", { x: x(value), y: height - 6, "text-anchor": "middle", class: "tick" }, tickLabel(value, formats.x)));
  }
  lines.forEach((line, place) => svg.append(...(asColumns ? columnsOf(line, x, y, x(first + step) - x(first)) : strokes(line, line.colour ?? place, x, y))));
  svg.append(...hoverStrips(lines, x, [left, width - right, top, height - bottom], formats.x));
  return svg;
}

const WIDEST = 48; // pixels of a column
function columnsOf(line, x, y, width) {
  const known = line.points.filter((point) => point[1]);
  const wide = Math.min(WIDEST, Math.max(1, 0.8 * width));
  return known.map((point) => shape("rect", { x: x(point[0]) - wide / 2, width: wide, y: y(point[1]), height: y(0) - y(point[1]), class: "bar" }));
}

function strokes(line, place, x, y) {
  const known = line.points.filter((point) => point[1] !== null);
  let path = "";
  let pen = "M";
  for (const point of line.points) {
    if (point[1] === null) pen = "M";
    else {
      path += `${pen}${x(point[0]).toFixed(1)} ${y(point[1]).toFixed(1)}`;
      pen = "L";
    }
  }
  const kind = `line line-${place % COLOURS}`;
  const drawn = [shape("path", { d: path, class: kind, "stroke-dasharray": DASHES[place % DASHES.length] })];
  const alone = (at) => [at - 1, at + 1].every((near) => !line.points[near] || line.points[near][1] === null);
  for (const [at, point] of line.points.entries()) {
    if (point[1] !== null && (known.length <= 12 || alone(at))) drawn.push(shape("circle", { cx: x(point[0]), cy: y(point[1]), r: 3, class: `mark line-${place % COLOURS}` }));
  }
  return drawn;
}

// An invisible strip per year: its tooltip has that year's values.
function hoverStrips(lines, x, [left, right, top, bottom], format) {
  const at = [...new Set(lines.flatMap((line) => line.points.map((point) => point[0])))].sort((a, b) => a - b);
  return at.map((value, place) => {
    const from = place ? (x(at[place - 1]) + x(value)) / 2 : left;
    const to = place < at.length - 1 ? (x(value) + x(at[place + 1])) / 2 : right;
    const strip = shape("rect", { x: from, y: top, width: Math.max(0, to - from), height: bottom - top, class: "strip", "aria-hidden": "true" });
    const texts = lines.flatMap((line) => line.points.filter((p) => p[0] === value && p[1] !== null).map((p) => `${line.label}: ${p[2]}`));
    strip.append(shape("title", {}, [tickLabel(value, format), ...texts].join("\n")));
    return strip;
  });
}

function legend(lines) {
  const list = node("ul", { class: "legend" });
  lines.forEach((line, at) => {
    const place = line.colour ?? at;
    const key = shape("svg", { width: 26, height: 10, "aria-hidden": "true" });
    key.append(shape("path", { d: "M0 5L26 5", class: `line line-${place % COLOURS}`, "stroke-dasharray": DASHES[place % DASHES.length] }));
    list.append(node("li", {}, [key, line.label]));
  });
  return list;
}
