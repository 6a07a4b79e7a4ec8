// Shows a payment page inside a merchant's page. Include it from the gateway:
//   <script src="https://GATEWAY/embed.js" defer></script>
// then  Skinrail.open({ url, onStatus, onClose, ... })  with the url that create
// answered, or mark an element:  <div data-skinrail-url="URL"></div>
// Nothing that a frame says is proof of payment: that is the notification that
// your server gets, with its signature.
(() => {
  "use strict";
  const kinds = ["ready", "resize", "status", "close", "error"];

  function frame(url) {
    const f = document.createElement("iframe");
    f.src = url;
    f.title = "Pay with Steam items";
    f.setAttribute("allow", "clipboard-read; clipboard-write");
    Object.assign(f.style, { width: "100%", border: "0", display: "block", colorScheme: "light dark" });
    return f;
  }

  // overlay is the frame in a dialog of its own, where no container is given.
  function overlay(f, ended) {
    const d = document.createElement("dialog");
    Object.assign(d.style, { width: "min(100vw, 46rem)", height: "100dvh", maxWidth: "none", maxHeight: "none", padding: "0", border: "0" });
    f.style.height = "100%";
    d.append(f);
    d.addEventListener("cancel", ended);
    document.body.append(d);
    d.showModal();
    return d;
  }

  function open(options) {
    const { url, container, minHeight = 560 } = options;
    const origin = new URL(url, location.href).origin;
    const f = frame(url);
    let shell = f;
    let over = false;

    function close() {
      if (over) return;
      over = true;
      window.removeEventListener("message", hear);
      shell.remove();
    }
    function call(kind, message) {
      const f = options[`on${kind[0].toUpperCase()}${kind.slice(1)}`];
      if (typeof f === "function") f(message);
    }
    function hear(e) {
      const m = e.data;
      if (e.origin !== origin || e.source !== f.contentWindow || m?.source !== "skinrail" || m.version !== 1 || !kinds.includes(m.type)) return;
      if (m.type === "resize" && container && Number.isFinite(m.height)) f.style.height = `${Math.max(minHeight, m.height)}px`;
      call(m.type, m);
      if (m.type === "close") close();
    }
    window.addEventListener("message", hear);
    if (container) {
      f.style.height = `${minHeight}px`;
      container.append(f);
    } else {
      shell = overlay(f, () => { call("close", { source: "skinrail", version: 1, type: "close" }); close(); });
    }
    return { frame: f, close };
  }

  window.Skinrail = Object.freeze({ open });
  function marked() {
    for (const e of document.querySelectorAll("[data-skinrail-url]")) {
      if (e.childElementCount === 0) open({ url: e.dataset.skinrailUrl, container: e });
    }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", marked);
  else marked();
})();
