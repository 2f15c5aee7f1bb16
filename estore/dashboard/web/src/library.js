// The chart library is a separate script that the browser can still load while the page is laid out.

/** Run this when the library is loaded. */
export function withLibrary(run) {
  if (globalThis.estoreCharts) run();
  else addEventListener('DOMContentLoaded', run, { once: true });
}

/** @see drawing.js */
export function drawingOf(...given) {
  if (!globalThis.estoreCharts) throw new Error('charts.js did not load');
  return globalThis.estoreCharts.drawingOf(...given);
}
