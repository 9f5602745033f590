// A place chosen from the list puts the pin there; what is near the pin comes first in the list.
import { makeMap } from "./map.js";

document.addEventListener("combobox:query", (event) => {
  const pin = mapOf(event.target)?.pin;
  if (!pin) return;
  event.detail.params.set("lon", pin.lon.toFixed(5));
  event.detail.params.set("lat", pin.lat.toFixed(5));
});

document.addEventListener("combobox:chosen", (event) => {
  const map = mapOf(event.target);
  const { lon, lat, approximate } = event.detail.data;
  if (!map || lon === undefined) return;
  map.setPin({ lon: Number(lon), lat: Number(lat), accuracy: approximate ? 300 : 0 }, "search");
  map.show(Number(lon), Number(lat), 15);
});

/** The map with a pin in the same form as a place field. */
function mapOf(field) {
  const element = field.closest("form")?.querySelector("[data-map]");
  return element ? makeMap(element) : null;
}
