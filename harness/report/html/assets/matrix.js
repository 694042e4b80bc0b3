// Counts: producers by consumers, and topics of a pair.
function tallied(cells, keyOf) {
  const found = new Map();
  for (const cell of cells) {
    const key = keyOf(cell);
    let counts = found.get(key);
    if (!counts) found.set(key, (counts = {}));
    const outcome = columns.outcome[cell];
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return found;
}
const byOutcome = (counts) => about.outcomes
  .map((outcome) => [outcome, counts?.[strings.indexOf(outcome)] ?? 0])
  .filter(([, number]) => number);
const spoken = (counts) => byOutcome(counts).map(([outcome, number]) => `${number} ${outcome}`).join(", ");

function bar(counts) {
  const parts = byOutcome(counts);
  const all = parts.reduce((sum, [, number]) => sum + number, 0);
  return h("span", { class: "bar", "aria-hidden": "true" }, parts.map(([outcome, number]) => {
    const part = h("i", { class: outcome });
    part.style.flexGrow = number / all;
    return part;
  }));
}
function countsLink(address, label, counts) {
  const numbers = byOutcome(counts).map(([outcome, number]) =>
    h("span", { class: outcome, title: outcome }, `${number}${outcomeMark[outcome]}`));
  return h("a", { href: address, class: "counts", "aria-label": `${label}: ${spoken(counts)}` },
    bar(counts), h("span", { class: "numbers" }, numbers.flatMap((part) => [part, " "])));
}
const legend = () => h("p", { class: "legend" }, about.outcomes.flatMap((outcome) => [
  h("span", { class: outcome }, `n${outcomeMark[outcome]}`),
  ` ${{ pass: "passed", expected: "failed as expected", fail: "failed", error: "error of the set-up" }[outcome] ?? outcome}  `,
]));

function labelsIn(cells, role) {
  const there = new Set();
  for (const cell of cells) there.add(columns[role][cell]);
  const known = about[`${role}s`].map(([label]) => label);
  const labels = [...there].map(text);
  return [...known.filter((label) => labels.includes(label)), ...labels.filter((label) => !known.includes(label))]
    .filter((label, at, all) => all.indexOf(label) === at);
}
function matrixView(now, cells) {
  const producers = labelsIn(cells, "producer");
  const consumers = labelsIn(cells, "consumer");
  const counts = tallied(cells, (cell) => `${text(columns.producer[cell])}\n${text(columns.consumer[cell])}`);
  const heads = [
    "producer \\ consumer",
    ...consumers.map((label) => link(addressOf(now, { consumer: label }), foreign(nameOf("consumer", label)))),
  ];
  const rows = producers.map((producer) => h("tr", {},
    h("th", { scope: "row" },
      link(addressOf(now, { producer }), foreign(nameOf("producer", producer)))),
    consumers.map((consumer) => {
      const found = counts.get(`${producer}\n${consumer}`);
      const label = `${nameOf("producer", producer)} to ${nameOf("consumer", consumer)}`;
      return h("td", {}, found ? countsLink(addressOf(now, { producer, consumer }), label, found) : null);
    })));
  return h("section", { "aria-label": "Matrix" },
    h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Matrix, scrollable" },
      table("Cells by producer (rows) and consumer (columns)", heads, rows, { id: "matrix" })),
    legend());
}
function topicsView(now, cells) {
  const counts = tallied(cells, (cell) => topics[columns.case[cell]]);
  const rows = [...counts.keys()].sort().map((topic) => h("tr", {},
    h("th", { scope: "row" }, link(addressOf(now, { topic }), foreign(topic))),
    h("td", {}, countsLink(addressOf(now, { topic }), topic, counts.get(topic)))));
  return h("section", { "aria-label": "Topics" },
    table("Cells of this pair by topic", ["topic", "cells"], rows, { id: "topics" }), legend());
}

