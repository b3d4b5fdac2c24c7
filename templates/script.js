(() => {
  "use strict";
  const nav = document.querySelector("nav");
  const search = nav.querySelector("input");
  const told = nav.querySelector("output");
  const only = [...nav.querySelectorAll("[data-only]")];
  const all = [...document.querySelectorAll("details.one")];
  const texts = all.map(one => one.querySelector("summary").textContent.toLowerCase());
  let verdict = "";
  const visible = () => all.filter(one => !one.hidden);
  const show = () => {
    const part = search.value.toLowerCase();
    all.forEach((one, at) => {
      one.hidden = !((!verdict || one.classList.contains(verdict)) && texts[at].includes(part));
    });
    only.forEach(button => button.setAttribute("aria-pressed", String(button.dataset.only === verdict)));
    const count = visible().length;
    told.textContent = count === all.length ? "" : `${count} of ${all.length} shown`;
  };
  const choose = which => { verdict = which; show(); };
  const step = by => {
    const heads = visible().map(one => one.querySelector("summary"));
    const now = document.activeElement && document.activeElement.closest("details.one");
    const at = now ? heads.indexOf(now.querySelector("summary")) : -1;
    const next = heads[at < 0 && by < 0 ? heads.length - 1 : Math.min(Math.max(at + by, 0), heads.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  // The step that failed in the scenario that has the focus, or in the first that has one.
  const failed = () => {
    const now = document.activeElement && document.activeElement.closest("details.one");
    const one = now || visible().find(one => one.querySelector("tr.bad"));
    const row = one && one.querySelector("tr.bad");
    if (!row) return;
    one.open = true;
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  };
  only.forEach(button => button.addEventListener("click", () => choose(button.dataset.only)));
  nav.querySelectorAll("[data-fold]").forEach(button => button.addEventListener("click", () => {
    visible().forEach(one => { one.open = button.dataset.fold === "open"; });
  }));
  search.addEventListener("input", show);
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) {
      if (event.key === "Escape") { search.value = ""; search.blur(); show(); }
      return;
    }
    const keys = { "/": () => search.focus(), f: () => choose("failed"), a: () => choose(""), j: () => step(1), k: () => step(-1), e: failed };
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (act) { event.preventDefault(); act(); }
  });
  const meant = () => {
    const one = /^#s\d+$/.test(location.hash) ? document.getElementById(location.hash.slice(1)) : null;
    if (one) { one.open = true; one.scrollIntoView(); one.querySelector("summary").focus({ preventScroll: true }); }
  };
  addEventListener("hashchange", meant);
  nav.hidden = all.length === 0;
  meant();
})();
