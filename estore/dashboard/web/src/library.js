// The chart library is a script of its own, which a browser still reads while the page is laid out.

/** Do this with the library there: at once, or when it has come. */
export function withLibrary(run) {
  if (globalThis.estoreCharts) run();
  else addEventListener('DOMContentLoaded', run, { once: true });
}

/** @see drawing.js */
export function drawingOf(...given) {
  if (!globalThis.estoreCharts) throw new Error('charts.js did not load');
  return globalThis.estoreCharts.drawingOf(...given);
}
