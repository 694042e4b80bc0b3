// The data as it stands in the page. A cell is a number; what is known of it stands in columns.
const read = (name) => JSON.parse(document.getElementById(`data-${name}`).textContent);
const about = read("about");
const strings = read("strings");
const cases = read("cases");
const findings = read("findings");
const traces = read("traces");
const bundles = read("bundles");
const earlier = read("was");
const columns = read("cells");
const count = columns.case.length;

const text = (number) => (number < 0 ? "" : strings[number]);
const names = {
  producer: new Map(about.producers.map(([label, name]) => [label, name])),
  consumer: new Map(about.consumers.map(([label, name]) => [label, name])),
};
const nameOf = (role, label) => names[role].get(label) ?? label;
const topicOf = (caseNumber) => cases[caseNumber][0].split("/", 1)[0];
const topics = cases.map((_, number) => topicOf(number));

const idOf = (cell) =>
  `${cases[columns.case[cell]][0]}[${text(columns.producer[cell])}->${text(columns.consumer[cell])}]`;

// The cells in one order, whichever came first: by case, producer, consumer.
const order = (() => {
  const rank = (list) => new Map(list.map(([label], place) => [label, place]));
  const ranks = { producer: rank(about.producers), consumer: rank(about.consumers) };
  const place = (role, cell) => ranks[role].get(text(columns[role][cell])) ?? 1e6;
  const byCase = cases.map(([id], number) => [id, number]).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const caseRank = new Int32Array(cases.length);
  byCase.forEach(([, number], at) => { caseRank[number] = at; });
  const keys = new Float64Array(count);
  for (let cell = 0; cell < count; cell++) {
    keys[cell] = caseRank[columns.case[cell]] * 1e8 + place("producer", cell) * 1e4 + place("consumer", cell);
  }
  return Uint32Array.from({ length: count }, (_, cell) => cell).sort((a, b) => keys[a] - keys[b]);
})();

// What a cell or case is made of is packed, so many to a pack; a pack is unpacked when it is asked for.
const unpacked = new Map();
async function detail(number) {
  if (number < 0) return null;
  const pack = Math.floor(number / about.pack);
  if (!unpacked.has(pack)) unpacked.set(pack, unpack(pack));
  return (await unpacked.get(pack))[number % about.pack];
}
async function unpack(pack) {
  const packed = atob(document.getElementById(`pack-${pack}`).textContent);
  const octets = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([octets]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

// As a shell takes a word, and as Python's shlex.join writes it.
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);
const command = (...words) => [about.program, ...words].map(quoted).join(" ");
const commandsOf = (cell) => {
  const [id] = cases[columns.case[cell]];
  const producer = text(columns.producer[cell]);
  const consumer = text(columns.consumer[cell]);
  return {
    run: command("run", "--broker", about.spec, "--producer", producer, "--consumer", consumer, "--case", id),
    explain: command("explain", idOf(cell), "--broker", about.spec),
  };
};

