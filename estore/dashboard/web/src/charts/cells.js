// A heat map: each cell shows its number; an unknown value is gray, which is not the color of zero.

import { between, contrast, inkOn } from '../palette.js';
import { grid, nameAxis, namesRoom, tooltip } from './parts.js';

/** From light to dark; slightly darker where no text color is readable, if that helps. */
function groundOf(palette, share) {
  const at = 0.06 + 0.94 * Math.min(1, share);
  const grounds = [0, 0.02, 0.04, 0.06, 0.08, 0.1].map((more) =>
    between(palette.card, palette.blue, Math.min(1, at + more)),
  );
  const reads = (ground) => [palette.ink, palette.card].some((ink) => contrast(ground, ink) >= 4.5);
  return grounds.find(reads) ?? grounds[0];
}

/**
 * @param {string[]} columns
 * @param {string[]} rows from top to bottom
 * @param {{column: number, row: number, value: number | null, label: string, outlined?: boolean}[]} cells value null = unknown
 * @param {{tip: (index: number) => any, most?: number, columnTitle?: string, rowWidth?: number}} how
 */
export function cellTable(
  palette,
  width,
  columns,
  rows,
  cells,
  { tip, most, rowWidth = 130, turned = false },
) {
  const top = most ?? Math.max(0, ...cells.map(({ value }) => value ?? 0));
  const names = namesRoom(palette, rows, Math.min(rowWidth, Math.round(width * 0.32)));
  const each = (width - names - 16) / Math.max(1, columns.length);
  const isTurned = turned && each < 66;
  return {
    grid: grid({
      top: isTurned ? 84 : turned ? 38 : 26,
      right: isTurned ? 40 : 4,
      bottom: 4,
      left: names + 12,
    }),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex), 'item'),
    xAxis: nameAxis(palette, columns, {
      position: 'top',
      axisLabel: {
        width: isTurned ? 110 : Math.max(28, each - 6),
        rotate: isTurned ? 40 : 0,
        overflow: turned && !isTurned ? 'break' : 'truncate',
        lineHeight: 14,
      },
    }),
    yAxis: nameAxis(palette, rows, { inverse: true, axisLabel: { width: names, color: palette.ink } }),
    series: [
      {
        type: 'custom',
        data: cells.map(({ column, row }) => [column, row]),
        renderItem({ dataIndex }, api) {
          const cell = cells[dataIndex];
          const [x, y] = api.coord([cell.column, cell.row]);
          const [wide, high] = api.size([1, 1]);
          const ground =
            cell.value === null ? palette.unknown : groundOf(palette, top ? cell.value / top : 0);
          const shown = wide > 7 * cell.label.length * 0.9;
          return {
            type: 'rect',
            shape: { x: x - wide / 2 + 1, y: y - high / 2 + 1, width: wide - 2, height: high - 2, r: 2 },
            style: { fill: ground, ...(cell.outlined ? { stroke: palette.inkSoft, lineWidth: 1.5 } : {}) },
            textContent: shown
              ? {
                  style: {
                    text: cell.label,
                    fill: cell.value === null ? palette.inkSoft : inkOn(ground, [palette.ink, palette.card]),
                    fontFamily: palette.font,
                    fontSize: 12,
                  },
                }
              : undefined,
            textConfig: { position: 'inside' },
          };
        },
      },
    ],
  };
}
