// Numbers, as people read them.

const UNKNOWN = "not known";
const plain = new Map();

function decimals(value, places) {
  if (!plain.has(places)) {
    const options = { minimumFractionDigits: places, maximumFractionDigits: places, signDisplay: "negative", roundingMode: "halfEven" };
    plain.set(places, new Intl.NumberFormat("en", options));
  }
  // As the reports do, round the exact value half to even; a browser by itself rounds otherwise.
  return plain.get(places).format(value.toFixed(50)).replace("-", "−");
}

function dollars(value) {
  const size = Math.abs(value);
  if (size >= 999_950_000) return `$${decimals(value / 1e9, 2)} billion`;
  if (size >= 999_999.5) return `$${decimals(value / 1e6, 1)} million`;
  return `$${decimals(value, 0)}`;
}

// 100% and 0% only where that is exact.
function percent(share) {
  const text = decimals(100 * share, 1);
  if (share < 1 && text === "100.0") return "> 99.9%";
  return share > 0 && text === "0.0" ? "< 0.1%" : `${text}%`;
}

// The sign of a change; what rounds to zero has none.
function signed(value) {
  const text = decimals(value, 2);
  return value > 0 && text !== decimals(0, 2) ? `+${text}` : text;
}

const FORMATS = {
  whole: (value) => decimals(value, 0),
  decimal: (value) => decimals(value, 1),
  signed,
  fraction: (value) => decimals(value, 2),
  score: (value) => decimals(100 * value, 0),
  percent,
  year: (value) => String(value),
  decade: (value) => `${value}s`,
  dollars,
};

function shown(value, format) {
  if (value === null || value === undefined || value === "") return UNKNOWN;
  return typeof value === "number" ? (FORMATS[format] || FORMATS.whole)(value) : value;
}

// Short forms for axes.
function tickLabel(value, format) {
  if (format === "year") return String(value);
  if (format === "decade") return `${value}s`;
  if (format === "percent") return `${+(100 * value).toFixed(6)}%`;
  if (format === "dollars" && Math.abs(value) >= 1e6) return `$${+(value / 1e6).toFixed(6)}m`;
  const text = Math.abs(value) >= 1e4 ? `${+(value / 1e3).toFixed(6)}k` : decimals(value, Number.isInteger(value) ? 0 : 1);
  return format === "dollars" ? `$${text}` : text;
}

function count(n, unit) {
  return `${decimals(n, 0)} ${n === 1 && unit.endsWith("s") ? unit.slice(0, -1) : unit}`;
}

const HEADINGS = {}; // of columns, as the reports have them

function inWords(name) {
  return HEADINGS[name] || name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());
}
