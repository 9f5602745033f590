// The map: our own outlines, cases and pin, drawn by MapLibre without any other server; without WebGL
// the same as a plain picture (map-plain.js). What it shows is also in words beside it.
//
//   const map = makeMap(element, { areas: ["district", "street"], roads: true, cases: URL | GeoJSON, pin: {lon, lat,
//     accuracy, movable}, heat: true, choropleth: {level, values: {CODE: {value, text}}}, language })
//   map.setPin({lon, lat, accuracy}), map.setCases(URL | GeoJSON | null), map.setChoropleth(…), map.show(lon,
//   lat, zoom), map.remove(); events on the element: map:ready, map:pin {lon, lat, by}, map:case {no}, map:area {code}
//
// <div data-map='{…}'> (templates/parts/map.html) becomes a map by itself.
const PACKAGE = new URL("./vendor/maplibre/maplibre-gl.mjs", import.meta.url);
const STYLE = new URL("./vendor/maplibre/maplibre-gl.css", import.meta.url);
const FONTS = ["Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "sans-serif"];
const made = new WeakMap();

export const WORDS = {
  zh: {
    map: "地图。方向键移动，加减键缩放，回车将标记放到中心", plain: "地图（简图）", pin: "事件位置标记。方向键移动，按住 Shift 微调",
    in: "放大", out: "缩小", at: "位置", outside: "不在本市范围内", failed: "地图数据没有取到，请重试", cases: "图上的事件",
    none: "图上没有事件", sev: ["", "特急", "紧急", "一般", "轻微"], many: (n) => `${n} 件，放大后逐件显示`, more: (n) => `另有 ${n} 件，请放大`,
  },
  en: {
    map: "Map. Arrow keys move it, plus and minus zoom, Enter puts the pin in the middle", plain: "Map (plain)",
    pin: "Place of the event. Arrow keys move it, with Shift finely", in: "Zoom in", out: "Zoom out", at: "Place",
    outside: "outside the city", failed: "No map data; try again", cases: "Cases on the map", none: "No cases on the map",
    sev: ["", "Extreme", "Urgent", "Normal", "Minor"], many: (n) => `${n} cases, zoom in to see each`, more: (n) => `${n} more; zoom in`,
  },
};

/** Colours as the page's tokens say, so that light and dark are the page's own. */
export function colours(element) {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const bands = [0, 1, 2, 3, 4, 5].map((n) => of(`map-band-${n}`));
  const severity = [1, 2, 3, 4].map((n) => of(`map-sev-${n}`));
  return {
    water: of("map-water"), land: of("map-land"), line: of("map-line"), border: of("map-border"), road: of("map-road"), ink: of("map-ink"),
    halo: of("map-halo"), accent: of("accent"), paper: of("surface"), bands, severity, onSeverity: of("map-on-sev"),
  };
}

export const byUrl = (level) => (level.includes("/") ? level : `/maps/areas/${level}.geojson`);

export async function load(source) {
  if (!source || typeof source !== "string") return source || { type: "FeatureCollection", features: [] };
  const answer = await fetch(source, { credentials: "same-origin", headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

/** A circle on the ground as a polygon, in degrees. */
export function circle({ lon, lat, accuracy = 0 }) {
  const north = accuracy / 111_320;
  const east = north / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const ring = Array.from({ length: 49 }, (_, n) => {
    const turn = (n / 24) * Math.PI;
    return [lon + east * Math.cos(turn), lat + north * Math.sin(turn)];
  });
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
}

/** The band 1 … 5 of each value: five equal parts between least and most; 0 where there is none. */
export function bandsOf(values) {
  const known = Object.values(values).map((one) => one.value).filter((value) => Number.isFinite(value));
  const least = Math.min(...known);
  const step = (Math.max(...known) - least) / 5 || 1;
  return (code) => {
    const one = values[code];
    if (!one || !Number.isFinite(one.value)) return 0;
    return one.band ?? Math.min(5, 1 + Math.floor((one.value - least) / step));
  };
}

/** The smallest box around features, [[west, south], [east, north]], or null. */
export function extent(features) {
  const box = [[180, 90], [-180, -90]];
  const walk = (part) => {
    if (typeof part[0] !== "number") return part.forEach(walk);
    box[0] = [Math.min(box[0][0], part[0]), Math.min(box[0][1], part[1])];
    box[1] = [Math.max(box[1][0], part[0]), Math.max(box[1][1], part[1])];
  };
  for (const feature of features) walk(feature.geometry.coordinates);
  return box[0][0] > box[1][0] ? null : box;
}

const collection = (features) => ({ type: "FeatureCollection", features });
const nameOf = (properties, language) => (language === "en" && properties.name_en) || properties.name;

/** Where names go: one point an area, so that a name is written once. */
export function labels(areas, language, choropleth) {
  return collection(areas.features.map(({ properties: own }) => ({
    type: "Feature",
    properties: { text: [nameOf(own, language), choropleth?.values[own.code]?.text].filter(Boolean).join("\n") },
    geometry: { type: "Point", coordinates: [own.x, own.y] },
  })));
}

function webgl() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

class CityMap {
  constructor(element, options) {
    this.element = element;
    this.options = { areas: ["district"], roads: true, language: document.documentElement.lang.startsWith("en") ? "en" : "zh", ...options };
    this.words = WORDS[this.options.language];
    this.canvas = element.querySelector("[data-map-canvas]") ?? element;
    this.list = element.querySelector("[data-map-list]");
    this.said = element.querySelector("[data-map-said]");
    this.ready = this.start().catch((error) => {
      this.say(this.words.failed);
      this.tell("map:failed", { error: String(error) });
    });
  }

  async start() {
    [this.areas, this.cases, this.roads] = await Promise.all([
      Promise.all(this.options.areas.map((level) => load(byUrl(level)))),
      load(this.options.cases),
      load(this.options.roads && "/maps/roads.geojson"),
    ]);
    let kind;
    try {
      if (this.options.plain || !webgl()) throw new Error("no WebGL");
      const library = await import(PACKAGE.href);
      const { GlView } = await import("./map-gl.js");
      kind = () => new GlView(this, library, { style: STYLE.href, fonts: FONTS });
    } catch {
      const { PlainView } = await import("./map-plain.js");
      kind = () => new PlainView(this);
    }
    this.view = kind();
    await this.view.loaded;
    this.listCases();
    if (this.options.pin) this.setPin(this.options.pin);
    this.element.dataset.ready = this.view.constructor.name === "GlView" ? "gl" : "plain";
    this.tell("map:ready", {});
  }

  tell(name, detail) {
    this.element.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  say(text) {
    if (this.said) this.said.textContent = text;
  }

  /** Put the pin somewhere; `by` says who did: "page", "drag", "keys", "map". */
  setPin(pin, by = "page") {
    this.pin = pin ? { ...this.options.pin, ...pin } : null;
    this.view?.drawPin(this.pin);
    if (!this.pin) return this.say("");
    if (by !== "page") this.tell("map:pin", { lon: this.pin.lon, lat: this.pin.lat, by });
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.ask(), 150);
  }

  async ask() {
    const { lon, lat } = this.pin ?? {};
    if (lon === undefined) return;
    try {
      const { chain } = await load(`/maps/at?lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}`);
      if (this.pin?.lon !== lon || this.pin?.lat !== lat) return; // moved on meanwhile
      this.say(chain.length ? `${this.words.at}: ${chain.map((area) => nameOf(area, this.options.language)).join(" / ")}` : this.words.outside);
      this.tell("map:chain", { lon, lat, chain });
    } catch {
      this.say(this.words.failed);
    }
  }

  async setCases(source) {
    this.options.cases = source;
    this.clustered = false;
    try {
      this.cases = await load(source);
    } catch {
      return this.say(this.words.failed);
    }
    await this.ready;
    this.view?.drawCases(this.cases);
    this.listCases();
  }

  /** The map was moved: clusters of the whole city give way to what is in view. */
  moved([[west, south], [east, north]]) {
    this.listCases();
    const { cases } = this.options;
    if (typeof cases !== "string" || !this.coarse) return;
    clearTimeout(this.moving);
    this.moving = setTimeout(async () => {
      const box = [west, south, east, north].map((side) => side.toFixed(5)).join(",");
      try {
        this.cases = await load(`${cases}${cases.includes("?") ? "&" : "?"}box=${box}`);
      } catch {
        return this.say(this.words.failed);
      }
      this.view.drawCases(this.cases);
      this.listCases();
    }, 250);
  }

  /** Tell whether the cases of the whole came as clusters. */
  get coarse() {
    this.clustered ||= this.cases.features.some((one) => one.properties.count > 1 && !one.properties.no);
    return this.clustered;
  }

  async setChoropleth(choropleth) {
    this.options.choropleth = choropleth;
    await this.ready;
    this.view?.drawAreas();
  }

  async show(lon, lat, zoom = 14) {
    await this.ready;
    this.view?.show(lon, lat, zoom);
  }

  /** What the map shows, in words, for whoever does not see it: the cases in view. */
  listCases() {
    if (!this.list) return;
    const seen = this.cases.features.filter((one) => this.view.sees(one.geometry.coordinates));
    const items = seen.slice(0, 50).map(({ properties: own }) => {
      const item = document.createElement("li");
      if (!own.no) {
        item.textContent = this.words.many(own.count);
        return item;
      }
      const link = document.createElement("a");
      link.href = `/cases/${own.no}`;
      link.textContent = `${own.no} · ${own.severity} ${this.words.sev[own.severity] ?? ""}`;
      item.append(link);
      return item;
    });
    if (!items.length || seen.length > 50) {
      const item = document.createElement("li");
      item.textContent = items.length ? this.words.more(seen.length - 50) : this.words.none;
      items.push(item);
    }
    this.list.replaceChildren(...items);
  }

  remove() {
    this.view?.remove();
    made.delete(this.element);
  }
}

/** Make a map in an element; the same element gives the same map. */
export function makeMap(element, options = {}) {
  if (!made.has(element)) made.set(element, new CityMap(element, options));
  return made.get(element);
}

/** Arrow keys on a pin: `move(dx, dy)` in pixels. */
export function pinKeys(button, move) {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  button.addEventListener("keydown", (event) => {
    const way = ways[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const by = event.shiftKey ? 1 : 10;
    move(way[0] * by, way[1] * by);
  });
}

function begin() {
  for (const element of document.querySelectorAll("[data-map]")) makeMap(element, JSON.parse(element.dataset.map || "{}"));
}
begin();
document.addEventListener("htmx:after:swap", begin);
