// Elements from data. Text is only ever text: nothing here reads markup.
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}
const link = (address, ...children) => h("a", { href: address }, ...children);
const unseen = (words) => h("span", { class: "unseen" }, words);
const words = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
// What came from a peer or a wire keeps its own direction to itself.
const foreign = (value, tag = "bdi") => h(tag, {}, value);
const outcomeMark = { pass: "", expected: "x", unsupported: "u", fail: "F", error: "E" };
const badge = (outcome, ...children) => h("span", { class: `badge ${outcome}` }, ...children);

function table(caption, heads, rows, attributes = {}) {
  return h("table", attributes,
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows));
}

// A table may be wider than the screen; the page is not.
const wide = (...inside) => h("div", { class: "wide" }, inside);

async function copy(value, what) {
  try {
    await navigator.clipboard.writeText(value);
  } catch {  // no clipboard, as on a plain http:// page: by way of a selection
    const area = h("textarea", { class: "unseen", "aria-hidden": "true" });
    area.value = value;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  announce(`Copied ${what}.`);
}
const copyButton = (what, value) => h("button", {
  type: "button", class: "copy", click: () => copy(typeof value === "function" ? value() : value, what),
}, `Copy ${what}`);

const announce = (message) => { document.getElementById("status").textContent = message; };

