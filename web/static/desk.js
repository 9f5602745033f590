// The operator's desk: every change is kept, nothing waits, no mouse is needed.
//
// What is typed goes to the server a moment after the last key, never while an input method
// composes; a copy stays on this computer only until the server has it.
import "./combobox.js";
import { bind } from "./keys.js";
import { notice, say } from "./shell.js";

const WAIT_MS = 300;
const OLD_MS = 7 * 24 * 3600 * 1000;
const PREFIX = "cityops:draft:";
const form = document.getElementById("desk-form");
const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");
const at = (selector) => document.querySelector(selector);
const state = { changes: 0, sent: 0, confirmed: 0, composing: false, timer: 0, waiting: null };

function fields() {
  const skip = new Set(["csrf", "draft", "window", "version", "force"]);
  return Object.fromEntries([...new FormData(form)].filter(([name, value]) => !skip.has(name) && value !== ""));
}

const key = (draft = form.dataset.draft) => `${PREFIX}${form.dataset.account}:${draft}`;

/** What this computer holds; storage may be switched off. */
const local = {
  put(value) {
    try {
      localStorage.setItem(key(), JSON.stringify(value));
    } catch {
      // the server's copy is the one that counts
    }
  },
  drop(name = key()) {
    try {
      localStorage.removeItem(name);
    } catch {
      // nothing was kept
    }
  },
  all() {
    try {
      return Object.keys(localStorage)
        .filter((name) => name.startsWith(PREFIX))
        .map((name) => ({ name, ...JSON.parse(localStorage.getItem(name)) }));
    } catch {
      return [];
    }
  },
};

function changed() {
  state.changes += 1;
  local.put({ version: Number(form.elements.version.value), fields: fields(), at: Date.now() });
  at("[data-saved]")?.replaceChildren(words.unsaved);
  clearTimeout(state.timer);
  if (!state.composing) state.timer = setTimeout(look, WAIT_MS);
}

function look() {
  clearTimeout(state.timer);
  if (state.composing) return;
  form.dispatchEvent(new CustomEvent("deskLook"));
}

function put(name, value) {
  form.elements[name].value = value ?? "";
}

/** Put words back into the form; answers to questions come with the next look. */
function restore(kept) {
  for (const field of form.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    if (field.type === "checkbox" || field.type === "radio") field.checked = kept[field.name] === field.value;
    else field.value = kept[field.name] ?? "";
  }
  for (const name of ["category", "place", "lon", "lat", "area", "accuracy", "handed", "joins"]) put(name, kept[name]);
  changed();
}

function take(button) {
  if (!button) return;
  put("category", button.dataset.category);
  put("condition", "");
  at("#desk-category").value = button.dataset.label;
  for (const one of document.querySelectorAll(".desk-proposal")) {
    one.setAttribute("aria-pressed", String(one === button));
  }
  changed();
  say(button.dataset.label);
}

function file(joins = null) {
  if (state.composing || !form) return;
  clearTimeout(state.timer);
  if (joins) put("joins", joins);
  at("#desk-file").click();
}

/** Begin the next sheet once this one is with the server; what is not stays on this computer. */
function next() {
  const go = () => location.assign("/desk");
  if (!form?.isConnected || state.confirmed === state.changes) return go();
  state.waiting = go;
  setTimeout(go, 1500);
  look();
}

function bar(text, ...acts) {
  const box = document.createElement("div");
  box.className = "notice warn desk-bar";
  const line = document.createElement("p");
  line.textContent = text;
  const row = document.createElement("div");
  row.className = "row";
  for (const [label, run] of acts) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      box.remove();
      run();
    });
    row.append(button);
  }
  box.append(line, row);
  at("#unsaved").append(box);
}

/** Offer what stopped on this computer: of this draft, or of one whose window is gone. */
function offer() {
  for (const kept of local.all()) {
    if (!kept.at || Date.now() - kept.at > OLD_MS) local.drop(kept.name);
    else if (kept.name === key()) {
      if (kept.version === Number(form.elements.version.value)) {
        restore(kept.fields);
        notice(words.restored, "warn");
      } else {
        bar(words.differ, [words.mine, () => (put("force", "1"), restore(kept.fields))], [words.forget, () => local.drop()]);
      }
    } else if (kept.name.startsWith(key(""))) {
      const draft = kept.name.slice(key("").length);
      const text = `${words.left} ${(kept.fields.description ?? "").slice(0, 30)}`;
      const open = () => location.assign(`/desk?draft=${encodeURIComponent(draft)}`);
      bar(text, [words.open, open], [words.forget, () => local.drop(kept.name)]);
    }
  }
}

async function map(button) {
  const box = at("#desk-map");
  box.hidden = !box.hidden;
  button.setAttribute("aria-expanded", String(!box.hidden));
  if (box.hidden || box.dataset.made) return;
  box.dataset.made = "yes";
  try {
    const { deskMap } = await import("./desk_map.js");
    await deskMap(box, { form, pinned: pin });
  } catch {
    box.textContent = words.noMap;
  }
}

function pin(lon, lat) {
  put("lon", lon.toFixed(6));
  put("lat", lat.toFixed(6));
  for (const name of ["area", "accuracy", "place"]) put(name, "");
  changed();
}

const ELSE = { "#questions input": "#desk-condition", "#caller button": "#caller", "#nearby button": "#nearby" };

function focus(selector, select = false) {
  const found = at(selector) ?? at(ELSE[selector] ?? "main");
  found?.focus();
  if (select) found?.select?.();
  found?.scrollIntoView({ block: "nearest" });
}

const SECTIONS = ["#desk-phone", "#desk-what", "#desk-place", "#desk-confidential", "#questions input", "#caller button"];

function wire() {
  form.elements.window.value = [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");
  form.addEventListener("compositionstart", () => ((state.composing = true), clearTimeout(state.timer)));
  form.addEventListener("compositionend", () => {
    state.composing = false;
    changed();
  });
  form.addEventListener("input", (event) => event.isComposing || changed());
  form.addEventListener("change", (event) => event.target.matches("select, [type=hidden]") && changed());
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("combobox:chosen", (event) => {
    if (event.target.querySelector("#desk-category")) put("condition", "");
    if (event.target.querySelector("#desk-place")) {
      const { lon, lat, area, kind, approximate } = event.detail.data;
      put("accuracy", kind === "road" ? 500 : approximate ? 300 : "");
      put("lon", lon);
      put("lat", lat);
      put("area", area);
    }
    changed();
  });
  form.addEventListener("combobox:changed", (event) => {
    if (event.target.querySelector("#desk-place")) for (const name of ["lon", "lat", "area", "accuracy"]) put(name, "");
  });
  form.addEventListener("combobox:query", (event) => {
    const { lon, lat } = form.elements;
    if (event.target.querySelector("#desk-place") && lon.value) {
      event.detail.params.set("lon", lon.value);
      event.detail.params.set("lat", lat.value);
    }
  });
  addEventListener("pagehide", () => {
    if (form.isConnected && state.confirmed !== state.changes) navigator.sendBeacon("/desk/look", new FormData(form));
  });
  document.addEventListener("click", clicked);
  document.addEventListener("htmx:config:request", (event) => {
    if (event.detail.ctx.sourceElement === form) state.sent = state.changes;
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response, request } = event.detail.ctx;
    if (response?.status !== 200 || request.method === "GET") return;
    if (sourceElement === form) confirmed();
    else if (/^\/desk\/(file|add)/.test(request.action)) local.drop();
  });
  document.addEventListener("htmx:after:swap", () => {
    const receipt = at("#receipt");
    if (!receipt || receipt.dataset.seen) return;
    receipt.dataset.seen = "yes";
    for (const id of ["#danger", "#unsaved", "#conflict"]) at(id)?.replaceChildren();
    history.replaceState(null, "", "/desk");
    receipt.focus();
  });
  offer();
  if (location.search.includes("ani=")) {
    history.replaceState(null, "", "/desk"); // a number does not stay in the address
    changed();
  }
  focus(form.elements.phone.value ? "#desk-what" : "#desk-phone");
}

function confirmed() {
  put("force", "");
  state.confirmed = state.sent;
  if (state.sent === state.changes) local.drop();
  if (form.isConnected && state.changes) history.replaceState(null, "", `/desk?draft=${form.dataset.draft}`);
  state.waiting?.();
}

function clicked(event) {
  const hit = (name) => event.target.closest(`[data-desk-${name}], .desk-${name}`);
  const join = hit("join");
  if (hit("proposal")) take(hit("proposal"));
  else if (join) file(join.dataset.deskJoin);
  else if (hit("save")) look();
  else if (hit("new")) next();
  else if (hit("map")?.matches("button")) map(hit("map"));
  else if (hit("mine")) {
    put("force", "1");
    hit("bar").remove();
    changed();
  } else if (hit("theirs")) {
    local.drop();
    location.assign(`/desk?draft=${form.dataset.draft}`);
  }
}

// Before htmx collects the form: a hand-over stays with every word that is sent after it.
document.addEventListener(
  "click",
  (event) => {
    const hand = event.target.closest("[data-desk-hand]");
    if (hand) put("handed", [...new Set([...form.elements.handed.value.split(" "), hand.dataset.deskHand])].join(" ").trim());
  },
  true,
);

const everywhere = (keys, label, run) => bind({ keys, label, run, anywhere: true });
everywhere("F2", words.newReport ?? "", () => next());
if (form) {
  const live = (run) => () => (form.isConnected ? run() : false);
  everywhere("Control+Enter", words.file, live(() => file()));
  everywhere("Control+s", words.save, live(() => look()));
  everywhere("F4", words.duplicates, live(() => focus("#nearby button")));
  everywhere("F8", words.place, live(() => focus("#desk-place", true)));
  everywhere("F9", words.merge, live(() => {
    const join = at("#nearby [data-desk-join]");
    if (join) file(join.dataset.deskJoin);
  }));
  SECTIONS.forEach((selector, n) => everywhere(`Alt+${n + 1}`, words.section.replace("{n}", n + 1), live(() => focus(selector))));
  for (const n of [1, 2, 3]) everywhere(`Alt+${n + 6}`, words.take.replace("{n}", n), live(() => take(at(`#proposal-${n}`))));
  everywhere("Alt+0", words.handOver, live(() => at("[data-desk-hand]:not(:disabled)")?.click()));
  const inCase = (selector) => () => document.activeElement.closest("[data-desk-case]")?.querySelector(selector)?.click() ?? false;
  bind({ keys: "s", label: words.supplement, run: inCase("[data-desk-add=supplement]") });
  bind({ keys: "u", label: words.urge, run: inCase("[data-desk-add=urge]") });
  bind({ keys: "r", label: words.repeat, run: inCase("[data-desk-repeat]") });
  bind({
    keys: "Escape", anywhere: true, label: words.back,
    run: () => (at("#desk-side").contains(document.activeElement) ? focus("#desk-what") : false),
  });
  wire();
}
