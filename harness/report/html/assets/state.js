// What is shown is what the fragment of the address says, and nothing else: a link shows what its sender saw.
const KEYS = [
  "peer", "producer", "consumer", "outcome", "verdict", "step", "topic", "q", "disagree", "finding", "became",
  "list", "cell",
];
function state() {
  const given = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(KEYS.filter((key) => given.get(key)).map((key) => [key, given.get(key)]));
}
// The address of what is shown now with some of it changed; null takes a part out.
function addressOf(now, changes) {
  const wanted = { ...now, ...changes };
  const given = new URLSearchParams();
  for (const key of KEYS) if (wanted[key]) given.set(key, wanted[key]);
  return `#${given}`;
}
const FILTERS = KEYS.filter((key) => key !== "cell" && key !== "list");
const isFiltered = (now) => FILTERS.some((key) => now[key]);

