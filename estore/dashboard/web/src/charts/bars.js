// Bars by name, lying, longest on top: a label for each, its value at its end.

import { full } from '../numbers.js';
import { grid, nameAxis, textOf, tooltip, valueAxis } from './parts.js';

/** Height that gives each bar its room. */
export const barsHeight = (count, each = 26) => Math.max(120, count * each + 24);

/**
 * @param {{name: string, values: {value: number | null, label: string, colour: string}[]}[]} rows
 * @param {{kind: any, tip: (index: number) => any, room?: number, signed?: boolean}} how room: px for the longest label of a value
 */
export function nameBars(palette, width, rows, { kind, tip, room = 64, signed = false }) {
  const count = rows[0]?.values.length ?? 1;
  const names = Math.max(72, Math.min(170, Math.round(width * 0.34)));
  return {
    grid: grid({ right: room, top: 4, left: signed ? 8 : 4 }),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex), 'item'),
    yAxis: nameAxis(palette, rows.map(({ name }) => name), { inverse: true, axisLabel: { width: names, color: palette.ink }, ...(signed ? { position: 'left' } : {}) }),
    xAxis: valueAxis(palette, kind, { axisLabel: { show: false }, splitLine: { show: false }, ...(signed ? {} : { min: 0 }) }),
    series: Array.from({ length: count }, (_, index) => ({
      type: 'bar',
      barMaxWidth: count > 1 ? 10 : 16,
      barGap: '20%',
      barCategoryGap: count > 1 ? '34%' : '38%',
      data: rows.map(({ values }) => {
        const { value, label, colour } = values[index];
        return {
          value,
          itemStyle: { color: colour, borderRadius: value < 0 ? [2, 0, 0, 2] : [0, 2, 2, 0] },
          label: { show: true, position: value < 0 ? 'left' : 'right', distance: 6, formatter: label, ...textOf(palette) },
        };
      }),
      ...(signed ? { markLine: { silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: palette.grey, type: 'solid', width: 1 }, data: [{ xAxis: 0 }] } } : {}),
    })),
  };
}

/** The most of a kind, the rest as one row, so that the whole stays the whole. */
export function topRows(rows, count, measures, rest) {
  if (rows.length <= count + 1) return rows;
  const others = rows.slice(count);
  const total = { name: rest(others.length), isRest: true };
  for (const measure of measures) total[measure] = others.reduce((sum, row) => sum + (row[measure] ?? 0), 0);
  return [...rows.slice(0, count), total];
}

export const rateLabel = (value) => full(value, 'rate');
