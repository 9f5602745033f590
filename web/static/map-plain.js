// The map as a plain picture, where there is no WebGL: the same areas, cases and pin as SVG.
import { bandsOf, circle, extent, pinKeys } from "./map.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;

function make(name, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

export class PlainView {
  constructor(owner) {
    this.owner = owner;
    const [[west, south], [east, north]] = extent(owner.areas[0]?.features ?? []) ?? [[-1, -1], [1, 1]];
    this.shrink = Math.cos(((south + north) / 2) * (Math.PI / 180));
    this.scale = WIDTH / ((east - west) * this.shrink);
    this.west = west;
    this.north = north;
    this.height = (north - south) * this.scale;
    this.svg = make("svg", { viewBox: `0 0 ${WIDTH} ${this.height.toFixed(0)}`, class: "map-plain", role: "group", "aria-label": owner.words.plain });
    owner.canvas.replaceChildren(this.svg);
    this.layers = Object.fromEntries(["areas", "accuracy", "cases", "pin"].map((name) => [name, this.svg.appendChild(make("g"))]));
    this.svg.addEventListener("click", (event) => this.clicked(event));
    this.drawAreas();
    this.drawCases(owner.cases);
    this.loaded = Promise.resolve();
  }

  flat([lon, lat]) {
    return [(lon - this.west) * this.shrink * this.scale, (this.north - lat) * this.scale].map((n) => Number(n.toFixed(1)));
  }

  round(x, y) {
    return { lon: this.west + x / (this.shrink * this.scale), lat: this.north - y / this.scale };
  }

  path({ type, coordinates }) {
    const parts = type === "Polygon" ? [coordinates] : coordinates;
    return parts.flat().map((ring) => `M${ring.map((point) => this.flat(point).join(" ")).join("L")}Z`).join("");
  }

  drawAreas() {
    const { areas, options } = this.owner;
    const values = options.choropleth?.values ?? {};
    const band = bandsOf(values);
    const shapes = [];
    const names = [];
    for (const { properties: own, geometry } of areas[0]?.features ?? []) {
      const name = (options.language === "en" && own.name_en) || own.name;
      const said = values[own.code]?.text;
      const shape = make("path", { d: this.path(geometry), class: options.choropleth ? `band-${band(own.code)}` : "land", "data-code": own.code });
      shape.append(make("title", {}, said ? `${name}: ${said}` : name));
      shapes.push(shape);
      const [x, y] = this.flat([own.x, own.y]);
      const on = options.choropleth ? `on-${band(own.code)}` : "";
      names.push(make("text", { x, y, class: `area-name ${on}` }, name));
      if (said) names.push(make("text", { x, y: y + 30, class: `area-value ${on}` }, said));
    }
    this.layers.areas.replaceChildren(...shapes, ...names);
  }

  drawCases(cases) {
    const dots = cases.features.map(({ properties: own, geometry }) => {
      const [x, y] = this.flat(geometry.coordinates);
      const dot = make("g", { class: `map-dot dot-${own.severity}`, ...(own.no ? { "data-no": own.no } : {}) });
      const many = (own.count ?? 1) > 1;
      dot.append(make("circle", { cx: x, cy: y, r: many ? Math.min(30, 12 + Math.sqrt(own.count)) : 11 }));
      dot.append(make("text", { x, y: y + 5 }, String(many ? own.count : own.severity)));
      dot.append(make("title", {}, own.no ?? this.owner.words.many(own.count)));
      return dot;
    });
    this.layers.cases.replaceChildren(...dots);
  }

  drawPin(pin) {
    this.layers.accuracy.replaceChildren();
    if (!pin) return this.layers.pin.replaceChildren();
    if (pin.accuracy) this.layers.accuracy.append(make("path", { d: this.path(circle(pin).geometry), class: "map-accuracy" }));
    if (!this.layers.pin.firstChild) this.layers.pin.append(this.makePin(pin));
    const [x, y] = this.flat([pin.lon, pin.lat]);
    this.layers.pin.firstChild.setAttribute("transform", `translate(${x} ${y})`);
  }

  makePin(pin) {
    const { owner } = this;
    const handle = make("g", { class: "map-plain-pin", role: "button", "aria-label": owner.words.pin, ...(pin.movable ? { tabindex: 0 } : {}) });
    handle.append(make("path", { d: "M0 0L-14 -26A16 16 0 1 1 14 -26Z" }), make("circle", { cx: 0, cy: -32, r: 6 }));
    if (pin.movable) {
      pinKeys(handle, (dx, dy) => {
        const [x, y] = this.flat([owner.pin.lon, owner.pin.lat]);
        owner.setPin({ ...this.round(x + dx / 2, y + dy / 2), accuracy: 0 }, "keys");
      });
    }
    return handle;
  }

  clicked(event) {
    const { owner } = this;
    const dot = event.target.closest("[data-no]");
    if (dot) return owner.tell("map:case", { no: dot.dataset.no });
    if (owner.options.pin?.movable) {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
      return owner.setPin({ ...this.round(at.x, at.y), accuracy: 0 }, "map");
    }
    const area = event.target.closest("[data-code]");
    if (area) owner.tell("map:area", { code: area.dataset.code });
  }

  sees() {
    return true;
  }

  show() {}

  remove() {
    this.svg.remove();
  }
}
