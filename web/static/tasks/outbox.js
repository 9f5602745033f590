// The outbox: what was done in the street, in order, each with its photos, until the server has it.
//
// Everything goes through it, with a line or without. An act has an id made on the phone, so that sent
// twice it is done once; the token is fetched when it is sent. What the server does not take stays, with
// the server's words, until a person decides. `outbox:change` and `outbox:sent` are told on the document.
import { all, drop, get, put } from "./db.js";

const PIECE = 128 * 1024;
const SOONEST_S = 2;
const LATEST_S = 60;
const LATE_MS = 60_000;
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);
let wait = SOONEST_S;
let timer;

/** No line, or a server that does not answer now: tried again by itself. */
class NoLine extends Error {}
/** Nobody is signed in any more. */
class SignedOut extends Error {}
/** The server's own words: `problem` has status, code, text. */
class Refused extends Error {
  constructor(problem) {
    super(problem.text);
    this.problem = problem;
  }
}

const tell = (name, detail = {}) => document.dispatchEvent(new CustomEvent(`outbox:${name}`, { detail }));

/** Keep an act and send it as soon as there is a line. Resolves when it is on the phone. */
export async function keep(act) {
  const id = await put("items", { ...act, requestId: crypto.randomUUID(), at: new Date().toISOString(), state: "waiting", late: !navigator.onLine });
  tell("change");
  flush();
  return id;
}

/** What was not taken is sent once more, as another act: the first one's answer stands. */
export async function again(id) {
  const item = await get("items", id);
  for (const photo of await photosOf(item)) if (photo.problem) await put("photos", { ...photo, problem: null, uploadId: null, received: 0 });
  await put("items", { ...item, requestId: crypto.randomUUID(), state: "waiting", problem: null });
  tell("change");
  flush();
}

/** Forget an act and its photos. */
export async function discard(id) {
  const item = await get("items", id);
  for (const photo of item?.photos ?? []) await drop("photos", photo);
  await drop("items", id);
  tell("change");
}

export const items = () => all("items");
const photosOf = async (item) => (await Promise.all((item.photos ?? []).map((id) => get("photos", id)))).filter(Boolean);

/** Send what waits, one page at a time, in order; photos of forms that are still being filled in follow. */
export function flush() {
  clearTimeout(timer);
  if (!navigator.locks) return sendAll();
  return navigator.locks.request("cityops-outbox", { ifAvailable: true }, (lock) => (lock ? sendAll() : later()));
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(flush, wait * 1000);
}

async function sendAll() {
  const waiting = (await all("items")).filter((one) => one.state === "waiting");
  const open = (await all("photos")).filter((one) => !one.problem && !one.sent);
  if (!waiting.length && !open.length) return;
  try {
    const session = await ask("/tasks/session");
    for (const item of waiting) if (item.keep === session.keep) await send(item, session);
    for (const photo of await all("photos")) if (photo.keep === session.keep && !photo.problem) await ahead(photo, session);
    wait = SOONEST_S;
    if ((await all("items")).some((one) => one.state === "waiting" && one.keep === session.keep)) later();
  } catch (error) {
    if (error instanceof SignedOut) return tell("signed-out");
    if (!(error instanceof NoLine)) throw error;
    for (const item of await all("items")) if (item.state === "waiting" && !item.late) await put("items", { ...item, late: true });
    wait = Math.min(wait * 2, LATEST_S);
    later();
  } finally {
    tell("change");
  }
}

async function send(item, session) {
  try {
    for (const photo of await photosOf(item)) await upload(photo, session, true);
    const form = new URLSearchParams(item.fields);
    form.set("request_id", item.requestId);
    // Late is what was done without a line, and what waited for its turn behind other acts.
    if (item.late || Date.now() - Date.parse(item.at) > LATE_MS) form.set("occurred_at", item.at);
    for (const photo of await photosOf(item)) form.append("photo_ref", photo.address);
    await ask(`/tasks/${item.caseNo}/act/${item.kind}`, { method: "POST", body: form }, session);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await put("items", { ...item, state: "refused", problem: error.problem });
    return tell("refused", { item });
  }
  for (const photo of item.photos ?? []) await drop("photos", photo);
  await drop("items", item.id);
  tell("sent", { item });
}

/** The pieces of a photo go ahead while its form is filled in; it becomes part of the case with the act. */
async function ahead(photo, session) {
  try {
    await upload(photo, session, false);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

async function upload(photo, session, ends) {
  if (photo.address || (!ends && photo.sent)) return;
  try {
    await pieces(photo, session);
    if (ends) photo.address = (await ask(`/tasks/uploads/${photo.uploadId}/done`, { method: "POST" }, session)).photo;
  } catch (error) {
    if (error instanceof Refused) photo.problem = error.problem;
    await keepPhoto(photo);
    throw error;
  }
  await keepPhoto(photo);
}

async function pieces(photo, session) {
  const named = { case_no: photo.caseNo, digest: photo.digest, size: photo.size, kind: photo.kind, media_type: photo.type, name: photo.name, ...photo.said };
  const begun = await ask("/tasks/uploads", { method: "POST", body: new URLSearchParams(named) }, session);
  Object.assign(photo, { uploadId: begun.id, received: begun.received });
  while (!begun.done && photo.received < photo.size) {
    const body = photo.blob.slice(photo.received, photo.received + PIECE);
    const url = `/tasks/uploads/${photo.uploadId}?offset=${photo.received}`;
    try {
      photo.received = (await ask(url, { method: "PUT", body }, session)).received;
    } catch (error) {
      // Another window was faster: go on from where it is.
      if (error.problem?.code !== "upload_offset") throw error;
      photo.received = Number(error.problem.params.received);
    }
    await keepPhoto(photo);
    tell("progress", { photo });
  }
  photo.sent = true;
}

async function keepPhoto(photo) {
  // Whoever removed it meanwhile does not get it back.
  if (await get("photos", photo.id)) await put("photos", photo);
}

/** Ask the server. Throws NoLine, SignedOut or Refused; a token that went stale is fetched once more. */
async function ask(url, options = {}, session = null, second = false) {
  const headers = { Accept: "application/json", "HX-Request": "true" };
  if (session) headers["X-CSRF-Token"] = session.csrf;
  let answer, body;
  try {
    answer = await fetch(url, { credentials: "same-origin", redirect: "manual", cache: "no-store", ...options, headers });
    body = await answer.text();
  } catch {
    throw new NoLine();
  }
  if (answer.ok) return JSON.parse(body);
  if (answer.status === 401) throw new SignedOut();
  if (!answer.status || LATER.has(answer.status)) throw new NoLine();
  const problem = problemOf(answer, body);
  if (problem.code === "csrf_failed" && session && !second) {
    Object.assign(session, await ask("/tasks/session"));
    return ask(url, options, session, true);
  }
  throw new Refused(problem);
}

function problemOf(answer, body) {
  if (answer.headers.get("content-type")?.includes("json")) return JSON.parse(body);
  const notice = new DOMParser().parseFromString(body, "text/html").querySelector("[data-problem]");
  return { status: answer.status, code: notice?.dataset.problem ?? "", text: notice?.querySelector("strong")?.textContent ?? String(answer.status) };
}

addEventListener("online", () => ((wait = SOONEST_S), flush()));
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && flush());
