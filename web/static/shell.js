// What every page does: the token on every request, menus, keys, notices. Behaviour lives in modules.
import { bind, help } from "./keys.js";

const words = JSON.parse(document.getElementById("shell-words").textContent);
const token = () => document.querySelector('meta[name="csrf-token"]').content;

document.addEventListener("htmx:config:request", (event) => {
  const request = event.detail.ctx.request;
  if (request.method !== "GET") request.headers["X-CSRF-Token"] = token();
});

/** Show a notice at the top of the page; `kind` is late, warn, ok or nothing. */
export function notice(text, kind = "late") {
  const box = document.createElement("div");
  box.className = `notice ${kind}`;
  box.textContent = text;
  document.getElementById("notices").replaceChildren(box);
}

document.addEventListener("htmx:error", (event) => {
  // A network that fails: the page stays, and so does what was typed.
  if (event.detail?.error) notice(words.failed);
});

// A request that succeeds takes the last notice away.
document.addEventListener("htmx:after:request", (event) => {
  const status = event.detail.ctx?.response?.status ?? 0;
  const method = event.detail.ctx?.request?.method ?? "GET";
  if (method !== "GET" && status >= 200 && status < 300) document.getElementById("notices").replaceChildren();
});

/** Say something to a screen reader, politely. */
export function say(text) {
  document.getElementById("polite").textContent = text;
}

/** Fetch from our origin with the token; the answer as it is. */
export function send(url, options = {}) {
  const headers = { "X-CSRF-Token": token(), ...(options.headers ?? {}) };
  return fetch(url, { credentials: "same-origin", ...options, headers });
}

// Menus close when the focus or a click goes elsewhere.
const menus = () => document.querySelectorAll("details[data-menu][open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("focusin", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});

bind({ keys: "Escape", anywhere: true, label: words.close, run: closeTop });
bind({ keys: "?", label: words.help, run: help });
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-help]")) help();
});

function closeTop() {
  const open = [...menus()].at(-1);
  if (!open) return false;
  open.open = false;
  open.querySelector("summary").focus();
  return true;
}

// Signing out forgets what this phone keeps of tasks, after asking when something is not sent.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.getAttribute("action") !== "/sign-out" || form.dataset.left) return;
  event.preventDefault();
  const { leave } = await import("./tasks/leave.js");
  if (!(await leave(words.unsent))) return;
  form.dataset.left = "1";
  form.submit();
});
