// Which cells the filters let through, in order.
const lower = [];
const lowerCases = [];
function holds(list, kept, at, term) {
  kept[at] ??= list(at).toLowerCase();
  return kept[at].includes(term);
}
const caseText = (at) => `${cases[at][0]} ${text(cases[at][1])}`;

// A cell holds a term if its case, peers, verdict, step or sentence does.
function searched(terms) {
  const tests = terms.map((term) => {
    const words = Uint8Array.from(strings, (_, at) => holds((n) => strings[n], lower, at, term));
    const inCase = Uint8Array.from(cases, (_, at) => holds(caseText, lowerCases, at, term));
    return (cell) =>
      inCase[columns.case[cell]] || words[columns.sentence[cell]] || words[columns.producer[cell]] ||
      words[columns.consumer[cell]] || words[columns.verdict[cell]] || words[columns.step[cell]];
  });
  return (cell) => tests.every((test) => test(cell));
}

// Where producers or consumers disagree: in the same case the same consumer has it otherwise from another
// producer, or the same producer's comes out otherwise at another consumer. Another type is no disagreement,
// and who can't take part has no say.
const PASSES = new Set(["same", "retyped"]);
let disagreements = null;
function disagreeing() {
  if (disagreements) return disagreements;
  const said = (cell) => {
    const outcome = text(columns.outcome[cell]);
    if (outcome === "unsupported" || outcome === "error") return null;
    const verdict = text(columns.verdict[cell]);
    return PASSES.has(verdict) ? "passes" : `${verdict} ${columns.step[cell]}`;
  };
  const groups = new Map();
  const groupsOf = (cell) => [
    `p${columns.case[cell]} ${columns.producer[cell]}`, `c${columns.case[cell]} ${columns.consumer[cell]}`,
  ];
  for (let cell = 0; cell < count; cell++) {
    const word = said(cell);
    if (word === null) continue;
    for (const group of groupsOf(cell)) {
      if (!groups.has(group)) groups.set(group, new Set());
      groups.get(group).add(word);
    }
  }
  const split = (group) => (groups.get(group)?.size ?? 0) > 1;
  disagreements = Uint8Array.from(
    { length: count }, (_, cell) => said(cell) !== null && groupsOf(cell).some(split));
  return disagreements;
}

// Findings that differ only in which property they are about are one: what is done to one is done to all.
const isHeader = (pattern) => /^headers[.[]/.test(pattern);
const isStep = (pattern) => pattern.startsWith("steps[");
const isProperty = (pattern) => !isHeader(pattern) && !isStep(pattern) && !["", "body", "exchange", "routing_key", "redelivered",
  "headers:order", "deliveries", "outcome"].includes(pattern);
const findingKeys = findings.map((finding) => {
  const [who, step, verdict, pattern, became] = finding.map(text);
  return [who, step, verdict, isProperty(pattern) ? "properties" : pattern, became].join(" | ");
});
function witnesses(key) {
  const fit = bundles.map((bundle) => bundle.some((trace) => findingKeys[traces[trace][0]] === key));
  return (cell) => columns.traces[cell] >= 0 && fit[columns.traces[cell]];
}

function testsOf(now) {
  const tests = [];
  const number = (word) => { const at = strings.indexOf(word); return at < 0 ? -2 : at; };
  for (const key of ["producer", "consumer", "outcome", "verdict", "step"]) {
    if (!now[key]) continue;
    const column = columns[key];
    const wanted = number(now[key]);
    tests.push((cell) => column[cell] === wanted);
  }
  if (now.peer) {
    const wanted = number(now.peer);
    tests.push((cell) => columns.producer[cell] === wanted || columns.consumer[cell] === wanted);
  }
  if (now.topic) tests.push((cell) => topics[columns.case[cell]] === now.topic);
  if (now.disagree) { const split = disagreeing(); tests.push((cell) => split[cell] === 1); }
  if (now.finding) tests.push(witnesses(now.finding));
  if (now.became && about.comparison) {
    const wanted = about.comparison.became.indexOf(now.became);
    tests.push(now.became === "any change"
      ? (cell) => columns.became[cell] < 5
      : (cell) => columns.became[cell] === wanted);
  }
  const terms = (now.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.length) tests.push(searched(terms));
  return tests;
}
function chosen(now) {
  const tests = testsOf(now);
  return tests.length ? order.filter((cell) => tests.every((test) => test(cell))) : order;
}

