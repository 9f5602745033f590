// Acts on cases: their forms open in a dialog; what was typed stays until it is sent.
import { bind, composing } from "./keys.js";
import { notice, say } from "./shell.js";

const dialog = () => document.getElementById("act");

/** Open the form of an act, for scripts of other pages. */
export function openAct(url) {
  return htmx.ajax("GET", url, { target: "#act", swap: "innerHTML" });
}

function focusFirst(form) {
  const wrong = form.querySelector('[aria-invalid="true"], .wrong input, .wrong textarea');
  const first = form.querySelector(
    'input:not([type="hidden"], [type="file"]), textarea, select, button[type="submit"], a.button',
  );
  (wrong ?? first)?.focus();
}

let shown = null; // the form that was last in the dialog

document.addEventListener("htmx:after:swap", () => {
  const box = dialog();
  const part = box?.querySelector("#act-place");
  if (!part || part === shown || part.matches("[data-done]")) return;
  shown = part;
  if (!box.open) {
    opener = document.activeElement;
    box.showModal();
  }
  part.querySelector('[role="alert"]')?.scrollIntoView({ block: "nearest" });
  focusFirst(part);
});

let opener = null;

document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-act-close]");
  if (!close || !dialog()?.open) return;
  event.preventDefault();
  dialog().close();
});

document.addEventListener("close", (event) => {
  if (event.target !== dialog()) return;
  if (opener?.isConnected) opener.focus();
}, true);

/** Fetch what shows a case again, in place. */
function refresh(caseNo) {
  for (const part of document.querySelectorAll(`[data-live="case:${caseNo}"][data-live-get]`)) {
    htmx.ajax("GET", part.dataset.liveGet, { target: part, swap: "outerMorph" });
  }
}

document.addEventListener("cityops:acted", (event) => {
  const box = dialog();
  const done = box?.querySelector("[data-done]");
  if (box?.open) box.close();
  if (done) {
    const kind = done.classList.contains("warn") ? "warn" : "ok";
    // After the request has ended: its success takes older notices away.
    setTimeout(() => notice(done.textContent.trim(), kind), 0);
    say(done.textContent.trim());
  }
  refresh(event.detail.case);
});

// The place that was chosen brings its point with it.
document.addEventListener("combobox:chosen", (event) => {
  const frame = event.target.closest("[data-position]");
  if (!frame) return;
  frame.querySelector('[name="lon"]').value = event.detail.data.lon ?? "";
  frame.querySelector('[name="lat"]').value = event.detail.data.lat ?? "";
});
document.addEventListener("combobox:changed", (event) => {
  const frame = event.target.closest("[data-position]");
  for (const field of frame?.querySelectorAll('[name="lon"], [name="lat"]') ?? []) field.value = "";
});

bind({
  keys: "Control+Enter",
  anywhere: true,
  label: document.documentElement.lang === "en" ? "Send the form" : "提交表单",
  run: (event) => {
    const form = event.target.closest?.("form.act-form");
    if (!form || composing(event)) return false;
    form.requestSubmit();
    return true;
  },
});
