// The board keeps itself fresh: a change asks for the live part, once a second at most, until what is
// shown is younger than the change. Map and chart are drawn from data beside them.
import { say } from "./shell.js";
import { drawTrend } from "./trend.js";

const live = document.querySelector("[data-board-live]");
const OFTEN_MS = 1000;
const SELDOM_MS = 30000;
let wanted = "", timer = 0, last = 0, spoken = 0;

const shownAt = () => document.getElementById("board-as-of")?.dataset.asOf ?? "";
const json = (id, name = "json") => JSON.parse(document.getElementById(id)?.dataset[name] ?? "null");

async function refresh(byItself) {
  timer = 0;
  last = performance.now();
  // Nobody need sit before a board that asks again by itself: that keeps no session alive.
  const headers = byItself ? { "X-Cityops-By-Itself": "1" } : {};
  await window.htmx.ajax("GET", `/board/live${location.search}`, { target: "#board-live", swap: "innerMorph", headers });
  if (wanted && Date.parse(shownAt()) < Date.parse(wanted)) schedule();
  else wanted = "";
}

function schedule() {
  if (timer) return;
  timer = setTimeout(() => refresh(true), Math.max(0, OFTEN_MS - (performance.now() - last)));
}

document.addEventListener("cityops:change", (event) => {
  if (event.detail?.kind && event.detail.kind !== "case") return;
  const at = event.detail?.at ?? "";
  if (!wanted || Date.parse(at) > Date.parse(wanted)) wanted = at || wanted;
  schedule();
});
// Clocks pass deadlines without anybody doing anything.
setInterval(() => { if (document.visibilityState === "visible") schedule(); }, SELDOM_MS);

// Links within the board change the live part in place; the address stays one to share.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-board-link]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const filter = new URL(link.href).searchParams, now = new URLSearchParams(location.search);
  if ((filter.get("district") ?? "") !== (now.get("district") ?? "")) { location.assign(link.href); return; }
  history.replaceState(null, "", link.href);
  refresh(false);
});
document.querySelector("[data-board-filter]")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());

async function draw() {
  const chart = document.getElementById("board-chart"), data = json("board-chart-data");
  if (chart && data) {
    const drawn = await drawTrend(chart, data, json("board-chart-data", "words"));
    drawn.resize();
  }
  const map = document.querySelector("[data-board-map]");
  if (!map) return;
  const { drawMap, drawHeat } = await import("./board-map.js");
  const warm = document.querySelector("[data-map-heat]")?.getAttribute("aria-pressed") === "true";
  const heat = document.getElementById("board-heat");
  map.hidden = warm;
  heat.hidden = !warm;
  if (warm) await drawHeat(heat, json("board-map-data"), document.documentElement.lang.slice(0, 2));
  else drawMap(map, json("board-map-data"));
}

live?.addEventListener("htmx:after:swap", () => {
  draw();
  if (Date.now() - spoken > 10000 && shownAt()) {
    spoken = Date.now();
    const late = document.querySelector("#kpi-overdue");
    if (late) say(`${late.querySelector(".kpi-name").textContent} ${late.querySelector(".kpi-value").textContent}`);
  }
});
addEventListener("resize", () => draw());
draw();

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-map-whole], [data-map-heat]");
  if (!button) return;
  button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") === "true" ? "false" : "true");
  draw();
});

// What is refused is said within the dialog: nobody sees the page behind it.
new MutationObserver(() => {
  const told = document.querySelector("#notices > *"), inside = document.getElementById("act-problem");
  if (told && inside && dialog.open) inside.replaceChildren(told);
}).observe(document.getElementById("notices"), { childList: true });

// Forms of acts open in a dialog, which closes when the act was done.
const dialog = document.getElementById("board-act");
document.addEventListener("htmx:after:swap", () => {
  const body = document.getElementById("board-act-body");
  if (!dialog || !body) return;
  const done = body.querySelector("[data-done]");
  if (body.firstElementChild && !dialog.open && !done) dialog.showModal();
  if (done && dialog.open) schedule();
});
dialog?.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) dialog.close();
});
dialog?.addEventListener("close", () => document.getElementById("board-act-body").replaceChildren());
