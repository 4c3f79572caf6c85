/* Draws the figures and links them: one choice of layer and of split for all. */
(() => {
  "use strict";
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const plots = [...document.querySelectorAll(".plot")];
  const layerInput = document.getElementById("layer");
  const splitInput = document.getElementById("split");
  const state = { layer: page.nLayers, split: null };
  const settings = { responsive: true, displayModeBar: false, displaylogo: false, scrollZoom: false, doubleClick: false };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const isNarrow = matchMedia("(max-width: 640px)");
  const isDrawn = (plot) => plot.classList.contains("js-plotly-plot");

  /* The colours of the page, as plotly wants them. */
  function theme(sides = ["xaxis", "yaxis"]) {
    const axis = { gridcolor: colour("line"), linecolor: colour("line"), tickcolor: colour("line") };
    const flat = { "font.color": colour("ink"), "font.family": colour("font"), "font.size": 13,
      "hoverlabel.bgcolor": colour("surface"), "hoverlabel.bordercolor": colour("muted"),
      "hoverlabel.font.color": colour("ink"), "hoverlabel.font.size": 13 };
    for (const side of sides)
      for (const [key, value] of Object.entries(axis)) flat[`${side}.${key}`] = value;
    return flat;
  }

  /* A tinted stripe at the chosen layer, and at the rows of the chosen split. */
  function stripes(meta) {
    const shapes = [];
    const add = (side, at, half, strong) => {
      const across = side === "x" ? "y" : "x";
      shapes.push({ type: "rect", layer: strong ? "above" : "below",
        [`${side}ref`]: side, [`${across}ref`]: "paper", [`${side}0`]: at - half, [`${side}1`]: at + half,
        [`${across}0`]: 0, [`${across}1`]: 1, fillcolor: strong ? "rgba(0,0,0,0)" : colour("mark"),
        line: { width: strong ? 2.5 : 0, color: colour("accent") } });
    };
    if (meta.layerAxis) {
      const place = meta.layerPlaces ? meta.layerPlaces[state.layer] : state.layer;
      const isGrid = meta.layerAxis === "y";
      if (place !== undefined) add(meta.layerAxis, place, meta.layerPlaces ? 0.5 : 0.22, isGrid);
    }
    if (state.split !== null)
      for (const row of (meta.splitRows || {})[state.split] || []) add("y", row, 0.46, false);
    return shapes;
  }

  /* Which traces are visible, and how strongly. */
  function looks(plot, meta) {
    const visible = [], opacity = [];
    const has = new Set(plot.data.map((trace) => (trace.meta || {}).split));
    const chosen = meta.oneSplit !== undefined && meta.oneSplit !== null
      ? (state.split !== null && has.has(state.split) ? state.split : meta.oneSplit) : null;
    for (const trace of plot.data) {
      const { split = null, layer } = trace.meta || {};
      visible.push(meta.oneLayer ? layer === state.layer : chosen === null || split === null || split === chosen);
      opacity.push(chosen !== null || state.split === null || split === null || split === state.split ? 1 : 0.13);
    }
    return { visible, opacity, chosen };
  }

  function tell(plot, meta, chosen) {
    const line = plot.closest("figure").querySelector(".shown");
    if (meta.oneLayer) {
      const found = plot.data.some((trace) => trace.meta.layer === state.layer);
      line.textContent = found ? `Shown: layer ${state.layer}` : `Not measured at layer ${state.layer}`;
    } else if (chosen !== null) {
      const other = state.split !== null && state.split !== chosen ? ` (not measured on ${page.splits[state.split]})` : "";
      line.textContent = `Shown: ${page.splits[chosen]}${other}`;
    }
  }

  /* What axes say where there is room, or on a phone, if that differs; and how high a drawing is there. */
  const width = () => (isNarrow.matches ? "narrow" : "wide");
  const textsByWidth = (meta) => meta[width()] || {};
  const heightOf = (layout) => ((layout.meta || {}).heights || {})[width()] || layout.height;

  function link(plot) {
    const meta = plot.layout.meta || {};
    const { visible, opacity, chosen } = looks(plot, meta);
    tell(plot, meta, chosen);
    if (meta.heights) plot.style.height = `${heightOf(plot.layout)}px`;
    return Plotly.update(plot, { visible, opacity }, { ...theme(), ...textsByWidth(meta), shapes: stripes(meta) });
  }

  function draw(plot) {
    if (isDrawn(plot) || plot.closest("[hidden]")) return;
    const { data, layout } = page.figures[plot.dataset.figure];
    layout.height = heightOf(layout);
    plot.style.height = `${layout.height}px`;
    Plotly.newPlot(plot, data, layout, settings).then(() => {
      plot.on("plotly_click", (event) => choosePoint(plot, event.points[0]));
      return link(plot);
    });
  }

  /* A click on a mark chooses its layer. */
  function choosePoint(plot, point) {
    const meta = plot.layout.meta || {};
    if (!meta.layerAxis) return;
    const place = Math.round(point[meta.layerAxis]);
    const places = Object.entries(meta.layerPlaces || {});
    const layer = meta.layerPlaces ? (places.find(([, at]) => at === place) || [])[0] : place;
    if (layer === undefined) return;
    layerInput.value = layer;
    layerInput.dispatchEvent(new Event("input"));
  }

  function refresh() {
    const shown = document.getElementById("layer-shown");
    if (shown) shown.textContent = state.layer;
    plots.filter((plot) => isDrawn(plot) && !plot.closest("[hidden]")).forEach(link);
    document.querySelectorAll(".relief:not([hidden])").forEach(dress);
  }

  const reliefOf = (button) => document.getElementById(button.getAttribute("aria-controls"));
  const turned = (within) => [...within.querySelectorAll('.turn[aria-pressed="true"]')];
  const mostTurned = 8; /* Browsers have room for some sixteen drawings with WebGL. */

  function canTurn() {
    const context = document.createElement("canvas").getContext("webgl");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  }

  /* Show a surface in relief, or no longer. */
  function turn(button) {
    const relief = reliefOf(button), isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    relief.hidden = !isShown;
    if (!isShown) Plotly.purge(relief);
    else if (canTurn()) raise(relief);
    else tellWhyNot(relief);
    turned(document).slice(0, -mostTurned).forEach(turn);
  }

  function tellWhyNot(relief) {
    relief.textContent = "This browser cannot draw in 3-D: it has no WebGL, or it is switched off. The contours show the same values.";
    for (const name of ["role", "aria-label", "tabindex"]) relief.removeAttribute(name);
  }

  function raise(relief) {
    const { data, layout } = page.reliefs[relief.dataset.relief];
    layout.height = heightOf(layout);
    relief.style.height = `${layout.height}px`;
    return Plotly.newPlot(relief, data, layout, settings).then(() => dress(relief));
  }

  function dress(relief) {
    if (!relief.layout) return;
    const { meta } = relief.layout;
    relief.style.height = `${heightOf(relief.layout)}px`;
    return Plotly.relayout(relief, { ...theme(["scene.xaxis", "scene.yaxis", "scene.zaxis"]), ...textsByWidth(meta) });
  }

  /* The arrow keys walk around a relief, and up and down before it. */
  function walk(event) {
    const steps = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, 0.15], ArrowDown: [0, -0.15] };
    const relief = event.currentTarget, step = steps[event.key];
    if (!step || !relief.layout) return;
    event.preventDefault();
    const { x, y, z } = relief.layout.scene.camera.eye, [around, up] = step;
    const [cos, sin] = [Math.cos(around), Math.sin(around)];
    Plotly.relayout(relief, { "scene.camera.eye": { x: cos * x - sin * y, y: sin * x + cos * y, z: z + up } });
  }

  /* Of surfaces that share a place, all are seen from one side. */
  function turnAlike(before, panel) {
    const button = panel.querySelector(".turn");
    before.forEach(turn);
    if (!before.length || !button || button.getAttribute("aria-pressed") === "true") return;
    const [from, to] = [before[0], button].map((each) => page.reliefs[reliefOf(each).dataset.relief].layout.scene);
    to.camera = from.camera;
    turn(button);
  }

  /* Of figures that share a place, show the chosen one. */
  function showPanel(key) {
    const panel = document.getElementById(key);
    if (!panel || !panel.classList.contains("panel")) return;
    const others = [...document.querySelectorAll(`.panel[data-section="${panel.dataset.section}"]`)].filter((other) => other !== panel);
    for (const other of others) other.hidden = true;
    panel.hidden = false;
    const tab = document.querySelector(`.tabs input[value="${key}"]`);
    if (tab) tab.checked = true;
    const plot = panel.querySelector(".plot");
    if (isDrawn(plot)) Plotly.Plots.resize(plot).then(() => link(plot));
    else draw(plot);
    turnAlike(others.flatMap(turned), panel);
  }

  function filterExamples(button) {
    for (const other of document.querySelectorAll(".filters button"))
      other.setAttribute("aria-pressed", String(other === button));
    for (const row of document.querySelectorAll(".examples tbody tr"))
      row.hidden = button.dataset.kind !== "" && row.dataset.kind !== button.dataset.kind;
  }

  const followAddress = () => {
    const key = decodeURIComponent(location.hash.slice(1));
    const target = key && document.getElementById(key);
    if (!target) return;
    showPanel(key);
    target.scrollIntoView();
  };

  for (const part of document.querySelectorAll(".tabs, .controls, .filters, .turn")) part.hidden = false;
  for (const tab of document.querySelectorAll(".tabs input")) {
    if (tab.checked) showPanel(tab.value);
    tab.addEventListener("change", () => showPanel(tab.value));
  }
  for (const button of document.querySelectorAll(".filters button"))
    button.addEventListener("click", () => filterExamples(button));
  for (const button of document.querySelectorAll(".turn")) {
    button.addEventListener("click", () => turn(button));
    reliefOf(button).addEventListener("keydown", walk);
  }
  layerInput?.addEventListener("input", () => { state.layer = Number(layerInput.value); refresh(); });
  if (splitInput) splitInput.addEventListener("change", () => {
    state.split = splitInput.value === "" ? null : Number(splitInput.value);
    refresh();
  });
  document.querySelector(".controls")?.addEventListener("submit", (event) => event.preventDefault());
  for (const anchor of document.querySelectorAll('a[href^="#"]'))
    anchor.addEventListener("click", () => showPanel(anchor.getAttribute("href").slice(1)));
  addEventListener("hashchange", followAddress);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
  isNarrow.addEventListener("change", refresh);
  if (matchMedia("(max-width: 900px)").matches) document.querySelector(".contents details").open = false;

  plots.forEach(draw);
  followAddress();
})();
