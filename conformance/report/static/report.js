"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const every = (selector, from = document) => [...from.querySelectorAll(selector)];
  const box = byId("filter");
  const found = byId("found");
  const entries = every("[data-tokens]").map((node) => ({ node, words: null, text: null }));
  const folders = every("details").filter((node) => node.querySelector("[data-tokens]"));
  const KEYS = /^(?:op|item|clause|adapter|status|known|kind|topic|input|dtype|route):./;
  const OPENED = 300; // more than this many hits stay folded: layout is what costs

  root.classList.add("js");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch { /* a browser that keeps nothing */ }
  byId("tools").hidden = false;

  function glob(text) {
    const literal = text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*");
    return new RegExp(`^${literal}$`);
  }

  function parse(query) {
    return query.toLowerCase().split(/\s+/).filter(Boolean).map((term) => {
      const not = term.length > 1 && term.startsWith("!");
      const body = not ? term.slice(1) : term;
      return { not, body, pattern: KEYS.test(body) ? glob(body) : null };
    });
  }

  function load(entry) {
    const scope = entry.node.closest("[data-scope]");
    const tokens = `${entry.node.dataset.tokens} ${scope ? scope.dataset.scope : ""}`;
    entry.words = tokens.toLowerCase().split(/\s+/);
    entry.text = `${entry.node.textContent} ${tokens}`.toLowerCase();
  }

  function matches(entry, terms) {
    if (entry.words === null && terms.length) load(entry);
    return terms.every(({ not, body, pattern }) =>
      not !== (pattern ? entry.words.some((word) => pattern.test(word)) : entry.text.includes(body)));
  }

  function apply() {
    const terms = parse(box.value);
    const hits = entries.filter((entry) => {
      entry.node.hidden = !matches(entry, terms);
      return !entry.node.hidden;
    });
    for (const folder of folders) {
      folder.hidden = !folder.querySelector("[data-tokens]:not([hidden])");
      if (terms.length && hits.length <= OPENED) folder.open = !folder.hidden;
    }
    const cards = hits.filter(({ node }) => node.matches(".card")).length;
    const full = document.querySelector(".card") ? `, ${cards} in full` : "";
    const rows = hits.length - cards;
    const unit = document.querySelector(".causes") ? "cause" : "check";
    found.textContent = terms.length ? `${rows} ${unit}${rows === 1 ? "" : "s"}${full}` : "";
  }

  function remember() {
    const query = box.value.trim();
    const hash = query ? `#q=${encodeURIComponent(query)}` : location.pathname + location.search;
    history.replaceState(null, "", hash);
    apply();
  }

  function reveal(node) {
    if (node.closest("[hidden]")) {
      box.value = "";
      apply();
    }
    for (let up = node; up; up = up.parentElement) if (up.matches("details")) up.open = true;
    node.scrollIntoView({ block: "start" });
  }

  function visit() {
    let hash = location.hash.slice(1);
    try { hash = decodeURIComponent(hash); } catch { /* a stray percent sign is no escape */ }
    if (hash.startsWith("q=")) {
      box.value = hash.slice(2);
      apply();
    } else if (hash && byId(hash)) reveal(byId(hash));
  }

  async function copy(button, text) {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed: select it above";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  }

  async function save(from, name) {
    const packed = Uint8Array.from(atob(byId(from).textContent), (one) => one.charCodeAt(0));
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await new Response(plain).blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function step(by) {
    const cards = every(".step:not([hidden])");
    if (!cards.length) return;
    const now = cards.indexOf(document.activeElement.closest(".step"));
    const next = cards[(now + by + (now < 0 && by < 0 ? 1 : 0) + cards.length) % cards.length];
    reveal(next);
    next.focus({ preventScroll: true });
  }

  function help() {
    byId("keys").hidden = !byId("keys").hidden;
    document.querySelector("[data-help]").setAttribute("aria-expanded", !byId("keys").hidden);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { copy: from, link, term, save: packed, name } = button.dataset;
    if (packed) save(packed, name);
    if (from) copy(button, byId(from).textContent);
    if (link) copy(button, `${location.href.split("#")[0]}#${link}`);
    if (term) {
      const terms = box.value.split(/\s+/).filter(Boolean);
      const left = terms.filter((each) => each !== term);
      box.value = (left.length < terms.length ? left : [...terms, term]).join(" ");
      remember();
    }
    if ("help" in button.dataset) help();
    if ("themeNext" in button.dataset) {
      const dark = getComputedStyle(root).getPropertyValue("--scheme").trim() === "dark";
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* not kept */ }
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = { "/": () => box.focus(), n: () => step(1), p: () => step(-1), "?": help };
    if (!Object.hasOwn(action, event.key)) return;
    event.preventDefault();
    action[event.key]();
  });
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(remember, 120);
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = every("details:not([open])");
    for (const node of closed) node.open = true;
  });
  addEventListener("afterprint", () => { for (const node of closed) node.open = false; });
  addEventListener("hashchange", visit);
  visit();
})();
