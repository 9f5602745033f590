// The list by keyboard: j/k move, x selects, Enter opens, a acts, / searches. Selection for bulk acts.
import { openAct } from "./acting.js";
import { bind } from "./keys.js";
import { say } from "./shell.js";

const words = JSON.parse(document.getElementById("cases-words").textContent);
const list = document.querySelector("[data-cases]");
const bar = document.querySelector("[data-bulk]");
let here = null; // the number of the row the keys are at: rows are replaced under it

const rows = () => [...(list?.querySelectorAll("tr[data-case]") ?? [])];
const rowOf = (number) => list?.querySelector(`tr[data-case="${number}"]`);
const picked = () => [...(list?.querySelectorAll("[data-pick]:checked") ?? [])].map((box) => box.value);

function mark(row) {
  for (const old of list.querySelectorAll("tr.here")) old.classList.remove("here");
  if (!row) return;
  here = row.dataset.case;
  row.classList.add("here");
  row.querySelector("[data-open]").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  if (all.length === 0) return false;
  const at = all.findIndex((row) => row.dataset.case === here);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
  mark(all[next]);
  return true;
}

function count() {
  const chosen = picked();
  for (const row of rows()) row.classList.toggle("picked", chosen.includes(row.dataset.case));
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  bar.querySelector("[data-chosen]").textContent = words.chosen.replace("{n}", chosen.length);
}

function pick(row) {
  const box = row?.querySelector("[data-pick]");
  if (!box) return false;
  box.checked = !box.checked;
  count();
  return true;
}

function bulkUrl() {
  const query = new URLSearchParams();
  const all = bar.querySelector('[name="all"]')?.checked;
  if (all) query.set("query", bar.querySelector('[name="query"]').value);
  else for (const number of picked()) query.append("no", number);
  return `/cases/bulk?${query}`;
}

function act() {
  if (picked().length > 0) {
    openAct(bulkUrl());
    return true;
  }
  if (!rowOf(here)) return false;
  openAct(`/cases/${here}/acts`);
  return true;
}

if (list) {
  bind({ keys: "j", label: words.next, run: () => step(1) });
  bind({ keys: "k", label: words.before, run: () => step(-1) });
  bind({ keys: "x", label: words.select, run: () => pick(rowOf(here)) });
  bind({ keys: "a", label: words.act, run: act });
  bind({
    keys: "Enter",
    label: words.open,
    run: (event) => {
      if (event.target.closest("a, button, summary, input") || !rowOf(here)) return false;
      rowOf(here).querySelector("[data-open]").click();
      return true;
    },
  });
  list.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) {
      for (const box of list.querySelectorAll("[data-pick]")) box.checked = event.target.checked;
      count();
    } else if (event.target.matches("[data-pick]")) count();
  });
  list.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-case]");
    if (row && row.dataset.case !== here) {
      for (const old of list.querySelectorAll("tr.here")) old.classList.remove("here");
      here = row.dataset.case;
    }
  });
  list.addEventListener("click", (event) => {
    if (!event.target.closest("[data-unselect]")) return;
    for (const box of list.querySelectorAll("[data-pick], [data-pick-all]")) box.checked = false;
    count();
    say(words.chosen.replace("{n}", 0));
  });
  // A row that was fetched again keeps its tick and the mark of the keys.
  document.addEventListener("htmx:after:swap", () => {
    rowOf(here)?.classList.toggle("here", document.activeElement?.closest("tr")?.dataset.case === here);
    count();
  });
}

bar?.addEventListener("submit", (event) => {
  event.preventDefault();
  openAct(bulkUrl());
});

bind({
  keys: "/",
  label: words.search,
  run: () => {
    const field = document.getElementById("q");
    if (!field) return false;
    field.focus();
    field.select();
    return true;
  },
});

// A case on the map opens its page.
document.addEventListener("map:case", (event) => {
  if (event.detail.no) location.assign(`/cases/${event.detail.no}`);
});
