// A queue: one item after the other, by j and k; what was decided gives way to the next.
import { bind } from "./keys.js";

const words = JSON.parse(document.getElementById("queue-words").textContent);
const rows = () => [...document.querySelectorAll("[data-queue-row]")];
const current = () => rows().findIndex((row) => row.hasAttribute("aria-current"));

async function choose(row, { push = true } = {}) {
  if (!row) return;
  for (const one of rows()) one.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  row.scrollIntoView({ block: "nearest" });
  await htmx.ajax("GET", row.href, { target: "#queue-item", swap: "innerHTML" });
  if (push) history.replaceState(null, "", row.href);
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-queue-row]");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  choose(row);
});

function step(by) {
  const all = rows();
  if (all.length === 0) return;
  const at = Math.min(Math.max(current() + by, 0), all.length - 1);
  choose(all[at]);
}

bind({ keys: "j", label: words.next, run: () => step(1) });
bind({ keys: "k", label: words.previous, run: () => step(-1) });
bind({ keys: "Enter", label: words.open, run: (event) => {
  if (event.target.closest?.("a, button, summary")) return false;
  document.querySelector("#queue-item .acts a, #queue-item a.button")?.focus();
} });

// Decided: the list is fetched again, and the next item takes the place of this one.
document.addEventListener("cityops:acted", async (event) => {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.case === event.detail.case);
  const following = all[at + 1] ?? all[at - 1];
  const answer = await fetch(location.pathname.startsWith("/visits") ? "/visits" : `/queue${location.search}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("queue-list").replaceChildren(...fresh.getElementById("queue-list").childNodes);
  const tabs = fresh.querySelector(".tabs");
  if (tabs) document.querySelector("main .tabs")?.replaceWith(tabs);
  const stays = rows().find((row) => row.dataset.case === event.detail.case);
  choose(stays ?? rows().find((row) => row.dataset.case === following?.dataset.case) ?? rows()[0]);
});
