// Choosing items: search, sorting, keys, the running total, and the review.
// Sums are made of whole thousandths of a dollar with exact arithmetic, as the
// server makes them.
const byId = (id) => document.getElementById(id);
const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

export function start(form) {
  const cards = [...form.querySelectorAll(".card")].map((node) => {
    const box = node.querySelector("input");
    const name = node.querySelector(".name").textContent + " " + node.querySelector(".detail").textContent;
    return { node, box, units: BigInt(box.dataset.units), name: name.toLowerCase() };
  });
  const chosen = () => cards.filter((c) => c.box.checked);
  const update = () => sum(form, chosen());
  finding(cards);
  keys(form);
  review(form, chosen);
  form.addEventListener("change", (e) => {
    if (e.target.name === "item") update();
  });
  byId("clear").addEventListener("click", () => {
    for (const c of cards) c.box.checked = false;
    update();
  });
  window.addEventListener("pageshow", update);
  update();
}

function finding(cards) {
  const search = byId("search"), sort = byId("sort");
  const orders = {
    dear: (a, b) => order(b.units, a.units) || a.name.localeCompare(b.name),
    cheap: (a, b) => order(a.units, b.units) || a.name.localeCompare(b.name),
    name: (a, b) => a.name.localeCompare(b.name),
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const c of cards) c.node.hidden = !words.every((w) => c.name.includes(w));
    byId("none").hidden = cards.some((c) => !c.node.hidden);
  };
  const arrange = () => {
    cards.sort((a, b) => Number(a.box.disabled) - Number(b.box.disabled) || orders[sort.value](a, b));
    byId("grid").append(...cards.map((c) => c.node));
  };
  search.addEventListener("input", filter);
  sort.addEventListener("change", arrange);
  if (search.value) filter();
  if (sort.value !== "dear") arrange();
}

// Arrows walk over the grid; a slash goes to the search; Enter in a field is
// not a decision.
function keys(form) {
  const grid = byId("grid");
  const columns = () => getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const steps = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: () => -columns() };
  grid.addEventListener("keydown", (e) => {
    if (!steps[e.key] || e.ctrlKey || e.altKey || e.metaKey) return;
    const boxes = [...grid.querySelectorAll(".card:not([hidden]) input:not(:disabled)")];
    const next = boxes[boxes.indexOf(e.target) + steps[e.key]()];
    if (!next) return;
    e.preventDefault();
    next.focus();
  });
  form.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && e.target.matches("input")) e.preventDefault();
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "/" || e.target.matches("input[type=search], select")) return;
    e.preventDefault();
    byId("search").focus();
  });
}

// The review is a dialog on the same page: what was chosen stays chosen.
function review(form, chosen) {
  const dialog = byId("review");
  form.addEventListener("submit", (e) => {
    if (dialog.open || typeof dialog.showModal !== "function") {
      setTimeout(() => { for (const b of form.querySelectorAll("button")) b.disabled = true; });
      return;
    }
    e.preventDefault();
    byId("review-list").replaceChildren(...chosen().map(line));
    dialog.showModal();
  });
  byId("review-back").addEventListener("click", () => dialog.close());
  window.addEventListener("pageshow", (e) => {
    if (!e.persisted) return;
    dialog.close();
    for (const b of form.querySelectorAll("button")) b.disabled = false;
  });
}

function line(card) {
  const li = document.createElement("li");
  li.dataset.testid = "listed";
  li.dataset.asset = card.box.value;
  const name = document.createElement("span");
  name.className = "name";
  const small = document.createElement("small");
  small.textContent = card.node.querySelector(".detail").textContent;
  name.append(card.node.querySelector(".name").textContent, " ", small);
  li.append(card.node.querySelector("img").cloneNode(), name, card.node.querySelector(".price").cloneNode(true));
  return li;
}

function sum(form, chosen) {
  const d = form.dataset;
  const units = chosen.reduce((total, c) => total + c.units, 0n);
  const shown = (n) => d.prefix + print(convert(n, d.rate, Number(d.digits)), Number(d.digits)) + d.suffix;
  const count = chosen.length + " " + (chosen.length === 1 ? d.one : d.many);
  byId("total").textContent = byId("review-total").textContent = shown(units);
  byId("count").textContent = byId("review-count").textContent = count;
  if (d.multiplier) {
    const credit = shown(convert(units, d.multiplier, 3));
    byId("credit").textContent = chosen.length > 0 ? d.credit + " " + credit : "";
    byId("review-credit").textContent = credit;
  }
  const wrong = objection(d, units, chosen.length);
  const say = byId("say");
  say.dataset.limits ??= say.textContent;
  say.textContent = chosen.length === 0 || wrong === "" ? say.dataset.limits : wrong;
  say.classList.toggle("off", chosen.length > 0 && wrong !== "");
  say.classList.toggle("fits", chosen.length > 0 && wrong === "");
  form.querySelector("[data-testid=review]").disabled = chosen.length === 0 || wrong !== "" || "over" in document.body.dataset;
}

// objection is what speaks against the choice, in the server's words.
function objection(d, units, n) {
  const digits = Number(d.limitDigits);
  const total = convert(units, d.limitRate, digits);
  if (n > Number(d.most)) return d.tooMany;
  if (d.max !== "" && compare(total, digits, d.max) > 0) return d.tooMuch;
  if (d.min !== "" && compare(total, digits, d.min) < 0) return d.tooLittle;
  if (units < BigInt(d.least)) return d.leastText;
  return "";
}

// convert is thousandths × rate, rounded half up once to so many digits.
function convert(units, rate, digits) {
  const [whole, part = ""] = rate.split(".");
  const product = units * BigInt(whole + part);
  const scale = 3 + part.length - digits;
  if (scale <= 0) return product * 10n ** BigInt(-scale);
  const unit = 10n ** BigInt(scale);
  return (product + unit / 2n) / unit;
}

// compare compares a figure with a decimal text of any length.
function compare(figure, digits, limit) {
  const [whole, part = ""] = limit.split(".");
  const scale = Math.max(digits, part.length);
  return order(figure * 10n ** BigInt(scale - digits), BigInt(whole + part.padEnd(scale, "0")));
}

function print(figure, digits) {
  const text = String(figure).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  return digits === 0 ? whole : whole + "." + text.slice(-digits);
}
