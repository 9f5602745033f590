// An editable combobox with a list from the server: WAI-ARIA "list autocomplete with manual selection".
//
// Markup comes from templates/parts/combobox.html. Nothing is asked while an input method composes,
// the Enter that takes a candidate never submits, and what was typed stays whatever the server says.
// Events on the frame: combobox:query (detail.params may be added to), combobox:chosen
// (detail: value, label, data), combobox:changed (typed after a choice: the choice no longer holds).
import { composing } from "./keys.js";

const WAIT_MS = 120;
const known = new WeakMap();

class Combobox {
  constructor(frame, input) {
    this.frame = frame;
    this.input = input;
    this.list = document.getElementById(input.getAttribute("aria-controls"));
    this.value = frame.querySelector("[data-combobox-value]");
    this.status = frame.querySelector("[data-combobox-status]");
    this.active = null;
    input.addEventListener("input", (event) => {
      if (event.isComposing) return;
      this.typed();
    });
    input.addEventListener("compositionend", () => this.typed());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest('[role="option"]');
      if (option) this.choose(option);
    });
  }

  get open() {
    return !this.list.hidden;
  }

  options() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }

  typed() {
    if (this.asked === this.input.value) return; // compositionend and input tell the same twice
    if (this.value?.value) {
      this.value.value = "";
      this.tell("combobox:changed", {});
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask(move = 0) {
    clearTimeout(this.timer);
    this.request?.abort();
    const text = this.input.value;
    this.asked = text;
    if (text.trim().length < Number(this.frame.dataset.min || 1)) return this.close();
    const params = new URLSearchParams({ [this.frame.dataset.param || "q"]: text.trim() });
    this.tell("combobox:query", { params });
    const request = (this.request = new AbortController());
    try {
      const answer = await fetch(`${this.frame.dataset.url}?${params}`, {
        credentials: "same-origin",
        headers: { "HX-Request": "true" },
        signal: request.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (request.signal.aborted || document.activeElement !== this.input) return;
      this.show(html, move);
    } catch (error) {
      if (request.signal.aborted) return;
      this.close();
      this.asked = null;
      this.say(this.frame.dataset.failed, true);
    }
  }

  show(html, move) {
    this.list.innerHTML = html;
    const options = this.options();
    options.forEach((option, n) => (option.id = `${this.list.id}-${n}`));
    this.mark(null);
    this.list.hidden = options.length === 0;
    this.input.setAttribute("aria-expanded", String(this.open));
    this.say(options.length ? this.frame.dataset.count.replace("{n}", options.length) : this.frame.dataset.none);
    if (move) this.step(move);
  }

  say(text, wrong = false) {
    this.status.textContent = text ?? "";
    this.status.classList.toggle("combo-wrong", wrong);
  }

  tell(name, detail) {
    this.frame.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.mark(null);
    this.say("");
  }

  mark(option) {
    this.active?.setAttribute("aria-selected", "false");
    this.active = option;
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  step(by) {
    const options = this.options();
    const at = options.indexOf(this.active);
    const next = at < 0 ? (by > 0 ? 0 : options.length - 1) : (at + by + options.length) % options.length;
    this.mark(options[next] ?? null);
  }

  choose(option) {
    const label = option.dataset.label ?? option.textContent.trim();
    this.input.value = this.asked = label;
    if (this.value) this.value.value = option.dataset.value ?? "";
    this.close();
    this.tell("combobox:chosen", { value: option.dataset.value, label, data: { ...option.dataset } });
    this.value?.dispatchEvent(new Event("change", { bubbles: true }));
  }

  key(event) {
    if (composing(event)) {
      if (event.key === "Enter") event.preventDefault(); // some browsers end the composition first
      return;
    }
    const run = {
      ArrowDown: () => this.arrow(event.altKey ? 0 : 1),
      ArrowUp: () => (event.altKey ? this.close() : this.arrow(-1)),
      Enter: () => (this.open && this.active ? this.choose(this.active) : false),
      Escape: () => (this.open ? this.close() : false),
      Tab: () => (this.close(), false),
    }[event.key];
    if (!run || event.ctrlKey || event.metaKey || run() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  arrow(by) {
    if (!this.open) this.ask(by);
    else if (by) this.step(by);
  }
}

/** Make every combobox of the page work, also those that come later: at their first focus. */
document.addEventListener("focusin", (event) => {
  const frame = event.target.closest?.("[data-combobox]");
  if (!frame || event.target.getAttribute("role") !== "combobox" || known.has(event.target)) return;
  known.set(event.target, new Combobox(frame, event.target));
});
