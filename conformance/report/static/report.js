"use strict";
// What the page adds where scripts run: filter, links that open what they lead to,
// copying, keys. Without it everything is still there, closed.
(() => {
  const root = document.documentElement;
  const box = document.getElementById("q");
  const found = document.getElementById("found");
  const items = [...document.querySelectorAll("[data-item]")];
  const nests = [...document.querySelectorAll(".item, .group, .shelf")].reverse();
  let at = -1;

  const tokens = (node) => {
    const own = [];
    for (let up = node; up; up = up.parentElement?.closest("[data-f]")) {
      own.push(...up.dataset.f.split(" "));
    }
    return own;
  };
  const glob = (text) => new RegExp(
    "^" + text.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replaceAll("*", ".*") + "$", "i");
  const term = (text) => {
    const not = text.startsWith("!");
    const word = not ? text.slice(1) : text;
    const whole = /^(op|adapter|status|known|clause|item):./.test(word) && glob(word);
    const low = word.toLowerCase();
    const test = whole
      ? (node) => tokens(node).some((token) => whole.test(token))
      : (node) => (node.textContent + tokens(node).join(" ")).toLowerCase().includes(low);
    return (node) => test(node) !== not;
  };

  const filter = (text) => {
    const terms = text.split(/\s+/).filter((word) => word && word !== "!").map(term);
    let shown = 0;
    for (const item of items) {
      item.hidden = !terms.every((test) => test(item));
      shown += item.hidden ? 0 : 1;
    }
    for (const nest of nests) {
      nest.hidden = !nest.querySelector("[data-item]:not([hidden])");
      if (terms.length && shown < 100 && nest.matches("details")) nest.open = !nest.hidden;
    }
    found.textContent = terms.length ? `${shown} of ${items.length} shown` : "";
    at = -1;
  };
  const remember = () => {
    const text = box.value.trim();
    const hash = text ? "#q=" + encodeURIComponent(text) : "";
    history.replaceState(null, "", hash || location.pathname + location.search);
    filter(text);
  };
  const open = (node) => {
    for (let up = node; up; up = up.parentElement) {
      up.hidden = false;
      if (up.matches("details")) up.open = true;
    }
    node.scrollIntoView({ block: "start" });
  };
  const follow = () => {
    let hash = location.hash.slice(1);
    try { hash = decodeURIComponent(hash); } catch { /* as it is */ }
    if (hash.startsWith("q=")) {
      box.value = hash.slice(2);
      filter(box.value);
    } else if (hash) {
      const node = document.getElementById(hash);
      if (node) open(node);
    }
  };

  const text = (button) => {
    const what = button.dataset.copy;
    const body = button.closest(".body, li");
    if (what === "link") return location.href.split("#")[0] + "#" + body.id;
    return body.querySelector(`[data-text="${what}"]`)?.textContent ?? "";
  };
  const copy = async (button) => {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text(button));
      button.textContent = "Copied";
    } catch {
      button.textContent = "Could not copy";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  };
  const step = (way) => {
    const cards = items.filter((item) => item.matches(".card") && !item.hidden);
    if (!cards.length) return;
    at = (at + way + cards.length) % cards.length;
    open(cards[at]);
    cards[at].querySelector("summary").focus();
  };
  const theme = (wanted) => {
    root.dataset.theme = wanted;
    try { localStorage.setItem("theme", wanted); } catch { /* not kept, then */ }
  };

  for (const node of document.querySelectorAll(".copy, #filter, #theme")) node.hidden = false;
  try { root.dataset.theme = localStorage.getItem("theme") ?? ""; } catch { /* the system's */ }
  document.addEventListener("click", (event) => {
    const hit = event.target.closest("button, a[data-go]");
    if (!hit) return;
    if (hit.id === "theme") {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      theme((root.dataset.theme || (dark ? "dark" : "light")) === "dark" ? "light" : "dark");
    } else if (hit.dataset.copy) {
      copy(hit);
    } else if (hit.dataset.chip) {
      const words = box.value.split(/\s+/).filter(Boolean);
      const chip = hit.dataset.chip;
      box.value = (words.includes(chip) ? words.filter((word) => word !== chip) : [...words, chip]).join(" ");
      remember();
    } else if (hit.dataset.go && document.getElementById(hit.dataset.go)) {
      event.preventDefault();
      location.hash = hit.dataset.go;
    }
  });
  box.addEventListener("input", remember);
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => {
    for (const node of document.querySelectorAll("details")) node.open = true;
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const keys = { "/": () => box.focus(), n: () => step(1), p: () => step(-1), "?": () => { location.hash = "reading"; } };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  follow();
})();
