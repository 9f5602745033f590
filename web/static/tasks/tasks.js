// The pages of the street: forms go through the outbox, photos are made smaller and sent in pieces, pages are kept.
import { all, drop, get, put } from "./db.js";
import { again, discard, flush, items, keep } from "./outbox.js";
import { here, mapOfMine, nearest, position } from "./place.js";
import { prepare } from "./photo.js";

const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");
const words = read("task-words");
const strip = document.querySelector("[data-served]");
const mine = strip.dataset.keep;
const area = location.pathname.startsWith("/verify") ? "verify" : "tasks";
const root = document.documentElement;
const CASE = document.querySelector("[data-queued]")?.dataset.queued;

const make = (tag, text = "", className = "") => Object.assign(document.createElement(tag), { textContent: text, className });
const reveal = (selector) => document.querySelectorAll(selector).forEach((one) => (one.hidden = false));

/* ---- without a line ---- */

function fromPhone() {
  if (strip.dataset.from !== "phone") return;
  strip.hidden = false;
  strip.textContent = `${words.from_phone} · ${new Date(strip.dataset.served).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
}

async function work() {
  for (const scope of ["/tasks", "/verify"]) await navigator.serviceWorker.register("/tasks/sw.js", { scope });
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
  }
  const lists = ["/tasks", "/verify"].filter((path) => document.querySelector(`nav a[href="${path}"]`));
  for (const path of [location.pathname, "/tasks/outbox", ...lists]) if (!(await caches.match(path))) await fetch(path).catch(() => {});
  root.dataset.offline = "ready";
}

async function take(button) {
  const paths = new Set([...document.querySelectorAll("[data-case-link]")].map((one) => new URL(one.href).pathname));
  let taken = 0;
  button.disabled = true;
  for (const path of [location.pathname, "/tasks/outbox", ...paths]) {
    const answer = await fetch(path).catch(() => null);
    if (answer?.ok) taken += 1;
  }
  button.disabled = false;
  button.textContent = words.taken.replace("{n}", taken);
}

/* ---- what waits to be sent ---- */

const label = (item, kinds) => kinds[item.kind] ?? document.getElementById(`do-${item.kind}`)?.querySelector("h2")?.textContent ?? item.kind;

async function badge() {
  const waiting = await items();
  const link = document.querySelector("a.unsent");
  link.hidden = waiting.length === 0;
  link.textContent = words.unsent.replace("{n}", waiting.length);
  root.dataset.waiting = String(waiting.length);
  await Promise.all([queued(waiting), outbox(waiting)]);
}

/** On a case: its forms that wait are put away, and what comes after them is offered. */
async function queued(waiting) {
  const place = document.querySelector("[data-queued]");
  if (!place) return;
  const here = waiting.filter((one) => one.caseNo === CASE);
  place.replaceChildren(...here.map((one) => card(one, {})));
  for (const form of document.querySelectorAll("form.act")) {
    const own = here.some((one) => one.kind === form.dataset.act && one.item === form.dataset.item);
    const after = here.some((one) => one.item === form.dataset.item && one.kind.startsWith("sign_in"));
    form.hidden = own || ("later" in form.dataset && !after);
  }
  thumb();
}

/** The button under the thumb does the first thing that can be done. */
function thumb() {
  const bar = document.querySelector("[data-thumb]");
  if (!bar) return;
  const form = [...document.querySelectorAll("form.act:not([hidden])")].find((one) => !one.closest("details"));
  bar.hidden = !form;
  for (const one of document.querySelectorAll("form.act")) one.classList.toggle("by-thumb", one === form);
  if (!form) return;
  const button = bar.firstElementChild;
  button.setAttribute("form", form.id);
  button.textContent = form.querySelector("h2").textContent;
}

function card(item, kinds) {
  const box = make("section", "", `card sent-${item.state}`);
  box.dataset.itemState = item.state;
  box.append(make("h3", `${label(item, kinds)} · ${item.caseNo}`));
  const other = item.keep !== mine;
  const state = item.state === "refused" ? words.refused : other ? words.other : words.waiting;
  box.append(make("p", state, item.state === "refused" ? "notice late" : "muted"));
  if (item.problem) box.append(make("p", `${words.server}: ${item.problem.text}`, "server-words"));
  const typed = item.fields.filter(([name, value]) => value && !["item", "lon", "lat", "accuracy_m", "by_hand"].includes(name));
  if (typed.length && !other) {
    const said = make("dl", "", "facts");
    for (const [name, value] of typed) said.append(make("dt", item.labels?.[name] ?? name), make("dd", item.shown?.[name] ?? value));
    box.append(make("p", words.typed, "muted"), said);
  }
  if (item.photos?.length) {
    const row = make("ul", "", "thumbs");
    box.append(row);
    for (const id of item.photos) get("photos", id).then((photo) => photo && row.append(thumbnail(photo)));
  }
  if (other) return box;
  const row = make("p", "", "row");
  const button = (text, run, kind = "button") => {
    const one = make("button", text, kind);
    one.type = "button";
    one.addEventListener("click", run);
    row.append(one);
  };
  if (item.state === "refused") {
    button(words.change, () => change(item), "button primary");
    button(words.again, () => again(item.id));
  }
  if (item.caseNo !== CASE) {
    const link = make("a", words.open, "button");
    link.href = `/${item.area}/${item.caseNo}`;
    row.append(link);
  }
  button(words.discard, () => confirm(words.discard_sure) && discard(item.id), "button danger");
  box.append(row);
  return box;
}

/** What was not taken goes back into its form, photos and all, to be put right there. */
async function change(item) {
  const form = [item.keep, item.caseNo, item.kind, item.item].join("|");
  await put("drafts", { key: form, fields: item.fields });
  for (const id of item.photos ?? []) {
    const photo = await get("photos", id);
    if (photo) await put("photos", { ...photo, form });
  }
  await drop("items", item.id);
  location.assign(`/${item.area}/${item.caseNo}`);
}

async function outbox(waiting) {
  const place = document.querySelector("[data-outbox]");
  if (!place) return;
  const kinds = read("kind-words");
  place.replaceChildren(...(waiting.length ? waiting.map((one) => card(one, kinds)) : [make("p", words.nothing, "muted")]));
  document.querySelector("[data-send-now]").hidden = waiting.length === 0;
}

async function keptPages() {
  const list = document.querySelector("[data-kept]");
  if (!list) return;
  const rows = [];
  for (const name of await caches.keys()) {
    if (!name.startsWith("cityops-pages-")) continue;
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const path = new URL(request.url).pathname;
      if (path === "/tasks/outbox") continue;
      const found = new DOMParser().parseFromString(await (await cache.match(request)).text(), "text/html");
      const link = make("a", `${found.querySelector("h1")?.textContent ?? path} ${path.split("/")[2] ?? ""}`, "task");
      link.href = path;
      const row = make("li");
      row.append(link);
      rows.push(row);
    }
  }
  list.replaceChildren(...rows);
}

/* ---- forms ---- */

const keyOf = (form) => [mine, form.dataset.case, form.dataset.act, form.dataset.item].join("|");
const typedIn = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["csrf", "request_id"].includes(name));

async function begin(form) {
  const draft = await get("drafts", keyOf(form));
  if (draft && !form.querySelector('[role="alert"]')) fill(form, draft.fields);
  let timer;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => put("drafts", { key: keyOf(form), fields: typedIn(form) }), 250);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
  const locate = [...form.querySelectorAll("[data-position]")].map((field) => position(field, words, { ask: "needed" in field.dataset }))[0];
  for (const field of form.querySelectorAll("[data-photos]")) photos(form, field, locate);
}

function fill(form, fields) {
  for (const box of form.querySelectorAll('[type="checkbox"]')) box.checked = false;
  for (const [name, value] of fields) {
    for (const one of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (["checkbox", "radio"].includes(one.type)) one.checked = one.value === value;
      else if (one.type !== "file") one.value = value;
    }
  }
}

function shownOf(form) {
  const labels = {}, shown = {};
  for (const one of form.querySelectorAll("[name]")) {
    const own = one.labels?.[0]?.textContent.replace("*", "").trim();
    const legend = one.closest("fieldset")?.querySelector("legend")?.textContent.replace("*", "").trim();
    labels[one.name] ??= one.type === "radio" ? legend : own;
    if (one.type === "radio" && one.checked) shown[one.name] = own;
    if (one.type === "checkbox") shown[one.name] = "✓";
    if (one.tagName === "SELECT") shown[one.name] = one.selectedOptions[0]?.textContent;
  }
  return { labels, shown };
}

async function submit(form) {
  const own = (await all("photos")).filter((one) => one.form === keyOf(form)).map((one) => one.id);
  const required = form.querySelector("[data-photos] .must") && !own.length;
  if (required) return form.querySelector("[data-photos] input").focus();
  const { act, case: caseNo, item } = form.dataset;
  await Promise.all([...(form.preparing ?? [])]);
  const fields = typedIn(form);
  await keep({ keep: mine, kind: act, caseNo, item, area, fields, photos: await taken(form), ...shownOf(form) });
  await drop("drafts", keyOf(form));
  document.getElementById("polite").textContent = words.saved;
}

/** The photos of a form become the act's. */
async function taken(form) {
  const own = (await all("photos")).filter((one) => one.form === keyOf(form));
  for (const photo of own) await put("photos", { ...photo, form: null });
  form.querySelectorAll("[data-thumbs]").forEach((one) => one.replaceChildren());
  return own.map((one) => one.id);
}

/* ---- photos ---- */

function photos(form, field, locate) {
  const list = field.querySelector("[data-thumbs]");
  all("photos").then((found) => {
    for (const photo of found) if (photo.form === keyOf(form) && photo.kind === kindOf(field)) list.append(thumbnail(photo, true));
  });
  field.addEventListener("change", (event) => {
    const files = [...event.target.files];
    event.target.value = ""; // what is chosen goes by the outbox, not with the form
    form.preparing ??= new Set();
    for (const file of files) {
      const work = add(form, field, file, locate).finally(() => form.preparing.delete(work));
      form.preparing.add(work);
    }
  });
}

const kindOf = (field) => (field.dataset.photos === "photo" ? "near" : field.dataset.photos);

async function add(form, field, file, locate) {
  const list = field.querySelector("[data-thumbs]");
  // Whoever takes a photo stands where it shows something, unless they said otherwise by hand.
  const found = form.querySelector('[name="by_hand"]')?.value ? null : locate?.();
  let made;
  try {
    made = await prepare(file);
  } catch {
    list.append(make("li", words.photo_bad, "notice late"));
    return;
  }
  await found;
  const at = (name) => form.querySelector(`[name="${name}"]`)?.value ?? "";
  const said = { lon: at("lon"), lat: at("lat"), accuracy_m: at("accuracy_m"), by_hand: at("by_hand"), taken_at: new Date().toISOString() };
  const photo = { id: crypto.randomUUID(), keep: mine, caseNo: form.dataset.case, form: keyOf(form), kind: kindOf(field), name: file.name, said, received: 0, ...made };
  await put("photos", photo);
  list.append(thumbnail(photo, true));
  flush();
}

function thumbnail(photo, mayGo = false) {
  const row = make("li", "", "thumb-photo");
  row.dataset.photo = photo.id;
  const picture = make("img");
  Object.assign(picture, { src: URL.createObjectURL(photo.blob), alt: words.photo, width: 96, height: 96 });
  picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
  const state = make("span", "", "photo-state");
  row.append(picture, state);
  said(state, photo);
  if (mayGo) {
    const button = make("button", words.remove, "button small");
    button.type = "button";
    button.addEventListener("click", async () => {
      await drop("photos", photo.id);
      row.remove();
    });
    row.append(button);
  }
  state.addEventListener("click", async () => {
    const found = await get("photos", photo.id);
    if (found?.problem) await put("photos", { ...found, problem: null });
    flush();
  });
  return row;
}

function said(state, photo) {
  const share = Math.floor((100 * photo.received) / photo.size);
  if (photo.problem) state.textContent = `${words.photo_failed} ${photo.problem.text}`;
  else if (photo.sent) state.textContent = words.photo_done;
  else state.textContent = photo.received ? words.photo_up.replace("{n}", share) : words.photo_wait;
}

async function progress() {
  for (const row of document.querySelectorAll("[data-photo]")) {
    const photo = await get("photos", row.dataset.photo);
    if (photo) said(row.querySelector(".photo-state"), photo);
  }
}

/* ---- the page ---- */

async function reporters() {
  const box = document.querySelector("[data-reporters]");
  if (!box) return;
  try {
    const answer = await fetch(box.dataset.reporters, { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (!answer.ok) return;
    box.querySelector("p").outerHTML = await answer.text();
  } catch {
    box.querySelector("p").replaceWith(make("p", words.no_call, "muted"));
  }
}

function lists() {
  reveal("[data-take], [data-show-map], [data-near]");
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (button?.matches("[data-take]")) take(button);
    if (button?.matches("[data-send-now]")) flush();
    if (button?.matches("[data-show-map]")) {
      const map = document.querySelector("[data-mine]");
      map.hidden = !map.hidden;
      button.setAttribute("aria-expanded", String(!map.hidden));
      if (!map.hidden && !map.childElementCount) await mapOfMine(map, document.querySelectorAll("[data-case-link]"), area);
    }
    if (button?.matches("[data-near]")) {
      const text = document.querySelector("[data-near-text]");
      text.textContent = words.locating;
      try {
        const at = await here();
        nearest(document.querySelector("[data-by-distance]"), at, words);
        text.textContent = words.position.replace("{n}", Math.round(at.accuracy));
      } catch {
        text.textContent = words.denied;
      }
    }
  });
}

async function arrived({ detail: { item } }) {
  await badge();
  if (item.caseNo !== CASE || (await items()).some((one) => one.caseNo === CASE && one.state === "waiting")) return;
  location.replace(area === "verify" ? `/verify?done=${item.kind}&case=${item.caseNo}` : `/tasks/${CASE}?done=${item.kind}`);
}

lists();
reporters();
fromPhone();
// Without a secure address a browser gives neither a worker nor a digest: then forms are plain forms.
if (isSecureContext && "indexedDB" in window) {
  document.addEventListener("outbox:change", () => (badge(), progress()));
  document.addEventListener("outbox:progress", progress);
  document.addEventListener("outbox:sent", arrived);
  document.addEventListener("outbox:signed-out", () => {
    strip.hidden = false;
    const link = make("a", words.sign_in);
    link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
    strip.replaceChildren(link);
  });
  await Promise.all([...document.querySelectorAll("form.act")].map(begin));
  await badge();
  root.dataset.tasks = "ready";
  flush();
  keptPages();
  if ("serviceWorker" in navigator) work().catch(() => {});
}
