// One cell: the verdict, the four messages, the octets of both wires, the commands that repeat it.
const PLACES = ["asked", "sent", "delivered", "reported"];
const ARRIVES = { producer: 1, broker: 2, consumer: 3, "": 3 };

// The sheet of a cell whose messages are not kept: what was asked for, and how it differed on its way.
function assumed(caseRows, changes, arrived) {
  const rows = new Map(caseRows.map(([path, asked]) => [path, ["", path, asked, ...Array(3).fill(arrived ? "=" : "")]]));
  for (const [step, , fails, path, expected, got] of changes) {
    if (!rows.has(path)) rows.set(path, ["", path, "", "", "", ""]);
    const row = rows.get(path);
    const at = ARRIVES[step];
    row[0] = fails ? "*" : row[0] || "~";
    row[at + 2] = got;
    if (!row[at + 1] || (at === 1 && !row[2])) row[at + 1] = expected;
  }
  return { rows: [...rows.values()], seen: [true, arrived, arrived, arrived] };
}
const MARKS = { "*": "changed", "~": "another type", "": "" };
// Where a failing difference arrives: that place is marked, not all that come after it.
const movedAt = (changes) => new Set((changes ?? []).filter(([, , fails]) => fails)
  .map(([step, , , path]) => `${ARRIVES[step]} ${path}`));
function sheetRow([mark, path, ...texts], moved) {
  return h("tr", { class: mark === "*" ? "changed" : mark === "~" ? "retyped" : null },
    h("td", {}, mark ? [h("span", { "aria-hidden": "true" }, mark), unseen(MARKS[mark])] : ""),
    h("th", { scope: "row" }, foreign(path)),
    texts.map((value, at) => {
      return h("td", { class: moved.has(`${at} ${path}`) ? "moved" : null },
        value === "=" ? [h("span", { "aria-hidden": "true", class: "same" }, "="), unseen("as before")] : foreign(value));
    }));
}
function sheetView(cell, sheet, kept, changes) {
  const moved = movedAt(changes);
  const who = [
    `of ${nameOf("producer", text(columns.producer[cell]))}`, "on its wire", `by ${about.broker}`,
    `by ${nameOf("consumer", text(columns.consumer[cell]))}`,
  ];
  const heads = [unseen("mark"), "field", ...PLACES.map((place, at) =>
    (sheet.seen[at] ? `${place} ${who[at]}` : `${place}: no message${kept ? " seen" : " kept"}`))];
  return h("section", { "aria-label": "Messages" },
    h("h3", {}, "The message at its four places"),
    wide(
      table("A row a field; what changed is marked", heads, sheet.rows.map((row) => sheetRow(row, moved)), { id: "messages" })),
    sheet.hidden ? h("p", {}, `${words(sheet.hidden, "more field")} that did not fail`) : null,
    h("p", { class: "legend" }, "= as at the place before   * changed   ~ same value, another type"));
}
function changesView(found) {
  if (!found?.changes?.length) return null;
  const rows = found.changes.map(([step, kind, fails, path, expected, got]) =>
    h("tr", { class: fails ? "changed" : null },
      h("th", { scope: "row" }, foreign(path)), h("td", {}, step || "unknown"), h("td", {}, kind),
      h("td", {}, foreign(expected)), h("td", {}, foreign(got))));
  const more = found.more ? h("p", {}, `and ${words(found.more, "more difference")}`) : null;
  return h("details", { open: rows.length <= 5 }, h("summary", {}, words(rows.length + (found.more ?? 0), "difference")),
    wide(table("Differences by field", ["field", "step", "difference", "before", "after"], rows, { id: "differences" })), more);
}
function wireView(found, caseFound) {
  const changed = found?.changed ?? [];
  const side = (title, dumps) => h("div", { class: "side" }, h("h3", {}, title),
    dumps?.length ? dumps.map((dump) => dumpView(dump, changed)) : h("p", {}, "Nothing of it was seen here."));
  const asked = found?.asked ?? caseFound?.asked;
  const would = asked ? h("details", {}, h("summary", {}, "The content header as it was asked for"), dumpView(asked, changed)) : null;
  if (!found?.sheet) {
    return h("section", { "aria-label": "Octets" }, h("h3", {}, "Octets"),
      h("p", {}, "The octets of a cell without a failing difference are not kept."), would);
  }
  return h("section", { "aria-label": "Octets" },
    h("div", { class: "sides" },
      side("On the producer's wire", found.sent), side("On the consumer's wire", found.delivered)), would);
}
// A scenario is no message: its steps, and the one that came out otherwise.
function stepsOf(steps, changes) {
  const failed = new Set((changes ?? []).map(([, , , path]) => Number(/^steps\[(\d+)\]/.exec(path)?.[1])));
  return h("section", { "aria-label": "Steps" }, h("h3", {}, "The scenario, step by step"),
    h("ol", { id: "steps" }, steps.map((step, at) => h("li", { class: failed.has(at + 1) ? "otherwise" : null },
      failed.has(at + 1) ? h("strong", {}, "Otherwise: ") : null, foreign(step)))));
}
function clippedView(found) {
  if (!found?.clipped?.length) return null;
  return h("p", { class: "note" }, "Cut when the results were written, with its whole size (bytes, or entries): ",
    foreign(found.clipped.map(([name, size]) => `${name} (${size.toLocaleString("en")})`).join(", ")));
}
function reasonView(cell) {
  const reason = about.reasons[columns.expectation[cell]];
  if (columns.expectation[cell] < 0) return null;
  const where = `contract/expectations.yaml:${columns.expectation[cell]}`;
  if (!reason) return h("p", {}, `Expected: ${where}`);
  const address = /^https?:\/\/\S+$/.test(reason.link)
    ? h("a", { href: reason.link, rel: "noopener noreferrer external" }, reason.link) : foreign(reason.link);
  return h("p", { class: "reason" }, `Expected, ${reason.what}: ${reason.reason} `, address, ` (${where})`);
}
function repeatView(cell) {
  const commands = commandsOf(cell);
  const line = (what, value) => h("div", { class: "command" }, h("code", { "data-command": what }, value), copyButton(`the ${what} command`, value));
  return h("section", { "aria-label": "Repeat it" }, h("h3", {}, "Repeat it"),
    line("run", commands.run), line("explain", commands.explain), about.note ? h("p", {}, about.note) : null);
}
// The same case between all others, for who is to blame shows beside those who are not.
function neighboursView(now, cell) {
  const others = [...order.filter((other) => columns.case[other] === columns.case[cell])];
  const consumers = labelsIn(others, "consumer");
  const at = new Map(others.map((other) => [idOf(other), other]));
  const id = cases[columns.case[cell]][0];
  const rows = labelsIn(others, "producer").map((producer) => h("tr", {}, h("th", { scope: "row" }, foreign(nameOf("producer", producer))),
    consumers.map((consumer) => {
      const name = `${id}[${producer}->${consumer}]`;
      const other = at.get(name);
      if (other === undefined) return h("td");
      return h("td", {}, h("a", {
        href: addressOf(now, { cell: name }), "aria-current": other === cell ? "page" : null,
      }, badge(text(columns.outcome[other]), text(columns.verdict[other]))));
    })));
  return h("section", { "aria-label": "The same case between others" }, h("h3", {}, "The same case between all"),
    wide(table("Verdicts by producer (rows) and consumer (columns)",
      ["producer \\ consumer", ...consumers.map((label) => foreign(nameOf("consumer", label)))], rows)));
}
function reportText(cell, sheet) {
  const commands = commandsOf(cell);
  const rows = sheet.rows.filter(([mark]) => mark).map(([mark, path, ...texts]) =>
    `${mark} ${path}\n${PLACES.map((place, at) => `    ${place.padEnd(10)} ${texts[at]}`).join("\n")}`);
  return [
    `${idOf(cell)} on ${about.broker}`, `${text(columns.verdict[cell])}: ${text(columns.sentence[cell])}`, "",
    ...rows, "", commands.run, commands.explain, "",
  ].join("\n");
}
function stepsView(now, cell, cells) {
  const at = cells.indexOf(cell);
  const to = (other, label) => (other === undefined ? null : h("a", { href: addressOf(now, { cell: idOf(other) }) }, label));
  return h("p", { class: "steps" }, to(cells[at - 1], "← previous"), " ", to(at < 0 ? undefined : cells[at + 1], "next →"));
}
async function cellView(now, cell, cells) {
  const [id, why, source, caseDetail] = cases[columns.case[cell]];
  const [found, caseFound] = await Promise.all([detail(columns.detail[cell]), detail(caseDetail)]);
  const outcome = text(columns.outcome[cell]);
  const arrived = PASSES.has(text(columns.verdict[cell]));
  const kept = Boolean(found?.sheet);
  const sheet = found?.sheet ?? assumed(caseFound?.rows ?? [], found?.changes ?? [], arrived);
  const sentence = text(columns.sentence[cell]);
  const first = columns.first[cell];
  return [
    h("h2", {}, foreign(idOf(cell))),
    stepsView(now, cell, cells),
    why >= 0 ? h("p", { class: "why" }, foreign(text(why)), source >= 0 ? ` (${text(source)})` : "") : null,
    h("p", { class: "verdict" }, verdictOf(cell), ` (${outcome})`),
    h("p", { class: "told", id: "sentence" }, foreign(sentence)),
    reasonView(cell),
    first >= 0 ? h("p", { class: "note" }, `In company, in the first pass, it came out as ${text(first)}; alone, as above.`) : null,
    about.comparison ? h("p", { class: "note", id: "became" }, `${about.comparison.became[columns.became[cell]]}; before: `, wasOf(cell) || "the same") : null,
    h("p", {}, copyButton("the sentence", sentence), copyButton("the report", () => reportText(cell, sheet)),
      copyButton("the link", () => location.href)),
    caseFound?.steps ? stepsOf(caseFound.steps, found?.changes) : sheetView(cell, sheet, kept, found?.changes),
    clippedView(found),
    changesView(found),
    caseFound?.steps ? null : wireView(found, caseFound),
    repeatView(cell),
    neighboursView(now, cell),
  ];
}

