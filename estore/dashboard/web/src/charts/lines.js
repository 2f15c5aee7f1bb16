// Lines over days, weeks or days of a month. A point that is not finished is an open dot, never a fall.

import { grid, markLine, roundEnds, textOf, tooltip, valueAxis } from './parts.js';

/**
 * @param {{name: string, colour: string, values: (number | null)[], quiet?: boolean, open?: boolean[]}[]} lines
 * @param {{kind: any, axis: any, tip: (index: number) => any, fromZero?: boolean, target?: {value: number, label: string}, named?: boolean}} how
 */
export function lineChart(palette, lines, { kind, axis, tip, fromZero = true, target, named = true }) {
  const known = [...lines.flatMap(({ values }) => values), target?.value].filter((value) => value !== null && value !== undefined);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const few = lines[0].values.length <= 40;
  return {
    grid: grid({ right: named ? 112 : target ? 84 : 16, top: 16 }),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex)),
    xAxis: { ...axis, boundaryGap: false },
    yAxis: valueAxis(palette, kind, fromZero ? { min: 0 } : roundEnds(low, high)),
    series: lines.map(({ name, colour, values, quiet, open }, index) => ({
      type: 'line',
      name,
      data: values.map((value, at) => ({
        value,
        symbol: open?.[at] ? 'emptyCircle' : few && !quiet ? 'circle' : 'none',
        itemStyle: { color: open?.[at] ? palette.grey : colour },
      })),
      symbolSize: 6,
      showAllSymbol: true,
      connectNulls: false,
      z: quiet ? 2 : 3,
      lineStyle: { color: colour, width: quiet ? 1.5 : 2 },
      ...(named ? { endLabel: { show: true, ...textOf(palette, colour), formatter: name, distance: 8 }, labelLayout: { moveOverlap: 'shiftY' } } : {}),
      ...(target && index === 0 ? { markLine: markLine(palette, target.value, target.label) } : {}),
    })),
  };
}
