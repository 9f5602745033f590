// The trend as a chart: ECharts drawing SVG, loaded when a page has one. A table stands beside it.
let library;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draw or update a trend in an element; `data` and `words` as `web/board/figures_shown.py` gives them. */
export async function drawTrend(element, data, words, { large = false } = {}) {
  library ??= import(element.dataset.echarts);
  const echarts = await library;
  const chart = echarts.getInstanceByDom(element) ?? echarts.init(element, null, { renderer: "svg" });
  chart.setOption(options(data, words, large), { notMerge: false, lazyUpdate: false });
  element.dataset.drawn = "true";
  return chart;
}

function options(data, words, large) {
  const size = large ? 0.8 * parseFloat(getComputedStyle(document.documentElement).fontSize) : 12;
  const text = { color: colour("--muted"), fontSize: size, fontFamily: colour("--font") };
  const line = { lineStyle: { color: colour("--line") } };
  const series = (name, values, style, more = {}) => ({
    name, type: "line", data: values, symbol: "none", smooth: false, animation: false, ...style, ...more,
  });
  return {
    animation: false,
    aria: { enabled: true, decal: { show: false } },
    textStyle: text,
    grid: { left: size * 3.2, right: size * 1.2, top: size * 3, bottom: size * 2.4 },
    legend: { top: 0, left: 0, itemWidth: size * 1.6, itemHeight: size * 0.7, textStyle: text },
    tooltip: { trigger: "axis", renderMode: "richText", textStyle: { fontSize: size } },
    xAxis: { type: "category", data: data.labels, axisLabel: text, axisLine: line, axisTick: { show: false } },
    yAxis: { type: "value", minInterval: 1, axisLabel: text, splitLine: line },
    series: [
      series(words.ghost, data.ghost, {
        lineStyle: { color: colour("--line-strong"), type: "dashed", width: size / 8 },
        itemStyle: { color: colour("--line-strong") },
      }),
      series(words.received, data.received, {
        lineStyle: { color: colour("--accent"), width: size / 5 },
        itemStyle: { color: colour("--accent") }, areaStyle: { color: colour("--accent"), opacity: 0.12 },
      }),
      series(words.closed, data.closed, {
        lineStyle: { color: colour("--accent-text"), width: size / 6, type: [size / 2, size / 4] },
        itemStyle: { color: colour("--accent-text") },
      }),
      { name: words.overdue, type: "bar", data: data.overdue, itemStyle: { color: colour("--warn-line") }, barMaxWidth: size / 1.5, animation: false },
    ],
  };
}
