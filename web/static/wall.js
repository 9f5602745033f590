// A wall runs for days: it hears that something changed and asks again, turns its scenes, shows its
// clock and the age of its data, comes back by itself, and loads itself anew at four in the morning
// and when there is a new version.
import { drawMap } from "./board-map.js";
import { drawTrend } from "./trend.js";

const body = document.body;
const OFTEN_MS = 1500, SELDOM_MS = 10000, OLD_S = 60, GONE_S = 30;
const scenes = body.dataset.scenes.split(","), every = Number(body.dataset.every);
let scene = body.dataset.scene, asked = 0, busy = false, wanted = false, freshAt = performance.now(), asOf = "", heardAt = performance.now();
let clock = { at: Date.now(), from: performance.now(), speed: 1, zone: undefined };
const json = (id, name = "json") => JSON.parse(document.getElementById(id)?.dataset[name] ?? "null");

async function refresh() {
  if (busy) { wanted = true; return; }
  busy = true; wanted = false; asked = performance.now();
  const first = document.querySelector("#wall-map svg") ? "" : "&first=1";
  try {
    await window.htmx.ajax("GET", `/wall/live?scene=${encodeURIComponent(scene)}${first}`, { target: "#wall-live", swap: "innerMorph" });
  } catch { /* the age of the data says it */ }
  busy = false;
  performance.clearResourceTimings();
  await shown();
  document.dispatchEvent(new Event("wall:shown"));
}

async function shown() {
  const age = document.getElementById("wall-age"), time = document.getElementById("wall-clock");
  if (!age || !time) return;
  if (age.dataset.asOf && age.dataset.asOf !== asOf) { asOf = age.dataset.asOf; freshAt = performance.now(); }
  const now = { at: Date.parse(time.dataset.now), from: asked || performance.now(), speed: Number(time.dataset.speed), zone: time.dataset.zone };
  if (now.at !== clock.at) clock = now;
  if (age.dataset.build !== document.querySelector('meta[name="build"]').content) reload();
  const map = document.querySelector("[data-board-map]");
  if (map) drawMap(map, json("wall-map-data"));
  const chart = document.getElementById("wall-chart"), data = json("wall-chart-data");
  if (chart && data) (await drawTrend(chart, data, json("wall-chart-data", "words"), { large: true })).resize();
  tick();
}

function tick() {
  const old = Math.floor((performance.now() - freshAt) / 1000);
  const stale = old > OLD_S, lost = performance.now() - heardAt > GONE_S * 1000;
  body.classList.toggle("stale", stale);
  const age = document.getElementById("wall-age"), time = document.getElementById("wall-clock");
  const words = body.dataset.ageWord.replace("{n}", old);
  put(age, stale ? `${body.dataset.staleWord}: ${words}` : lost ? body.dataset.lostWord : words);
  const now = new Date(clock.at + (performance.now() - clock.from) * clock.speed);
  const day = { timeZone: clock.zone, year: "numeric", month: "2-digit", day: "2-digit", weekday: "short" };
  put(time?.querySelector(".wall-day"), new Intl.DateTimeFormat(document.documentElement.lang, day).format(now));
  put(time?.querySelector(".wall-time"), new Intl.DateTimeFormat("en-GB", { timeZone: clock.zone, hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(now));
}

const put = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };

// Loads itself anew only when the server answers: a wall never shows a browser's error page.
async function reload() {
  try {
    const answer = await fetch("/wall/live", { method: "GET", credentials: "same-origin", cache: "no-store" });
    if (answer.ok) location.reload();
  } catch { setTimeout(reload, 60000); }
}

function nightly() {
  const next = new Date();
  next.setHours(4, Math.floor(Math.random() * 5), 0, 0);
  if (next <= new Date()) next.setDate(next.getDate() + 1);
  setTimeout(() => { reload(); nightly(); }, next - new Date());
}

let source;
function listen() {
  source?.close();
  source = new EventSource("/wall/stream");
  const heard = () => { heardAt = performance.now(); };
  source.addEventListener("hello", () => { heard(); refresh(); });
  source.addEventListener("alive", heard);
  source.addEventListener("changed", () => { heard(); wanted = true; });
  source.addEventListener("error", () => {
    // The browser comes back by itself unless it was told not to: then we do, for ever.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
}

setInterval(tick, 1000);
setInterval(() => {
  const since = performance.now() - asked;
  if ((wanted && since > OFTEN_MS) || since > SELDOM_MS || (document.getElementById("wall-wait") && since > 500)) refresh();
}, 250);
if (every >= 5 && scenes.length > 1) {
  setInterval(() => { scene = scenes[(scenes.indexOf(scene) + 1) % scenes.length]; refresh(); }, every * 1000);
}
addEventListener("resize", shown);
document.addEventListener("wall:refresh", refresh);
nightly();
listen();
shown();
