// The list of films that pass the filters, and the card of one film with links to films like it.

const FIRST_FILMS = 24;
const SOURCES = [["rotten_tomatoes", "Rotten Tomatoes", 1], ["metascore", "Metacritic", 1], ["imdb_rating", "IMDb", 10], ["source_rating", "Source list", 10]];
const PEOPLE = [["directors", "Directed by"], ["writers", "Written by"], ["actors", "With"], ["genres", "Genres"], ["countries", "Countries"], ["languages", "Languages"]];

function filmLink(id, label) {
  return node("a", { href: `#film=${encodeURIComponent(id)}`, "data-film": id }, [label]);
}

function drawFilmList(page, filters) {
  const details = document.getElementById("film-list");
  if (!page.cards.length) { details.hidden = true; return; }
  const names = shared(page);
  const chosen = filters.described(names);
  // A list that a reader opened or closed stays so while another film is picked.
  if (page.listed && page.listed.chosen === chosen) return;
  const passing = select(page.data[page.main], filters.conditions(names, page.main));
  const ids = new Set(passing.rows.map((row) => cell(passing.dataSet, "imdb_id", row)));
  const films = page.cards.filter((card) => ids.has(card.imdb_id));
  page.listed = { chosen, films };
  drawSpread(films);
  drawEarners(films);
  details.querySelector("summary").textContent = chosen ? `${count(films.length, "films")}: ${chosen}` : `All ${count(films.length, "films")}, by rank`;
  const button = details.querySelector("button");
  const fill = (most) => {
    // The rank is a text: Chromium numbers a list whose items have values of their own in quadratic time.
    const item = (card) => node("li", {}, [node("span", { class: "rank" }, [card.rank ? `${card.rank}.` : ""]), filmLink(card.imdb_id, card.label)]);
    details.querySelector("ol").replaceChildren(...films.slice(0, most).map(item));
    button.hidden = films.length <= most;
    button.textContent = `Show all ${count(films.length, "films")}`;
  };
  button.onclick = () => fill(films.length);
  fill(FIRST_FILMS);
  details.open = Boolean(chosen) && films.length > 0;
}

function drawCard(page, filters) {
  const article = document.getElementById("film-card");
  const state = article && filters.state.film;
  const label = state && [...state.texts][0];
  const card = page.cards.find((one) => one.label === label);
  if (!article) return;
  article.hidden = !card;
  if (!card) return;
  const facts = [card.on_list === false ? "No longer on the list" : card.rank ? `Rank ${decimals(card.rank, 0)}` : null, card.runtime_minutes ? `${card.runtime_minutes} minutes` : null, card.rated || null].filter(Boolean).join(" · ");
  article.replaceChildren(
    node("h3", {}, [card.label]),
    node("p", { class: "about" }, [facts]),
    card.plot ? node("p", {}, [card.plot]) : "",
    node("dl", {}, PEOPLE.filter(([name]) => card[name]).flatMap(([name, title]) => [node("dt", {}, [title]), node("dd", {}, [card[name].join(", ")])])
      .concat(card.box_office_usd ? [node("dt", {}, ["Box office"]), node("dd", {}, [`${dollars(card.box_office_usd)} in the dollars of the day`])] : [])
      .concat(card.awards ? [node("dt", {}, ["Awards"]), node("dd", {}, [card.awards])] : [])),
    ratings(card),
    posterLink(card),
    origin(card),
  );
}

function ratings(card) {
  const known = SOURCES.filter(([name]) => card[name] !== undefined);
  if (!known.length) return node("p", { class: "nothing" }, ["No source rates this film."]);
  const bars = known.map(([name, title, times]) => ({ label: title, value: card[name] * times, text: decimals(card[name] * times, 0), note: name === "imdb_rating" && card.imdb_votes ? `${decimals(card.imdb_votes, 0)} votes` : "" }));
  return node("div", { class: "body" }, [node("p", { class: "about" }, ["Ratings by source, out of 100"]), dotChart(bars, Math.min(560, Math.max(240, document.getElementById("film-card").clientWidth - 40)), "Ratings by source", bars.map((bar) => `${bar.label} ${bar.text}`).join(", "), [0, 100])]);
}

// A link, not a picture: this page asks no server for anything by itself.
function posterLink(card) {
  if (!/^https:\/\//.test(card.poster || "")) return "";
  return node("p", {}, [node("a", { href: card.poster, rel: "noreferrer" }, ["Poster"])]);
}

function origin(card) {
  const parts = [["IMDb id", card.imdb_id], ["Run", card.run_id], ["Fetched", card.fetched_at ? `${card.fetched_at} UTC` : null], ["Bronze object", card.bronze_key]];
  const list = parts.filter(([, value]) => value).flatMap(([name, value]) => [node("dt", {}, [name]), node("dd", {}, [value])]);
  return node("details", {}, [node("summary", {}, ["Where these facts come from"]), node("dl", {}, list)]);
}

const STEP = 5;
function drawSpread(films, printed = false) {
  const figure = document.getElementById("view-spread");
  const lines = SOURCES.map(([name, title, times]) => {
    const steps = films.filter((card) => card[name] !== undefined).map((card) => Math.min(100 - STEP, STEP * Math.floor((card[name] * times) / STEP)));
    const counts = new Map();
    for (const step of steps) counts.set(step, (counts.get(step) || 0) + 1);
    const points = Array.from({ length: 100 / STEP }, (_, place) => [STEP * place, counts.get(STEP * place) || 0, count(counts.get(STEP * place) || 0, "films")]);
    return { label: `${title} (n = ${decimals(steps.length, 0)})`, colour: colourOf(title), points, films: steps.length };
  }).filter((line) => line.films);
  // Where no source has a film, the scale would show nothing: it starts one step before the first.
  const empty = lines.length ? lines[0].points.findIndex((_, place) => lines.some((line) => line.points[place][1])) : 0;
  for (const line of lines) line.points = line.points.slice(Math.max(0, empty - 1));
  figure.hidden = !lines.length;
  if (figure.hidden) return;
  const most = (line) => line.points.reduce((a, b) => (b[1] > a[1] ? b : a));
  const words = { title: "Films by rating, for each source", description: lines.map((line) => `${line.label}: most films from ${most(line)[0]} to ${most(line)[0] + STEP}`).join("; ") };
  const body = figure.querySelector(".body");
  const width = widthOf(figure, printed);
  const head = [{ text: "Points" }, ...lines.map((line) => ({ text: line.label, number: true }))];
  const rows = lines[0].points.map(([step], place) => [{ text: `${step}–${step + STEP}` }, ...lines.map((line) => text(line.points[place][1]))]);
  const context = { visual: { title: words.title }, open: Boolean(body.querySelector("details[open]")) };
  body.replaceChildren(lines.length > 1 ? legend(lines) : "", lineChart(lines, width, 260, { x: "whole", y: "whole" }, words), asTable(context, head, rows));
}

function drawEarners(films) {
  const figure = document.getElementById("view-earners");
  const best = films.filter((card) => card.box_office_usd).sort((a, b) => b.box_office_usd - a.box_office_usd).slice(0, 10);
  figure.hidden = !best.length;
  const head = [{ text: "Film" }, { text: "Genres" }, { text: "Box office", number: true }];
  const body = best.map((card) => [{ link: filmLink(card.imdb_id, card.label) }, { text: (card.genres || []).join(", ") || "–" }, { text: dollars(card.box_office_usd), number: true }]);
  figure.querySelector(".body").replaceChildren(table("The highest box offices", head, body));
}
