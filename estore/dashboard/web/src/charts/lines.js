// Lines over days, weeks or days of a month. An unfinished point is an open dot, never a drop.

import { marked } from './marks.js';
import { grid, markLine, roundEnds, textOf, tooltip, valueAxis } from './parts.js';

const [TOP, BOTTOM] = [16, 26];
const LINE = 15;

/** How far each of some heights must move so that names at them do not touch. */
export function spread(heights) {
  const order = heights.map((_, index) => index).sort((a, b) => heights[a] - heights[b]);
  const moved = [...heights];
  order.forEach((index, at) => {
    if (at) moved[index] = Math.max(moved[index], moved[order[at - 1]] + LINE);
  });
  // Half of the downward shift goes back up, so that names stay near their lines.
  const excess = Math.max(0, ...moved.map((height, index) => height - heights[index])) / 2;
  return moved.map(
    (height, index) =>
      height -
      heights[index] -
      (height > heights[index] ||
      order.some((other) => moved[other] > heights[other] && Math.abs(heights[other] - heights[index]) < LINE)
        ? excess
        : 0),
  );
}

/**
 * @param {{name: string, color: string, values: (number | null)[], quiet?: boolean, open?: boolean[]}[]} lines
 * @param {{kind: any, axis: any, tip: (index: number) => any, fromZero?: boolean, target?: {value: number, label: string}, named?: boolean, alerts?: boolean[]}} how alerts: marked at the bottom
 */
export function lineChart(
  palette,
  { width, height },
  lines,
  { kind, axis, tip, fromZero = true, target, named = true, alerts = [] },
) {
  const known = [...lines.flatMap(({ values }) => values), target?.value].filter(
    (value) => value !== null && value !== undefined,
  );
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const ends = roundEnds(fromZero ? Math.min(0, low) : low, high);
  const plot = height - TOP - BOTTOM;
  const pixel = (value) => TOP + plot * (1 - (value - ends.min) / (ends.max - ends.min));
  const offsets = named
    ? spread(lines.map(({ values }) => pixel(values.findLast((value) => value !== null) ?? ends.min)))
    : [];
  const few = lines[0].values.length <= 40;
  const right = named ? 112 : target ? 84 : 26;
  const each = (width - 50 - right) / Math.max(1, lines[0].values.length - 1);
  const feet = Object.fromEntries(
    marked(alerts, each).map((shared) => [shared[Math.floor(shared.length / 2)], true]),
  );
  return {
    grid: grid({ right, top: TOP, bottom: BOTTOM }),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex)),
    xAxis: { ...axis, boundaryGap: false },
    yAxis: valueAxis(palette, kind, ends),
    series: [
      ...lines.map(({ name, color, values, quiet, open }, index) => ({
        type: 'line',
        name,
        data: values.map((value, at) => ({
          value,
          symbol: open?.[at] ? 'emptyCircle' : few && !quiet ? 'circle' : 'none',
          itemStyle: { color: open?.[at] ? palette.gray : color },
        })),
        symbolSize: 6,
        showAllSymbol: true,
        connectNulls: false,
        z: quiet ? 2 : 3,
        lineStyle: { color, width: quiet ? 1.5 : 2 },
        ...(named
          ? {
              endLabel: {
                show: true,
                ...textOf(palette, color),
                formatter: name,
                distance: 8,
                offset: [0, offsets[index]],
              },
            }
          : {}),
        ...(target && index === 0 ? { markLine: markLine(palette, target.value, target.label) } : {}),
      })),
      {
        type: 'scatter',
        silent: true,
        symbol: 'triangle',
        symbolSize: 9,
        symbolOffset: [0, -7],
        itemStyle: { color: palette.purple, opacity: 1 },
        data: lines[0].values.map((_, at) => (at in feet ? ends.min : null)),
        z: 4,
      },
    ],
  };
}
