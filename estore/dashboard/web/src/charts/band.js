// A step curve with its interval.

import { grid, textOf, tooltip, valueAxis } from './parts.js';

/**
 * @param {{points: [number, number, number, number][], comparison: [number, number][], middle: number | null, name: string, tip: (index: number) => any}} what
 *   points: x, share, and its interval's ends; comparison: another curve to compare with; middle: the x at which half is reached
 */
export function bandChart(palette, { points, comparison, middle, name, tip }) {
  const step = { type: 'line', step: 'end', symbol: 'none', silent: true };
  // Its edges are drawn, because a very light area is hard to see.
  const edge = { color: palette.blue, width: 1, type: [2, 2] };
  const band = (data, more) => ({ ...step, stack: 'band', lineStyle: edge, data, ...more });
  return {
    grid: grid({ top: 14, bottom: 44 }),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex)),
    xAxis: valueAxis(palette, 'count', {
      min: 0,
      max: points.at(-1)[0] || 1,
      splitLine: { show: false },
      axisLine: { show: true, lineStyle: { color: palette.line } },
      axisLabel: { ...textOf(palette, palette.inkFaint), showMaxLabel: false },
      splitNumber: 6,
      minInterval: 1,
      name,
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: textOf(palette, palette.inkFaint),
    }),
    yAxis: valueAxis(palette, 'rate', { min: 0, max: 1, interval: 0.25 }),
    series: [
      {
        ...step,
        silent: false,
        data: points.map(([x, share]) => [x, share]),
        lineStyle: { color: palette.blue, width: 2 },
        itemStyle: { color: palette.blue },
        z: 4,
        ...(middle === null
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: 'none',
                lineStyle: { color: palette.inkSoft, type: 'dashed', width: 1 },
                label: {
                  ...textOf(palette),
                  formatter: `half by day ${middle}`,
                  position: 'end',
                  // Near the end it would leave the chart.
                  align: middle > 0.7 * points.at(-1)[0] ? 'right' : 'center',
                  distance: 2,
                },
                data: [{ xAxis: middle }],
              },
            }),
      },
      band(points.map(([x, , low]) => [x, low])),
      band(
        points.map(([x, , low, high]) => [x, high - low]),
        { areaStyle: { color: palette.blue, opacity: 0.16 } },
      ),
      {
        ...step,
        data: comparison.filter(([x]) => x <= points.at(-1)[0]),
        lineStyle: { color: palette.gray, width: 1.5, type: 'dashed' },
        z: 3,
      },
    ],
  };
}
