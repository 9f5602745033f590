// The enquiry: places fill the hidden degrees, keys go to the three ways of asking.
import "./combobox.js";
import { bind } from "./keys.js";

const words = JSON.parse(document.getElementById("ask-words").textContent);
const form = document.querySelector("[data-ask-place]");
const put = (name, value) => (form.elements[name].value = value ?? "");

form.addEventListener("combobox:chosen", (event) => {
  if (!event.target.querySelector("#ask-place")) return;
  put("lon", event.detail.data.lon);
  put("lat", event.detail.data.lat);
});
form.addEventListener("combobox:changed", (event) => {
  if (event.target.querySelector("#ask-place")) for (const name of ["lon", "lat"]) put(name, "");
});
["#ask-number", "#ask-phone", "#ask-place"].forEach((selector, n) => {
  const run = () => document.querySelector(selector).focus();
  bind({ keys: `Alt+${n + 1}`, anywhere: true, label: words.section.replace("{n}", n + 1), run });
});
document.getElementById("ask-number").focus();
