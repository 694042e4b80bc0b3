// Octets as a page shows them: sixteen a line, what changed marked and named.
const WIDTH = 16;
const LINES_SHOWN = 48;
const octetsOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hexOf = (octet) => octet.toString(16).padStart(2, "0");
const letterOf = (octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : ".");

// Of each octet: the innermost changed span that it lies in, and whether the place before has another there.
function marksOf(octets, spans) {
  const span = new Int32Array(octets.length).fill(-1);
  const other = new Uint8Array(octets.length);
  spans.forEach(([start, end, , , changed, others], number) => {
    if (changed) span.fill(number, start, Math.min(end, octets.length));
    for (const at of others) if (at < octets.length) other[at] = 1;
  });
  return { span, other };
}
function runs(from, to, marks, shown) {
  const parts = [];
  for (let at = from; at < to; ) {
    const [span, other] = [marks.span[at], marks.other[at]];
    let end = at;
    while (end < to && marks.span[end] === span && marks.other[end] === other) end++;
    const letters = shown(at, end);
    parts.push(span < 0 && !other ? letters
      : h("mark", { class: other ? "other" : "field", title: marks.names[span] ?? "not as at the place before" }, letters));
    at = end;
  }
  return parts;
}
function hexLine(octets, at, marks) {
  const to = Math.min(at + WIDTH, octets.length);
  const pad = "   ".repeat(at + WIDTH - to);
  const hex = runs(at, to, marks, (from, end) => [...octets.slice(from, end)].map(hexOf).join(" "));
  const letters = runs(at, to, marks, (from, end) => [...octets.slice(from, end)].map(letterOf).join(""));
  return [
    h("span", { class: "offset" }, at.toString(16).padStart(6, "0")), "  ",
    hex.flatMap((part, number) => (number ? [" ", part] : [part])), `${pad}  `, letters, "\n",
  ];
}
function hexBlock(octets, marks) {
  const lines = Math.ceil(octets.length / WIDTH);
  const touched = (line) => {
    for (let at = line * WIDTH; at < Math.min((line + 1) * WIDTH, octets.length); at++) {
      if (marks.span[at] >= 0 || marks.other[at]) return true;
    }
    return false;
  };
  const block = h("pre", { class: "hex" });
  const fill = (limit) => {
    const parts = [];
    let room = limit;
    let left = 0;
    for (let line = 0; line < lines; line++) {
      if (room > 0 && (line < 4 || lines <= limit || touched(line))) {
        if (left) parts.push(`        … ${words(left, "line")} as at the place before\n`);
        parts.push(hexLine(octets, line * WIDTH, marks));
        left = 0;
        room--;
      } else left++;
    }
    if (left) parts.push(`        … ${words(left, "more line")}\n`);
    block.replaceChildren(...parts.flat(Infinity));
  };
  fill(LINES_SHOWN);
  if (lines <= LINES_SHOWN) return block;
  const all = h("button", { type: "button", click: () => { fill(Infinity); all.remove(); } }, `Show all ${lines} lines`);
  return [block, all];
}
function spanRow([start, end, name, meaning, changed, others], octets) {
  const part = octets.slice(start, Math.min(end, start + WIDTH));
  const more = end - start > WIDTH ? "…" : "";
  return h("tr", { class: changed ? "changed" : null },
    h("th", { scope: "row" }, foreign(name)),
    h("td", {}, end > start ? `${start} to ${end - 1}` : `${start}, none`),
    h("td", {}, h("code", {}, [...part].map(hexOf).join(" ") + more)),
    h("td", {}, foreign(meaning), others.length ? " (other octets than at the place before)" : ""));
}
const SPAN_HEADS = ["field", "octets", "hex", "meaning"];
function dumpView(dump, changed) {
  const octets = octetsOf(dump.octets);
  const spans = dump.spans ?? [];
  const marks = { ...marksOf(octets, spans), names: spans.map(([, , name]) => name) };
  const named = spans.filter((span) => span[4]);
  const absent = changed.filter((path) => !spans.some((span) => span[2] === path));
  return h("div", { class: "dump" },
    h("h4", {}, `${dump.title}, ${words(octets.length, "octet")}`),
    dump.problem ? h("p", { class: "problem" }, `It can't be read: `, foreign(dump.problem)) : null,
    hexBlock(octets, marks),
    named.length ? wide(table("The highlighted octets", SPAN_HEADS, named.map((span) => spanRow(span, octets)))) : null,
    dump.title === "body" || !absent.length || dump.problem ? null
      : h("p", {}, "No octets of it here: ", foreign(absent.join(", "))),
    spans.length > named.length
      ? h("details", {}, h("summary", {}, "What lies where"),
        wide(table("All octets by field", SPAN_HEADS, spans.map((span) => spanRow(span, octets)))))
      : null,
    copyButton("the octets as hex", () => dump.octets));
}

