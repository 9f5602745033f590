// Keys of a page: one table for the handlers and for the help that is shown.
//
// Keys that work anywhere have a modifier or are F-keys; single characters work outside fields
// only and can be switched off (WCAG 2.1.4). Nothing happens while an input method composes.

const table = [];

/** Bind keys. `keys` is as in aria-keyshortcuts ("Control+Enter", "F2", "j"); `run` returns false to pass. */
export function bind({ keys, label, run, anywhere = false, within = document }) {
  table.push({ keys, label, run, anywhere, within });
}

/** Tell whether an input method is composing: then Enter takes a candidate and nothing else. */
export const composing = (event) => event.isComposing || event.keyCode === 229;

function name(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Control");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && event.key.length > 1) parts.push("Shift");
  // Alt with a digit may give another character on some layouts: the key's own place counts.
  const digit = event.altKey && /^Digit\d$/.test(event.code) ? event.code.slice(5) : event.key;
  parts.push(digit.length === 1 ? digit.toLowerCase() : digit);
  return parts.join("+");
}

const inField = (target) =>
  target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (composing(event)) return;
  const pressed = name(event);
  for (const one of table) {
    if (one.keys.toLowerCase() !== pressed.toLowerCase()) continue;
    if (!one.anywhere && (inField(event.target) || document.documentElement.dataset.keys === "off")) continue;
    if (one.within !== document && !one.within.contains(event.target) && event.target !== document.body) continue;
    if (one.run(event) !== false) {
      event.preventDefault();
      return;
    }
  }
});

/** Show every key of this page. */
export function help() {
  const dialog = document.getElementById("keys");
  const rows = table.map((one) => {
    const row = document.createElement("div");
    row.className = "spread";
    const key = document.createElement("kbd");
    key.textContent = one.keys;
    const label = document.createElement("span");
    label.textContent = one.label;
    row.append(label, key);
    return row;
  });
  dialog.querySelector("[data-keys-list]").replaceChildren(...rows);
  dialog.showModal();
}
