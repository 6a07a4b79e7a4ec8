// What a page inside a merchant's page tells it. Messages go to the origins that
// the merchant has registered and nowhere else: without any, none are sent.
const { order, origins = "", status = "", stage = "", error } = document.body.dataset;
const to = origins.split(" ").filter(Boolean);
const parents = window.location.ancestorOrigins; // not in every browser
const heard = parents?.length ? to.filter((o) => o === parents[0]) : to;
const framed = window.parent !== window.self;
let last = "";

function post(type, more) {
  for (const origin of heard) window.parent.postMessage({ source: "skinrail", version: 1, type, order_id: order, ...more }, origin);
}

// tell says where the payment stands, once for each change.
export function tell(status, stage) {
  const now = `${status} ${stage}`;
  if (!framed || now === last) return;
  last = now;
  post("status", { status, stage });
}

function size() {
  post("resize", { height: Math.ceil(document.body.getBoundingClientRect().height) });
}

if (framed && order && heard.length) {
  const close = document.getElementById("close");
  close.hidden = false;
  close.addEventListener("click", () => post("close", { status: document.body.dataset.status }));
  post("ready", { status, stage });
  if (error) post("error", { error });
  else tell(status, stage);
  new ResizeObserver(size).observe(document.body);
}
