// The map is a picture the server drew; its shades, numbers and dots follow the figures.
const SVG = "http://www.w3.org/2000/svg";

/** Show `data` ({areas: {code: [band, text]}, dots: [[x, y, cases, severity]]}) in an element's picture. */
export function drawMap(element, data) {
  const picture = element.querySelector("svg");
  if (!picture || !data) return;
  for (const path of picture.querySelectorAll("path[data-code]")) {
    const [band, text] = data.areas[path.dataset.code] ?? [0, "—"];
    path.setAttribute("class", `band-${band}`);
    const title = path.firstElementChild;
    title.textContent = `${title.textContent.split(":")[0]}: ${text}`;
  }
  const whole = document.querySelector("[data-map-whole]")?.getAttribute("aria-pressed") === "true" || picture.dataset.stay;
  picture.setAttribute("viewBox", whole ? picture.dataset.whole : data.core.join(" "));
  const unit = picture.viewBox.baseVal.width / 1000;
  picture.querySelector(".labels").setAttribute("font-size", (26 * unit).toFixed(1));
  for (const text of picture.querySelectorAll("text[data-value]")) text.textContent = data.areas[text.dataset.value]?.[1] ?? "";
  dots(picture.querySelector(".dots"), data.dots, unit);
}

function dots(group, wanted, unit) {
  while (group.childElementCount > wanted.length) group.lastElementChild.remove();
  while (group.childElementCount < wanted.length) group.append(document.createElementNS(SVG, "circle"));
  wanted.forEach(([x, y, cases, severity], n) => {
    const dot = group.children[n];
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    dot.setAttribute("r", (unit * Math.min(3 + 2.4 * Math.sqrt(cases), 26)).toFixed(2));
    dot.setAttribute("class", severity <= 2 ? "urgent" : "");
  });
}

let heat = null;

/** Show the same as a map to move and zoom, with heat; MapLibre is loaded when somebody asks for it. */
export async function drawHeat(element, data, language) {
  if (!data) return;
  const cases = {
    type: "FeatureCollection",
    features: data.spots.map(([lon, lat, count, severity]) => ({
      type: "Feature", properties: { count, severity }, geometry: { type: "Point", coordinates: [lon, lat] },
    })),
  };
  const values = Object.fromEntries(Object.entries(data.areas).map(([code, [band, text]]) => [code, { value: band, band, text }]));
  const choropleth = { level: data.level, values };
  if (!heat) {
    const { makeMap } = await import("./map.js");
    heat = makeMap(element, { areas: [data.level], cases, heat: true, choropleth, language });
    return;
  }
  heat.setCases(cases);
  heat.setChoropleth(choropleth);
}
