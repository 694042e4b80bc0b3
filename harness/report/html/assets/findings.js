// What the cells say against somebody, in groups: who, what to which fields and types, who sent and received it.
function gathered(cells) {
  const found = new Map();
  for (const cell of cells) {
    if (columns.traces[cell] < 0) continue;
    const inThis = new Set();
    for (const trace of bundles[columns.traces[cell]]) {
      const [finding, before] = traces[trace];
      const key = findingKeys[finding];
      if (!found.has(key)) found.set(key, newGroup(key, finding));
      const group = found.get(key);
      group.patterns.set(findings[finding][3], (group.patterns.get(findings[finding][3]) ?? 0) + 1);
      group.types.set(before, (group.types.get(before) ?? 0) + 1);
      if (inThis.has(key)) continue;
      inThis.add(key);
      group.cells++;
      for (const role of ["producer", "consumer", "outcome"]) group[role].add(columns[role][cell]);
    }
  }
  return [...found.values()];
}
const newGroup = (key, finding) => ({
  key, finding, cells: 0, patterns: new Map(), types: new Map(),
  producer: new Set(), consumer: new Set(), outcome: new Set(),
});
const worstOf = (group) => ["error", "fail", "expected"].find((outcome) => group.outcome.has(strings.indexOf(outcome)));
const isBad = (group) => worstOf(group) !== "expected";
const mostFirst = (counts) => [...counts].sort((a, b) => b[1] - a[1]).map(([word]) => text(word)).join(", ");
// Those of the peer that was asked for first, then who has failures, then by how much there is against each.
function byBlamed(groups, now) {
  const blamed = Map.groupBy(groups, (group) => text(findings[group.finding][0]));
  const asked = ["consumer", "producer", "peer"].filter((key) => now[key]).flatMap((key) =>
    [nameOf("producer", now[key]), nameOf("consumer", now[key])]);
  const weight = (list) => list.reduce((sum, group) => sum + group.cells, 0);
  return [...blamed].sort((a, b) =>
    asked.includes(b[0]) - asked.includes(a[0]) || b[1].some(isBad) - a[1].some(isBad) || weight(b[1]) - weight(a[1]));
}
const listed = (role, numbers) =>
  [...numbers].map((number) => nameOf(role, text(number))).sort().join(", ");
function findingRow(now, group) {
  const [, step, verdict, , became] = findings[group.finding].map(text);
  const address = addressOf(now, { finding: group.key, list: "1" });
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: address }, badge(worstOf(group), verdict)), step ? ` at the ${step}` : ""),
    h("td", {}, foreign(mostFirst(group.patterns) || "the message")),
    h("td", { class: "types" }, foreign(mostFirst(group.types))),
    h("td", {}, foreign(became || "no message")),
    h("td", { class: "number" }, group.cells.toLocaleString("en")),
    h("td", {}, foreign(listed("producer", group.producer))),
    h("td", {}, foreign(listed("consumer", group.consumer))));
}
const FINDINGS_SHOWN = 12;
function findingsView(now, cells) {
  const heads = ["what", "field", "types", "became", "cells", "sent by", "received by"];
  const parts = byBlamed(gathered(cells), now).map(([who, groups]) => {
    groups.sort((a, b) => isBad(b) - isBad(a) || b.cells - a.cells);
    const rows = groups.map((group) => findingRow(now, group));
    const body = table(`What ${who} did`, heads, rows.slice(0, FINDINGS_SHOWN), { class: "findings" });
    const rest = rows.slice(FINDINGS_SHOWN);
    if (!rest.length) return body;
    const more = h("button", { type: "button", click: () => {
      body.tBodies[0].append(...rest);
      rest[0].querySelector("a").focus();
      more.remove();
    } }, `Show ${rest.length} more of ${who}`);
    return [body, more];
  });
  if (!parts.length) return null;
  return h("section", { "aria-label": "Findings", id: "findings" },
    h("h2", {}, "What was changed, by whom"), wide(parts));
}

