// The desk's map, loaded only when somebody opens it: a pin is moved, the sheet gets its place.
import { makeMap } from "./map.js";

export function deskMap(box, { form, pinned }) {
  const lon = Number(form.elements.lon.value);
  const lat = Number(form.elements.lat.value);
  const start = { lon: lon || Number(box.dataset.lon), lat: lat || Number(box.dataset.lat) };
  const map = makeMap(box, { areas: ["district", "street"], pin: { ...start, movable: true } });
  box.addEventListener("map:pin", (event) => event.detail.by !== "page" && pinned(event.detail.lon, event.detail.lat));
  form.addEventListener("combobox:chosen", (event) => {
    const { lon: to, lat: up } = event.detail.data;
    if (!to || box.hidden) return;
    map.setPin({ lon: Number(to), lat: Number(up), movable: true });
    map.show(Number(to), Number(up), 15);
  });
  return map.ready;
}
