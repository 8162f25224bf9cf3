// What passes between the parts, newest on top. Everything is put in as text, never as HTML.

const MOST = 80;
const KINDS = { mqtt: "MQTT", webhook: "Webhook", demo: "Demo" };

export class Messages {
  #list;

  constructor(list) {
    this.#list = list;
  }

  add(entries) {
    for (const entry of entries) this.#list.prepend(line(entry));
    while (this.#list.childElementCount > MOST) this.#list.lastElementChild.remove();
  }
}

function line(entry) {
  const item = document.createElement("li");
  item.className = `new ${entry.kind} ${verdict(entry.good)}`;
  const head = piece("div", "head");
  head.append(piece("span", "kind", KINDS[entry.kind]));
  if (entry.kind !== "demo") head.append(piece("span", "name", breakable(entry.name)));
  head.append(piece("time", "", clock(entry.at_s)));
  item.append(head, piece("div", "text", entry.text));
  return item;
}

function verdict(good) {
  if (good === null) return "";
  return good ? "good" : "bad";
}

function piece(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

// A long name may go on in the next line behind a dot or an underscore (a zero-width space allows it).
function breakable(name) {
  return name.replace(/[._]/g, "$&\u200b");
}

function clock(unixS) {
  const when = new Date(unixS * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const seconds = `${two(when.getSeconds())}.${String(when.getMilliseconds()).padStart(3, "0")}`;
  return `${two(when.getHours())}:${two(when.getMinutes())}:${seconds}`;
}
