// Cells, a row each, made as they come into view.
const ROWS_AT_ONCE = 100;
const ROWS_PRINTED = 2000;
let pending = null;

function verdictOf(cell) {
  return [
    badge(text(columns.outcome[cell]), text(columns.verdict[cell])),
    columns.step[cell] >= 0 ? ` at the ${text(columns.step[cell])}` : "",
  ];
}
function wasOf(cell) {
  if (columns.was[cell] < 0) return "";
  const [verdict, outcome, step, sentence] = earlier[columns.was[cell]].map(text);
  return [badge(outcome, verdict), step ? ` at the ${step}` : "", h("br"), foreign(sentence)];
}
function cellRow(now, cell) {
  const row = [
    h("th", { scope: "row" }, link(addressOf(now, { cell: idOf(cell) }), foreign(cases[columns.case[cell]][0]))),
    h("td", {}, foreign(nameOf("producer", text(columns.producer[cell])))),
    h("td", {}, foreign(nameOf("consumer", text(columns.consumer[cell])))),
    h("td", {}, verdictOf(cell)),
    h("td", { class: "sentence" }, foreign(text(columns.sentence[cell]))),
  ];
  if (about.comparison) {
    row.push(h("td", {}, about.comparison.became[columns.became[cell]]), h("td", { class: "sentence" }, wasOf(cell)));
  }
  return h("tr", {}, row);
}
function listView(now, cells) {
  const heads = ["case", "producer", "consumer", "verdict", "in a sentence"];
  if (about.comparison) heads.push("became", "was");
  const body = table(words(cells.length, "cell"), heads, [], { id: "cells" });
  const more = h("button", { type: "button" }, "");
  let shown = 0;
  const add = (number) => {
    const rows = [...cells.slice(shown, shown + number)].map((cell) => cellRow(now, cell));
    body.tBodies[0].append(...rows);
    shown += rows.length;
    more.textContent = `Show more: ${(cells.length - shown).toLocaleString("en")} are left`;
    more.hidden = shown >= cells.length;
    return rows;
  };
  more.addEventListener("click", () => add(ROWS_AT_ONCE)[0]?.querySelector("a").focus());
  add(ROWS_AT_ONCE);
  const watch = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting) && shown < cells.length) add(ROWS_AT_ONCE);
  }, { rootMargin: "400px" });
  watch.observe(more);
  pending = () => { if (shown < ROWS_PRINTED) add(ROWS_PRINTED - shown); };
  return h("section", { "aria-label": "Cells" }, wide(body), more);
}
window.addEventListener("beforeprint", () => pending?.());

