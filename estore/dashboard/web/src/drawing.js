// The chart library behind a few functions: only the parts in use are built into this script, which library.js
// waits for.

import { BarChart, CustomChart, GaugeChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { h } from './element.js';

use([
  BarChart,
  CanvasRenderer,
  CustomChart,
  GaugeChart,
  GridComponent,
  LineChart,
  MarkLineComponent,
  ScatterChart,
  TooltipComponent,
]);

/**
 * A chart in an element of known size: measuring it would lay out the page once a chart. It is kept and
 * repainted, which costs less than a new one.
 * @param {{width: number, height: number}} size
 */
function drawingOf(element, size, minWidth = 0) {
  const room = h('div', { class: 'room', style: minWidth ? { minWidth: `${minWidth}px` } : {} });
  element.append(room);
  const chart = init(room, null, { renderer: 'canvas', ...size });
  // Creating a tooltip needs the page's layout, so it is created when the pointer enters the chart.
  let [pointing, isPointed] = [null, false];
  const point = () => {
    if (pointing) chart.setOption(pointing);
    pointing = null;
  };
  room.addEventListener('pointerenter', () => {
    isPointed = true;
    point();
  });
  room.addEventListener('pointerleave', () => (isPointed = false));
  return {
    /** Adapt to the current size. */
    fill({ width, height }) {
      if (width !== chart.getWidth() || height !== chart.getHeight()) chart.resize({ width, height });
    },
    /** Paint now, not with the next frame, so that measured times are true. */
    paint({ tooltip, axisPointer, ...option }) {
      chart.setOption({ animation: false, ...option }, { notMerge: true });
      pointing = { tooltip, ...(axisPointer ? { axisPointer } : {}) };
      if (isPointed) point();
      chart.getZr().flush();
    },
    picture() {
      const source = chart.getDom().querySelector('canvas');
      const [width, height] = [chart.getWidth(), chart.getHeight()];
      return { width, height, draw: (context, x, y) => context.drawImage(source, x, y, width, height) };
    },
    remove: () => chart.dispose(),
  };
}

globalThis.estoreCharts = { drawingOf };
