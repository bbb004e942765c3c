// Data sets: unpacking, filtering, grouping and measuring. Nothing here touches the document.

async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// Different keys of a row in a column: its text, its number, or each item of its list.
function keysOf(column, row) {
  if (column.lists) return column.lists[row].map((place) => column.texts[place]);
  if (column.places) return column.places[row] < 0 ? [] : [column.texts[column.places[row]]];
  return column.values[row] === null ? [] : [column.values[row]];
}

// Text or number of a row; null where it has none.
function cell(dataSet, name, row) {
  const column = dataSet.columns[name];
  if (column.values) return column.values[row];
  return column.places[row] < 0 ? null : column.texts[column.places[row]];
}

// A condition is {column, texts: Set} or {column, range: [first, last]}.
function passes(column, condition, row) {
  if (condition.range) {
    const value = column.values[row];
    return value !== null && value >= condition.range[0] && value <= condition.range[1];
  }
  return keysOf(column, row).some((key) => condition.texts.has(key));
}

// Rows that meet all conditions. A film of two genres is two rows in QuickSight, of which a choice of one genre keeps
// one: so `texts` is kept too, and grouping by that column gives the chosen genres only.
function select(dataSet, conditions) {
  let rows = Array.from({ length: dataSet.rows }, (_, row) => row);
  for (const condition of conditions) {
    const column = dataSet.columns[condition.column];
    rows = rows.filter((row) => passes(column, condition, row));
  }
  const texts = new Map(conditions.filter((one) => one.texts).map((one) => [one.column, one.texts]));
  return { dataSet, rows, texts };
}

// Rows by their key in a column: Map of key to rows, in the order the keys are met.
function groupBy(selection, name, rows = selection.rows) {
  const column = selection.dataSet.columns[name];
  const chosen = selection.texts.get(name);
  const groups = new Map();
  for (const row of rows) {
    for (const key of keysOf(column, row)) {
      if (chosen && !chosen.has(key)) continue;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(row);
    }
  }
  return groups;
}

// A measure over rows, each of another key: a mean is a sum by a count, never a mean of means. null: nothing is known.
function measureOf(measure, dataSet, rows) {
  const of = measure.of && dataSet.columns[measure.of];
  const known = of ? rows.filter((row) => (of.values ? of.values[row] !== null : keysOf(of, row).length)) : rows;
  if (measure.kind === "count") return known.length;
  if (!known.length) return null;
  let total = 0;
  let parts = 0;
  for (const row of known) {
    total = measure.kind === "value" ? Math.max(parts ? total : -Infinity, of.values[row]) : total + of.values[row];
    parts += measure.kind === "ratio" ? dataSet.columns[measure.by].values[row] : 1;
  }
  if (measure.kind === "mean" || measure.kind === "ratio") total /= parts;
  return Number.isFinite(total) ? measure.times * total : null;
}

// Value of a measure by name, the n it stands on (null where the measure has none), and the margin of a mean.
function evaluate(measures, name, dataSet, rows) {
  const measure = measures[name];
  const n = measure.n ? measureOf(measures[measure.n], dataSet, rows) : null;
  return { value: measureOf(measure, dataSet, rows), n, margin: margin(measure, dataSet, rows) };
}

// Half of the 95% confidence interval of a mean, infinite for fewer than two values; null: it is not a mean.
function margin(measure, dataSet, rows) {
  if (measure.kind !== "mean") return null;
  const of = dataSet.columns[measure.of];
  const values = rows.map((row) => of.values[row]).filter((value) => value !== null);
  if (values.length < 2) return Infinity;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const freedom = values.length - 1;
  return measure.times * studentT(freedom) * Math.sqrt(squares / freedom / values.length);
}

const FEW_FREEDOM = [12.706, 4.303, 3.182, 2.776];
// 97.5% quantile of Student's t by Abramowitz and Stegun 26.7.5, which is within 1% from 5 degrees of freedom on.
function studentT(freedom) {
  if (freedom <= FEW_FREEDOM.length) return FEW_FREEDOM[freedom - 1];
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

// Compare by value, unknown last, then by name, so that equals have one order.
function comparison(order, value, name) {
  const sign = order === "ascending" ? 1 : -1;
  return (one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === b) return compareTexts(name(one), name(other));
    if (a === null) return 1;
    if (b === null) return -1;
    return sign * (typeof a === "number" ? a - b : compareTexts(a, b));
  };
}

const collator = new Intl.Collator("en", { numeric: true });
function compareTexts(one, other) {
  return typeof one === "number" && typeof other === "number" ? one - other : collator.compare(String(one), String(other));
}

// Letters that Unicode does not decompose, as people without them on their keyboard type them.
const PLAIN_LETTERS = { ø: "o", æ: "ae", œ: "oe", đ: "d", ð: "d", þ: "th", ł: "l", ı: "i", ß: "ss", "&": " and " };

// Words without case, accents and punctuation, as people type them; a text of punctuation stays.
function folded(text) {
  const letters = text.toLowerCase().normalize("NFD").replace(/[\p{Diacritic}'’‘]/gu, "").replace(/[øæœđðþłıß&]/g, (letter) => PLAIN_LETTERS[letter]);
  return letters.replace(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim() || text.trim().toLowerCase();
}
