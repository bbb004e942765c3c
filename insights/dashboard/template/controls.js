// Filters: their state, their controls, and the address they are kept in, so that a view can be sent to others.

// One filter's state: {texts: Set} of a choice or pick, {range: [first, last]} of a range; nothing chosen: null.
class Filters {
  constructor(filters, data, cards, changed) {
    Object.assign(this, { filters, data, changed, state: {}, options: {}, extents: {} });
    this.labels = new Map(cards.map((card) => [card.imdb_id, card.label]));
    this.ids = new Map(cards.map((card) => [card.label, card.imdb_id]));
    for (const [name, filter] of Object.entries(filters)) {
      if (filter.kind === "range") this.extents[name] = extent(this.column(filter));
      else this.options[name] = filter.kind === "pick" && cards.length ? listed(cards.map((card) => card.label)) : options(this.dataSet(filter), filter);
    }
    this.read();
    window.addEventListener("hashchange", () => { this.read(); this.changed(); });
  }

  dataSet(filter) { return this.data[filter.data_sets[0]]; }

  column(filter) { return this.dataSet(filter).columns[filter.column]; }

  // Read the address; what it asks for and the data do not have is left out.
  read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const [name, filter] of Object.entries(this.filters)) {
      if (filter.kind === "range") this.state[name] = this.rangeOf(name, ...(asked.get(name) || "").split("-"));
      else {
        const texts = asked.getAll(name).map((one) => (filter.kind === "pick" && this.labels.get(one)) || one);
        const known = texts.filter((one) => this.options[name].known.has(one));
        const chosen = filter.kind === "pick" && !known.length ? this.options[name].list.slice(0, 1) : known;
        this.state[name] = chosen.length ? { texts: new Set(chosen) } : null;
      }
    }
  }

  // A range within the data's; null: all of it, or nothing of it.
  rangeOf(name, first, last) {
    const [low, high] = this.extents[name];
    const [from, to] = [Number(first) || low, Number(last) || high].sort((a, b) => a - b);
    const covers = from <= low && to >= high;
    return covers || from > high || to < low ? null : { range: [Math.max(low, from), Math.min(high, to)] };
  }

  set(name, state) {
    this.state[name] = state;
    const address = new URLSearchParams();
    for (const [key, one] of Object.entries(this.state)) {
      if (one && one.range) address.set(key, one.range.join("-"));
      else if (one && !(this.filters[key].kind === "pick" && one.texts.has(this.options[key].list[0]))) for (const text of one.texts) address.append(key, (this.filters[key].kind === "pick" && this.ids.get(text)) || text);
    }
    if (location.hash.slice(1) !== String(address)) history.pushState(null, "", `#${address}`);
    this.changed();
  }

  reset() {
    for (const [name, filter] of Object.entries(this.filters)) if (filter.kind !== "pick") this.state[name] = null;
    this.set(Object.keys(this.filters)[0], this.state[Object.keys(this.filters)[0]]);
  }

  // What is chosen, in words; empty when nothing is.
  described(names) {
    const words = (name) => {
      const one = this.state[name];
      return `${this.filters[name].title.toLowerCase()} ${one.range ? one.range.join("–") : [...one.texts].join(" or ")}`;
    };
    return names.filter((name) => this.state[name]).map(words).join(", ");
  }

  // Conditions of a sheet's filters on a data set.
  conditions(names, dataSet) {
    return names
      .filter((name) => this.state[name] && this.filters[name].data_sets.includes(dataSet))
      .map((name) => ({ column: this.filters[name].column, ...this.state[name] }));
  }

  // Titles of a sheet's filters that are in use but cannot act on a data set.
  idle(names, dataSet) {
    return names.filter((name) => this.state[name] && !this.filters[name].data_sets.includes(dataSet)).map((name) => this.filters[name].title.toLowerCase());
  }
}

function extent(column) {
  const known = column.values.filter((value) => value !== null);
  return known.length ? [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))] : [0, 0];
}

// Texts to choose from, those of most rows first, or by the number that a pick is ordered by.
function options(dataSet, filter) {
  const weight = new Map();
  const column = dataSet.columns[filter.column];
  for (let row = 0; row < dataSet.rows; row++) {
    for (const key of keysOf(column, row)) {
      const first = filter.first_by ? cell(dataSet, filter.first_by, row) : null;
      if (filter.first_by) weight.set(key, Math.min(weight.get(key) ?? Infinity, first ?? Infinity));
      else weight.set(key, (weight.get(key) ?? 0) - 1);
    }
  }
  const list = [...weight.keys()].sort((one, other) => weight.get(one) - weight.get(other) || compareTexts(one, other));
  return listed(list);
}

function listed(list) {
  const titles = list.map((text) => folded(text.replace(/ \([^()]*\)$/, "")));
  return { list, known: new Set(list), folded: list.map(folded), titles };
}

const MOST_OFFERED = 40;
// What fits the letters typed, best first: the whole text, the text but for its year, its beginning, a word's
// beginning, any place. "Big" is first the film "Big (1988)", then "The Big Sleep (1946)".
function offered({ list, folded: letters, titles }, typed) {
  const wanted = folded(typed);
  const fit = (text, title) => {
    if (text === wanted) return 0;
    if (title === wanted) return 1;
    const at = text.indexOf(wanted);
    return at < 0 ? null : at === 0 ? 2 : text[at - 1] === " " ? 3 : 4;
  };
  const found = letters.map((text, place) => ({ fit: fit(text, titles[place]), place })).filter((one) => one.fit !== null);
  return found.sort((a, b) => a.fit - b.fit || a.place - b.place).slice(0, MOST_OFFERED).map((one) => list[one.place]);
}

function rangeControl(filters, name) {
  const filter = filters.filters[name];
  const [low, high] = filters.extents[name];
  const ends = ["from", "to"].map((word) => node("input", { type: "number", id: `${name}-${word}`, min: low, max: high, step: 1, inputmode: "numeric", "aria-label": `${filter.title}, ${word}` }));
  const change = () => {
    const [from, to] = ends.map((one, place) => (one.value === "" ? [low, high][place] : Number(one.value)));
    filters.set(name, filters.rangeOf(name, from, to));
  };
  ends.forEach((one) => one.addEventListener("change", change));
  const show = () => ends.forEach((one, place) => { one.value = (filters.state[name] ? filters.state[name].range : [low, high])[place]; });
  const legendText = node("legend", {}, [filter.title]);
  return { element: node("fieldset", {}, [legendText, ends[0], node("span", { "aria-hidden": "true" }, ["–"]), ends[1]]), show };
}

// A text field that offers what fits; a choice gathers chips below it, a pick holds one text.
function textControl(filters, name) {
  const filter = filters.filters[name];
  const single = filter.kind === "pick";
  const list = node("datalist", { id: `${name}-offers` });
  const hint = single ? "Type a title" : `Add a ${filter.title.toLowerCase()}`;
  const input = node("input", { id: `${name}-input`, list: list.id, autocomplete: "off", placeholder: hint, type: "text", spellcheck: "false" });
  const chips = node("ul", { class: "chips", "aria-label": `${filter.title}: chosen` });
  const offer = () => list.replaceChildren(...offered(filters.options[name], input.value).map((one) => node("option", { value: one })));
  const take = () => {
    const typed = input.value.trim();
    const found = offered(filters.options[name], typed);
    input.setCustomValidity(typed && !found.length ? `No ${filter.title.toLowerCase()} fits` : "");
    if (!typed || !found.length) { input.reportValidity(); return; }
    input.value = "";
    filters.set(name, { texts: new Set(single ? [found[0]] : [...(filters.state[name] ? filters.state[name].texts : []), found[0]]) });
  };
  // "Music" is a genre and the beginning of another: what is typed waits for Enter, what is picked from the list does not.
  const isTyped = (event) => /^(insert(Composition)?Text|delete)/.test(event.inputType || "");
  input.addEventListener("input", (event) => { offer(); input.setCustomValidity(""); if (!isTyped(event) && filters.options[name].known.has(input.value)) take(); });
  input.addEventListener("change", () => { if (filters.options[name].known.has(input.value)) take(); });
  input.addEventListener("focus", offer);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); take(); } });
  const show = () => {
    const chosen = filters.state[name] ? [...filters.state[name].texts] : [];
    chips.replaceChildren(...chosen.map((one) => node("li", {}, single ? [node("strong", {}, [one])] : [chip(filters, name, one, input)])));
  };
  const label = node("label", { for: input.id }, [filter.title]);
  return { element: node("div", { class: single ? "control pick" : "control" }, [label, input, list, chips]), show };
}

function chip(filters, name, text, input) {
  const button = node("button", { type: "button", "aria-label": `Remove ${text}` }, [text, node("span", { "aria-hidden": "true" }, [" ×"])]);
  button.addEventListener("click", () => {
    const rest = [...filters.state[name].texts].filter((one) => one !== text);
    filters.set(name, rest.length ? { texts: new Set(rest) } : null);
    input.focus();
  });
  return button;
}
