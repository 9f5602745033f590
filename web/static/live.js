// What changes while a page is open. One connection; the browser says how far it has heard when it
// comes back, so nothing is missed. Pages listen to `cityops:change` on document, or only mark:
//   data-live="case:NO" data-live-get="URL"   is fetched again and morphed when that case changes
//   data-live-list="case"                     counts what is new to it in a bar; never inserts by itself.
//     data-live-get on it is what the bar fetches (else the page is loaded again),
//     data-live-status="received filed" counts only cases that have one of these states now,
//     data-live-match="URL" asks which numbers belong to it: URL&numbers=A,B answers a JSON list.
import { say } from "./shell.js";

const DEBOUNCE_MS = 200, HIDDEN_MS = 60000, SAY_MS = 10000, AGAIN_MS = [2000, 5000, 15000, 60000];
const head = document.getElementById("live");
const words = JSON.parse(document.getElementById("live-words")?.textContent ?? "{}");
let position = document.querySelector('meta[name="live-after"]')?.content ?? "";
let source = null, tries = 0, timer = 0, hidden = 0, whole = false, clock = null, said = 0;

// --- the connection, and what the head of the page says of it

const cityTime = () => {
  if (!clock) return "";
  const at = new Date(clock.city + (Date.now() - clock.here) * clock.speed);
  return new Intl.DateTimeFormat("en-GB", { timeZone: clock.zone, timeStyle: "medium" }).format(at);
};

function show(state) {
  if (!head || head.dataset.state === state) return;
  const text = head.querySelector("[data-live-text]");
  head.dataset.state = state;
  if (state === "live") text.textContent = text.dataset.liveWord;
  else text.textContent = `${state === "again" ? `${text.dataset.againWord} · ` : ""}${text.dataset.asOfWord} ${cityTime()}`;
}

function connect() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(position ? `/live?after=${encodeURIComponent(position)}` : "/live");
  source.addEventListener("hello", (event) => {
    heard(event);
    clock = { ...JSON.parse(event.data), here: Date.now() };
    clock.city = Date.parse(clock.now);
    tries = 0;
    show("live");
    if (whole) everything();
  });
  source.addEventListener("changes", (event) => {
    heard(event);
    take(JSON.parse(event.data));
  });
  source.addEventListener("reload", () => {
    // What we missed is not kept any more: everything is looked at again.
    position = "";
    whole = true;
    connect();
  });
  source.onerror = () => {
    const over = source.readyState === EventSource.CLOSED;
    show(over ? "off" : "again");
    if (over) timer = setTimeout(connect, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
  };
}

const heard = (event) => { if (event.lastEventId) position = event.lastEventId; };

function leave() {
  clearTimeout(timer);
  source?.close();
  source = null;
  show("off");
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hidden);
  if (document.visibilityState === "visible") { if (!source) connect(); return; }
  // A browser opens six connections to us at most: pages nobody looks at give theirs back.
  if (!document.querySelector("[data-live-always]")) hidden = setTimeout(leave, HIDDEN_MS);
});
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted) connect(); });

// --- changes

function take(changes) {
  for (const change of changes) {
    document.dispatchEvent(new CustomEvent("cityops:change", { detail: change }));
    const name = `${change.kind}:${change.number}`;
    for (const part of document.querySelectorAll("[data-live][data-live-get]")) {
      if (part.dataset.live.split(" ").includes(name)) soon(part);
    }
  }
  for (const list of document.querySelectorAll("[data-live-list]")) count(list, changes);
}

function everything() {
  whole = false;
  document.dispatchEvent(new CustomEvent("cityops:change", { detail: { kind: "case", number: "", reload: true } }));
  document.querySelectorAll("[data-live][data-live-get]").forEach(soon);
  document.querySelectorAll("[data-live-list]").forEach((list) => bar(list, words.changed));
}

// --- parts that are kept fresh

const waiting = new WeakMap(), running = new WeakSet();

function soon(part) {
  if (waiting.has(part)) return;
  waiting.set(part, setTimeout(() => {
    waiting.delete(part);
    refresh(part);
  }, DEBOUNCE_MS));
}

/** Fetch what a part shows and put it there, without taking anything from whoever is at it. */
export async function refresh(part) {
  if (!part.isConnected) return;
  if (running.has(part)) { soon(part); return; }
  running.add(part);
  try {
    const answer = await fetch(part.dataset.liveGet, {
      credentials: "same-origin", headers: { "HX-Request": "true", "X-Cityops-By-Itself": "1" },
    });
    if (answer.status !== 200) return;
    const fresh = same(part, await answer.text());
    if (!fresh || !part.isConnected) return;
    const typed = [...part.querySelectorAll("form")].filter(isTyped);
    if (part.matches("form") && isTyped(part)) { others(part); return; }
    typed.forEach((form) => form.setAttribute("hx-morph-skip", ""));
    await window.htmx.swap({ text: fresh.outerHTML, target: part, sourceElement: part, swap: "outerMorph ignoreTitle:true" });
    typed.forEach((form) => { form.removeAttribute("hx-morph-skip"); others(form); });
  } catch { /* the network is away: it comes with the next change */ } finally { running.delete(part); }
}

function same(part, text) {
  const found = new DOMParser().parseFromString(part.matches("tr") ? `<table>${text}</table>` : text, "text/html");
  return (part.id && found.getElementById(part.id)) || found.querySelector(`[data-live="${CSS.escape(part.dataset.live ?? "")}"]`)
    || (part.dataset.liveList && found.querySelector("[data-live-list]"));
}

const isTyped = (form) => [...form.elements].some((field) => {
  if (!field.matches("input:not([type=hidden]), textarea, select")) return false;
  if (field === document.activeElement) return true;
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  if (!field.matches("select")) return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
});

/** Say on a form that is being filled in that what it is about has changed meanwhile. */
function others(form) {
  if (form.querySelector("[data-live-others]")) return;
  const box = document.createElement("p");
  box.className = "notice warn";
  box.dataset.liveOthers = "";
  const look = document.createElement("a");
  look.href = form.closest("[data-live-page]")?.dataset.livePage ?? location.href;
  look.target = "_blank";
  look.textContent = words.look;
  box.append(`${words.others} `, look);
  form.append(box);
  tell(words.others);
}

// What a reader has opened stays open: that is theirs, not the server's.
window.htmx?.registerExtension("cityops-live", {
  htmx_before_morph_attr: (element, detail) =>
    !(detail.attrName === "open" && element.matches("details, dialog")),
});

// --- lists

const fresh = new WeakMap();

async function count(list, changes) {
  const kind = list.dataset.liveList.replace(/s$/, ""), states = list.dataset.liveStatus?.split(" ");
  let numbers = changes.filter((one) => one.kind === kind && (!states || states.includes(one.status))).map((one) => one.number);
  const known = fresh.get(list) ?? new Set();
  const has = (number) => list.querySelector(`[data-live~="${kind}:${CSS.escape(number)}"], [data-case="${CSS.escape(number)}"]`);
  numbers = numbers.filter((number) => !has(number) && !known.has(number));
  if (numbers.length && list.dataset.liveMatch) {
    const url = new URL(list.dataset.liveMatch, location.href);
    url.searchParams.set("numbers", numbers.join(","));
    const answer = await fetch(url, { headers: { "X-Cityops-By-Itself": "1" } }).catch(() => null);
    if (answer?.status === 200) numbers = await answer.json();
  }
  if (!numbers.length || !list.isConnected) return;
  numbers.forEach((number) => known.add(number));
  fresh.set(list, known);
  bar(list, words.new.replace("{n}", known.size));
}

/** Show the bar over a list; it takes no room, so the row under the cursor stays where it is. */
function bar(list, text) {
  const place = list.closest("table") ?? list;
  let box = place.previousElementSibling;
  if (!box?.matches("[data-live-count]")) {
    box = document.createElement("div");
    box.className = "live-count";
    box.dataset.liveCount = "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button primary";
    button.addEventListener("click", () => open(list, box));
    box.append(button);
    place.before(box);
  }
  box.firstChild.textContent = text;
  tell(text);
}

async function open(list, box) {
  if (!list.dataset.liveGet) { location.reload(); return; }
  fresh.delete(list);
  box.remove();
  await refresh(list);
}

function tell(text) {
  if (Date.now() - said < SAY_MS) return;
  said = Date.now();
  say(text);
}

if (head) connect();
