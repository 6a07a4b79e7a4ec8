import { tell } from "./frame.js";

// What makes choosing and waiting more comfortable. The page works without it.
const root = document.documentElement;
root.classList.add("js");
if (window.top !== window.self) {
  document.body.dataset.framed = "";
  for (const form of document.querySelectorAll("[data-aside]")) {
    if (form.target === "_blank") continue;
    const told = Object.assign(document.createElement("input"), { type: "hidden", name: "framed", value: "1" });
    form.append(told);
    form.target = "_blank";
  }
}

// Countdowns run to an end that is reckoned from the seconds the server told;
// the device's date is not asked.
const ends = new WeakMap();
const two = (n) => String(n).padStart(2, "0");

function clock(seconds) {
  const h = Math.floor(seconds / 3600), m = Math.floor(seconds / 60) % 60, s = seconds % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function tick() {
  const now = performance.now();
  for (const e of document.querySelectorAll("[data-seconds]")) {
    if (!ends.has(e)) ends.set(e, now + Number(e.dataset.seconds) * 1000);
    const left = Math.max(0, Math.ceil((ends.get(e) - now) / 1000));
    e.textContent = clock(left);
    const over = e.parentElement.dataset.over;
    if (left === 0 && over) {
      e.parentElement.textContent = over;
      document.body.dataset.over = "";
      for (const b of document.querySelectorAll("[data-testid=review], [data-testid=send]")) b.disabled = true;
    }
  }
}
tick();
setInterval(tick, 250);

// agree follows the server where its clock was moved; a second more or less is
// only rounding.
function agree(id, told) {
  const end = performance.now() + told * 1000;
  for (const e of document.querySelectorAll(`[data-testid=${id}]`)) {
    if (Math.abs(end - (ends.get(e) ?? 0)) > 1500) ends.set(e, end);
  }
}

function localDates(within) {
  for (const e of within.querySelectorAll("time[datetime]")) {
    const at = new Date(e.dateTime);
    e.title = e.textContent;
    e.textContent = at.toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
  }
}
localDates(document);

// A form that must not be sent twice by an impatient finger.
for (const form of document.querySelectorAll("[data-once]")) {
  form.addEventListener("submit", () => setTimeout(() => {
    for (const b of form.querySelectorAll("button")) b.disabled = true;
  }));
}
window.addEventListener("pageshow", () => {
  for (const b of document.querySelectorAll("[data-once] button")) b.disabled = false;
});

// Following the state. The answer says whether anything changed; what changed
// is fetched as drawn by the server.
const body = document.body;
const live = document.getElementById("live");
const lost = document.getElementById("lost");
let failures = 0;
let again = 2; // seconds until the next question; 0: nothing changes any more

async function ask(accept) {
  const answer = await fetch(body.dataset.watch, { headers: { Accept: accept }, cache: "no-store", credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

async function look() {
  const now = await (await ask("application/json")).json();
  if (now.key !== body.dataset.key) {
    if (!live || !now.live) {
      location.replace(now.url);
      return;
    }
    const html = await (await ask("text/html")).text();
    const drawn = new DOMParser().parseFromString(html, "text/html");
    live.replaceChildren(...drawn.body.childNodes);
    localDates(live);
    body.dataset.key = now.key;
    body.dataset.status = now.wire;
    for (const li of document.querySelectorAll(".steps li")) step(li, now.step);
  }
  tell(now.wire, now.stage);
  again = now.again;
  agree("countdown", now.offer_seconds);
  agree("link-countdown", now.link_seconds);
  tick();
}

function step(li, now) {
  const n = [...li.parentElement.children].indexOf(li) + 1;
  li.classList.toggle("done", n < now);
  if (n === now) li.setAttribute("aria-current", "step");
  else li.removeAttribute("aria-current");
}

async function follow() {
  try {
    if (document.visibilityState === "visible") {
      await look();
      failures = 0;
      lost.hidden = true;
    }
  } catch {
    failures++;
    lost.hidden = failures < 3;
  }
  if (again > 0) setTimeout(follow, again * 1000 * 2 ** Math.min(failures, 4));
}
if (body.dataset.watch) {
  setTimeout(follow, 2000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") look().catch(() => {});
  });
}

const choose = document.getElementById("choose");
if (choose) (await import("./choose.js")).start(choose);
