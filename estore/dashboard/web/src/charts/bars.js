// Horizontal bars by name, longest on top, each with its value at the end.

import { fittingNames, grid, nameAxis, namesRoom, textOf, tooltip, valueAxis } from './parts.js';

/** Height of a chart with enough space for each row. */
export const rowsHeight = (rows, each) => Math.max(3, rows) * each + 12;

/** Start of the axis so that the labels of the longest negative bars fit before the names. */
function leftEnd(rows, plot) {
  const values = rows.map(({ values: [{ value }] }) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const share = Math.min(0.6, 64 / plot);
  return low < 0 ? low - ((high - low) * share) / (1 - share) : 0;
}

/**
 * @param {{name: string, values: {value: number | null, label: string, color: string}[]}[]} rows
 * @param {{kind: any, tip: (index: number) => any, room?: number, signed?: boolean, thick?: number}} how room: px for the longest label of a value
 */
export function nameBars(palette, width, rows, { kind, tip, room = 64, signed = false, thick = 16 }) {
  const count = rows[0]?.values.length ?? 1;
  const most = Math.min(184, Math.round(width * (width < 560 ? 0.42 : 0.34)));
  const fitting = fittingNames(
    palette,
    rows.map(({ name }) => name),
    most,
  );
  const names = namesRoom(palette, fitting, most);
  return {
    grid: grid({ right: room, top: 4, bottom: 4, left: names + 12 }),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex), 'item'),
    yAxis: nameAxis(palette, fitting, {
      inverse: true,
      axisLabel: { width: names, color: palette.ink },
      ...(signed ? { position: 'left' } : {}),
    }),
    xAxis: valueAxis(palette, kind, {
      axisLabel: { show: false },
      splitLine: { show: false },
      min: signed ? leftEnd(rows, Math.max(80, width - names - room)) : 0,
      // The longest bar ends where the space for its label starts.
      max: Math.max(...rows.flatMap(({ values }) => values.map(({ value }) => value ?? 0))) || 1,
    }),
    series: Array.from({ length: count }, (_, index) => ({
      type: 'bar',
      barMaxWidth: count > 1 ? 11 : thick,
      barGap: '30%',
      barCategoryGap: count > 1 ? '24%' : '38%',
      data: rows.map(({ values }) => {
        const { value, label, color } = values[index];
        return {
          value,
          itemStyle: { color, borderRadius: value < 0 ? [2, 0, 0, 2] : [0, 2, 2, 0] },
          label: {
            show: true,
            position: value < 0 ? 'left' : 'right',
            distance: 6,
            formatter: label,
            ...textOf(palette),
          },
        };
      }),
      ...(signed
        ? {
            markLine: {
              silent: true,
              symbol: 'none',
              label: { show: false },
              lineStyle: { color: palette.gray, type: 'solid', width: 1 },
              data: [{ xAxis: 0 }],
            },
          }
        : {}),
    })),
  };
}

/** The largest rows; the rest, including the cube's own `other`, as one row, so that the total stays complete. */
export function topRows(rows, count, measures, restName) {
  const named = rows.filter(({ name }) => name !== 'other');
  const others = rows.filter(({ name }) => name === 'other');
  const shown = named.length <= count + 1 && !others.length ? named : named.slice(0, count);
  const rest = [...named.slice(shown.length), ...others];
  if (!rest.length) return shown;
  const total = { name: restName, isRest: true };
  for (const measure of measures) total[measure] = rest.reduce((sum, row) => sum + (row[measure] ?? 0), 0);
  return [...shown, total];
}

/** Real names only: the rest is never the top row. */
export const isNamed = ({ name, isRest }) => !isRest && !['other', 'unknown'].includes(name);
