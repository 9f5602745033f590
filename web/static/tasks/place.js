// Where the phone is: its position with accuracy, moved by hand, how far things are, and the map of mine.
const EARTH_M = 6371008.8;
const METRES = 111320;
const rad = (degrees) => (degrees * Math.PI) / 180;

/** Metres between two points of WGS-84 degrees. */
export function metres(a, b) {
  const sides = Math.sin(rad(b.lat - a.lat) / 2) ** 2;
  const round = Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.sin(rad(b.lon - a.lon) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(sides + round));
}

/** The phone's position, {lon, lat, accuracy}; rejects where it gives none. */
export function here() {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) return reject(new Error("none"));
    const found = ({ coords }) => resolve({ lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy });
    navigator.geolocation.getCurrentPosition(found, reject, { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 });
  });
}

/** Make a form's position field work: found by the phone, corrected by typing, by steps of five metres, on a map. */
export function position(field, words, { ask = false } = {}) {
  const form = field.closest("form");
  const text = field.querySelector("[data-position-text]");
  const of = (name) => field.querySelector(`[name="${name}"]`);
  const byHand = () => {
    of("by_hand").value = "1";
    of("accuracy_m").value = "";
    text.textContent = words.by_hand;
  };
  const set = ({ lon, lat }) => {
    of("lon").value = lon.toFixed(6);
    of("lat").value = lat.toFixed(6);
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const locate = async () => {
    text.textContent = words.locating;
    try {
      const found = await here();
      set(found);
      of("accuracy_m").value = found.accuracy.toFixed(1);
      of("by_hand").value = "";
      text.textContent = words.position.replace("{n}", Math.round(found.accuracy));
    } catch {
      text.textContent = words.denied;
      field.querySelector("details").open = true;
    }
  };
  const locator = field.querySelector("[data-locate]");
  locator.hidden = field.querySelector("[data-nudge-row]").hidden = false;
  locator.addEventListener("click", locate);
  for (const name of ["lon", "lat"]) of(name).addEventListener("input", (event) => event.isTrusted && byHand());
  field.addEventListener("click", (event) => {
    const way = event.target.closest("[data-nudge]")?.dataset.nudge;
    const at = { lon: Number(of("lon").value), lat: Number(of("lat").value) };
    if (!way || (!at.lon && !at.lat)) return;
    if (way === "n" || way === "s") at.lat += ((way === "n" ? 5 : -5) / METRES);
    else at.lon += (way === "e" ? 5 : -5) / (METRES * Math.cos(rad(at.lat)));
    set(at);
    byHand();
  });
  if (of("lon").value) text.textContent = of("by_hand").value ? words.by_hand : words.position.replace("{n}", Math.round(of("accuracy_m").value || 0));
  if (ask && !of("lon").value) locate();
  return locate;
}

/** Put the nearest first and say how far each is. */
export function nearest(list, at, words) {
  const rows = [...list.children].map((row) => {
    const { lon, lat } = row.querySelector("[data-lon]")?.dataset ?? {};
    return { row, away: lon === undefined ? Infinity : metres(at, { lon: Number(lon), lat: Number(lat) }) };
  });
  for (const { row, away } of rows.sort((a, b) => a.away - b.away)) {
    const said = row.querySelector("[data-away]");
    if (said && away < Infinity) {
      said.textContent = away < 1000 ? words.metres.replace("{n}", Math.round(away)) : words.km.replace("{n}", (away / 1000).toFixed(1));
    }
    list.append(row);
  }
}

/** Show what the page lists on a map; the map itself is loaded now. */
export async function mapOfMine(element, links, area) {
  const base = new URL("..", import.meta.url);
  const style = document.createElement("link");
  Object.assign(style, { rel: "stylesheet", href: new URL("map.css", base).href });
  document.head.append(style);
  const { makeMap } = await import(new URL("map.js", base).href);
  const seen = new Set();
  const features = [];
  for (const link of links) {
    const { lon, lat, caseLink, severity } = link.dataset;
    if (lon === undefined || seen.has(caseLink)) continue;
    seen.add(caseLink);
    const properties = { no: caseLink, severity: Number(severity) };
    features.push({ type: "Feature", properties, geometry: { type: "Point", coordinates: [Number(lon), Number(lat)] } });
  }
  const canvas = document.createElement("div");
  canvas.className = "map-canvas";
  canvas.dataset.mapCanvas = "";
  element.className = "map mine";
  element.replaceChildren(canvas);
  element.addEventListener("map:case", (event) => location.assign(`/${area}/${event.detail.no}`));
  const map = makeMap(element, { areas: ["district", "street"], cases: { type: "FeatureCollection", features } });
  const middle = (n) => features.map((one) => one.geometry.coordinates[n]).sort((a, b) => a - b)[features.length >> 1];
  if (features.length) map.ready.then(() => map.show(middle(0), middle(1), 12));
  return map;
}
