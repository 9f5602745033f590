// The map as MapLibre draws it: one style object of ours, no glyph server, no sprite, no other origin.
import { bandsOf, circle, colours, extent, labels, pinKeys } from "./map.js";

const empty = { type: "FeatureCollection", features: [] };
const data = (features) => ({ type: "geojson", data: features });

export class GlView {
  constructor(owner, maplibre, { style, fonts }) {
    this.owner = owner;
    this.maplibre = maplibre;
    this.fonts = fonts;
    if (!document.querySelector(`link[href="${style}"]`)) {
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: style });
      document.head.append(link);
    }
    const { words, options } = owner;
    const { lon, lat } = options.pin ?? {};
    this.map = new maplibre.Map({
      container: owner.canvas,
      style: this.style(),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      renderWorldCopies: false,
      fadeDuration: 0,
      minZoom: 6,
      maxZoom: 18,
      bounds: options.bounds ?? extent(owner.areas[0]?.features ?? []) ?? undefined,
      fitBoundsOptions: { padding: 16 },
      locale: { "Map.Title": words.map, "NavigationControl.ZoomIn": words.in, "NavigationControl.ZoomOut": words.out, "Marker.Title": words.pin },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.loaded = new Promise((done) => this.map.once("load", done)).then(() => {
      if (lon !== undefined) this.show(lon, lat, options.zoom ?? 14);
      this.listen();
    });
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.repaint = () => this.map.setStyle(this.style());
    this.dark.addEventListener("change", this.repaint);
    this.sized = new ResizeObserver(() => this.map.resize());
    this.sized.observe(owner.canvas);
  }

  style() {
    const { areas, options, cases, roads } = this.owner;
    const paint = (this.colours = colours(this.owner.element));
    const sources = { cases: data(cases), roads: data(roads), accuracy: data(this.accuracy ?? empty) };
    const layers = [{ id: "water", type: "background", paint: { "background-color": paint.water } }];
    areas.forEach((found, n) => {
      const coarse = n === 0;
      sources[`areas-${n}`] = data(found);
      sources[`names-${n}`] = data(labels(found, options.language, coarse ? options.choropleth : null));
      if (coarse) layers.push({ id: "land", type: "fill", source: "areas-0", paint: { "fill-color": this.fill(), "fill-antialias": true } });
      layers.push({
        id: `border-${n}`, type: "line", source: `areas-${n}`, minzoom: coarse ? 0 : 9,
        paint: { "line-color": coarse ? paint.border : paint.line, "line-width": coarse ? 1.6 : 0.8 },
      });
    });
    layers.push(...this.roads());
    if (options.heat) layers.push(this.heat());
    layers.push({ id: "accuracy", type: "fill", source: "accuracy", paint: { "fill-color": paint.accent, "fill-opacity": 0.18, "fill-outline-color": paint.accent } });
    areas.forEach((_, n) => layers.push(this.names(n)));
    if (!options.heat) layers.push(...this.dots());
    return { version: 8, sources, layers };
  }

  fill() {
    const { choropleth } = this.owner.options;
    if (!choropleth) return this.colours.land;
    const band = bandsOf(choropleth.values);
    const pairs = Object.keys(choropleth.values).flatMap((code) => [code, this.colours.bands[band(code)]]);
    return pairs.length ? ["match", ["get", "code"], ...pairs, this.colours.bands[0]] : this.colours.bands[0];
  }

  names(n) {
    return {
      id: `names-${n}`, type: "symbol", source: `names-${n}`, minzoom: n ? 11 : 0, maxzoom: n || !this.owner.areas[1] ? 24 : 13,
      layout: { "text-field": ["get", "text"], "text-font": this.fonts, "text-size": n ? 12 : 13, "text-max-width": 12, "symbol-sort-key": n },
      paint: { "text-color": this.colours.ink, "text-halo-color": this.colours.halo, "text-halo-width": 1.6 },
    };
  }

  roads() {
    const name = this.owner.options.language === "en" ? ["coalesce", ["get", "name_en"], ["get", "name"]] : ["get", "name"];
    return [
      {
        id: "roads", type: "line", source: "roads", minzoom: 10,
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": this.colours.road, "line-width": ["interpolate", ["linear"], ["zoom"], 10, 1, 14, 4, 18, 12] },
      },
      {
        id: "road-names", type: "symbol", source: "roads", minzoom: 12.5,
        layout: { "symbol-placement": "line", "symbol-spacing": 300, "text-field": name, "text-font": this.fonts, "text-size": 11.5 },
        paint: { "text-color": this.colours.ink, "text-halo-color": this.colours.halo, "text-halo-width": 1.4 },
      },
    ];
  }

  heat() {
    return {
      id: "heat", type: "heatmap", source: "cases",
      paint: {
        "heatmap-weight": ["min", 10, ["*", ["coalesce", ["get", "count"], 1], ["match", ["get", "severity"], 1, 2, 2, 1.5, 1]]],
        "heatmap-radius": ["interpolate", ["linear"], ["zoom"], 8, 14, 14, 40],
        "heatmap-opacity": 0.75,
        "heatmap-color": ["interpolate", ["linear"], ["heatmap-density"], 0, "rgba(0,0,0,0)", 0.25, this.colours.bands[2], 0.6, this.colours.severity[1], 1, this.colours.severity[0]],
      },
    };
  }

  dots() {
    const many = [">", ["coalesce", ["get", "count"], 1], 1];
    const colour = ["match", ["get", "severity"], 1, this.colours.severity[0], 2, this.colours.severity[1], 3, this.colours.severity[2], this.colours.severity[3]];
    return [
      {
        id: "cases", type: "circle", source: "cases",
        paint: {
          "circle-color": colour,
          "circle-radius": ["case", many, ["interpolate", ["linear"], ["get", "count"], 2, 11, 500, 24], 9],
          "circle-stroke-color": ["case", ["==", ["get", "late"], true], this.colours.ink, this.colours.paper],
          "circle-stroke-width": ["case", ["==", ["get", "late"], true], 3, 1.5],
        },
      },
      {
        id: "case-text", type: "symbol", source: "cases",
        layout: {
          "text-field": ["case", many, ["to-string", ["get", "count"]], ["to-string", ["get", "severity"]]],
          "text-font": this.fonts, "text-size": 11, "text-allow-overlap": true, "text-ignore-placement": true,
        },
        paint: { "text-color": this.colours.onSeverity },
      },
    ];
  }

  listen() {
    const { map, owner } = this;
    map.on("moveend", () => owner.moved(map.getBounds().toArray()));
    map.on("click", (event) => {
      const [hit] = map.getLayer("cases") ? map.queryRenderedFeatures(event.point, { layers: ["cases"] }) : [];
      if (hit?.properties.no) return owner.tell("map:case", { no: hit.properties.no });
      if (hit) return map.easeTo({ center: hit.geometry.coordinates, zoom: map.getZoom() + 2 });
      if (owner.options.pin?.movable) return owner.setPin({ lon: event.lngLat.lng, lat: event.lngLat.lat, accuracy: 0 }, "map");
      const [area] = map.queryRenderedFeatures(event.point, { layers: ["land"] });
      if (area) owner.tell("map:area", { code: area.properties.code });
    });
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !owner.options.pin?.movable) return;
      event.preventDefault();
      const { lng, lat } = map.getCenter();
      owner.setPin({ lon: lng, lat, accuracy: 0 }, "keys");
    });
  }

  drawPin(pin) {
    this.accuracy = pin?.accuracy ? circle(pin) : empty;
    this.map.getSource("accuracy")?.setData(this.accuracy);
    if (!pin) {
      this.marker?.remove();
      this.marker = null;
      return;
    }
    // Added once only: adding again takes it out first, and the focus with it.
    if (this.marker) this.marker.setLngLat([pin.lon, pin.lat]);
    else this.marker = this.makeMarker(pin).setLngLat([pin.lon, pin.lat]).addTo(this.map);
    if (!this.map.getBounds().contains([pin.lon, pin.lat])) this.map.easeTo({ center: [pin.lon, pin.lat] });
  }

  makeMarker(pin) {
    const { owner } = this;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "map-pin" });
    button.disabled = !pin.movable;
    const marker = new this.maplibre.Marker({ element: button, draggable: Boolean(pin.movable), anchor: "bottom" });
    button.setAttribute("aria-label", owner.words.pin);
    const here = (by) => {
      const { lng, lat } = marker.getLngLat();
      owner.setPin({ lon: lng, lat, accuracy: 0 }, by);
    };
    marker.on("dragend", () => here("drag"));
    button.addEventListener("click", (event) => event.stopPropagation());
    pinKeys(button, (dx, dy) => {
      const at = this.map.project(marker.getLngLat());
      marker.setLngLat(this.map.unproject([at.x + dx, at.y + dy]));
      here("keys");
    });
    return marker;
  }

  drawCases(cases) {
    this.map.getSource("cases")?.setData(cases);
  }

  drawAreas() {
    this.map.setStyle(this.style());
  }

  show(lon, lat, zoom) {
    this.map.jumpTo({ center: [lon, lat], zoom });
  }

  sees([lon, lat]) {
    return this.map.getBounds().contains([lon, lat]);
  }

  remove() {
    this.dark.removeEventListener("change", this.repaint);
    this.sized.disconnect();
    this.map.remove();
  }
}
