// The page: filters, where one is, and the view that the address asks for.
const place = (id) => document.getElementById(id);

function factsView() {
  const parts = [
    `${about.broker} (${about.spec}${about.build ? `, ${about.build}` : ""})`, words(count, "cell"),
    about.seconds === null ? null : `${about.seconds} s`, about.date, `suite ${about.suite}`,
  ];
  const notes = [];
  if (about.cut) notes.push(`The run was cut: ${count.toLocaleString("en")} of ${about.cells.toLocaleString("en")} cells were judged.`);
  if (!about.tap) notes.push("Nobody watched the wire, so no step is blamed.");
  place("facts").replaceChildren(
    h("p", {}, foreign(parts.filter(Boolean).join(" · "))),
    ...notes.map((note) => h("p", { class: "problem", role: "alert" }, note)),
    ...[["Stale expectations", about.stale], ["Deliveries that belong to no cell", about.strays]]
      .filter(([, lines]) => lines.length)
      .map(([title, lines]) => h("details", { class: "problem" }, h("summary", {}, `${title}: ${lines.length}`),
        h("ul", {}, lines.map((line) => h("li", {}, foreign(line)))))));
}

const unique = (values) => [...new Set(values)].filter((value) => value !== "").sort();
const CHOICES = {
  peer: () => unique([...about.producers, ...about.consumers].map(([label]) => label)),
  outcome: () => about.outcomes,
  verdict: () => unique([...new Set(columns.verdict)].map(text)),
  step: () => ["producer", "broker", "consumer"],
  topic: () => unique(topics),
  became: () => ["any change", ...about.comparison.became],
};
const go = (changes) => { location.hash = addressOf(state(), { cell: null, ...changes }); };
function filtersForm() {
  const choice = (key) => h("label", {}, key === "became" ? "changed" : key, h("select", { name: key, change: (event) => go({ [key]: event.target.value }) },
    h("option", { value: "" }, "any"), CHOICES[key]().map((value) => h("option", { value }, value))));
  const search = h("input", {
    type: "search", name: "q", spellcheck: "false", autocomplete: "off",
    input: (event) => {
      history.replaceState(null, "", addressOf(state(), { q: event.target.value, cell: null }));
      show(false);
    },
  });
  place("filters").replaceChildren(
    ...["peer", "outcome", "verdict", "step", "topic", ...(about.comparison ? ["became"] : [])].map(choice),
    h("label", {}, "text", search),
    h("button", { type: "button", id: "disagree", "aria-pressed": "false",
      click: () => go({ disagree: state().disagree ? null : "1" }) }, "Only where producers or consumers disagree"),
    h("a", { href: "#", id: "clear" }, "Clear all"));
  place("filters").addEventListener("submit", (event) => event.preventDefault());
}
function showFilters(now) {
  for (const field of place("filters").elements) {
    if (field.name && field !== document.activeElement) field.value = now[field.name] ?? "";
  }
  place("disagree").setAttribute("aria-pressed", now.disagree ? "true" : "false");
  place("clear").hidden = !isFiltered(now) && !now.list && !now.cell;
}
function trailView(now) {
  const steps = [["all", {}]];
  const upTo = (...keys) => Object.fromEntries(keys.filter((key) => now[key]).map((key) => [key, now[key]]));
  if (now.producer) steps.push([`from ${nameOf("producer", now.producer)}`, upTo("producer")]);
  if (now.consumer) steps.push([`to ${nameOf("consumer", now.consumer)}`, upTo("producer", "consumer")]);
  if (now.topic) steps.push([now.topic, upTo("producer", "consumer", "topic")]);
  if (now.finding) steps.push([now.finding, upTo("producer", "consumer", "topic", "finding", "list")]);
  if (now.cell) steps.push([now.cell, now]);
  if (steps.length < 2) return [];
  return [h("ol", {}, steps.map(([label, address], at) => h("li", {},
    at === steps.length - 1 ? h("span", { "aria-current": "page" }, foreign(label)) : link(addressOf({}, address), foreign(label)))))];
}

function comparisonView(now) {
  const compared = about.comparison;
  if (!compared) return null;
  const counts = compared.became.map((name) => [name, compared.counts[name] ?? 0]);
  const rows = counts.map(([became, number]) => h("tr", {},
    h("th", { scope: "row" }, link(addressOf(now, { became, list: "1" }), became)), h("td", { class: "number" }, number.toLocaleString("en"))));
  rows.push(h("tr", {}, h("th", { scope: "row" }, "gone: only in the older file"), h("td", { class: "number" }, compared.gone.toLocaleString("en"))));
  const heads = compared.heads.map(([name, was, is]) => h("tr", {}, h("th", { scope: "row" }, foreign(name)), h("td", {}, foreign(was)), h("td", {}, foreign(is))));
  return h("section", { "aria-label": "Comparison", id: "comparison" },
    h("h2", {}, `What changed since ${compared.date}`),
    h("div", { class: "sides" },
      wide(table("Cells by what became of them", ["became", "cells"], rows)),
      heads.length ? wide(table("What is not the same in the two runs", ["", "before", "now"], heads)) : null),
    compared.gone ? h("details", {}, h("summary", {}, "Cells that only the older file has"),
      h("ul", {}, compared.gone_cells.map((id) => h("li", {}, foreign(id))))) : null);
}

async function view(now, cells) {
  pending = null;
  if (now.cell) {
    const cell = order.find((other) => idOf(other) === now.cell);
    if (cell !== undefined) return cellView(now, cell, cells);
    return [h("p", { class: "problem" }, "There is no such cell in this file: ", foreign(now.cell))];
  }
  if (!cells.length) return [h("p", {}, "No cell is left. ", link("#", "Take all filters away"))];
  if (now.list || now.topic) return [findingsOf(now, cells), listView(now, cells)];
  const every = h("p", {}, link(addressOf(now, { list: "1" }), `List ${words(cells.length, "cell")}`));
  if (now.producer && now.consumer) return [topicsView(now, cells), findingsView(now, cells), every];
  return [comparisonView(now), matrixView(now, cells), findingsView(now, cells), every];
}
const findingsOf = (now, cells) => (now.finding ? null : findingsView(now, cells));

let turn = 0;
async function show(moved) {
  const mine = ++turn;
  const now = state();
  const cells = chosen(now);
  const parts = await view(now, cells);
  if (mine !== turn) return;  // something newer was asked for meanwhile
  place("main").replaceChildren(...parts.filter(Boolean));
  place("trail").replaceChildren(...trailView(now));
  showFilters(now);
  announce(`${words(cells.length, "cell")}${cells.length === count ? "" : ` of ${count.toLocaleString("en")}`}`);
  document.title = now.cell ? `${now.cell} - ${about.title}` : about.title;
  if (moved) {
    place("main").focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

filtersForm();
factsView();
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  place("main").focus();
});
window.addEventListener("hashchange", () => show(true));
show(false);
