// Points of two measures, each with an area and a name; a name without free space is omitted.

import { grid, roundEnds, textOf, tooltip, valueAxis } from './parts.js';

const ROOM = { left: 56, right: 20, top: 34, bottom: 44 };
const LETTER = 6.4;
const LINE = 14;

/** A position for each name, largest point first: the first one that touches no bubble, name or edge. */
export function placeNames(points, width, height) {
  const taken = points.map(({ px, py, radius }) => ({
    x: px - radius,
    y: py - radius,
    w: 2 * radius,
    h: 2 * radius,
  }));
  return points.map(({ name, px, py, radius }, index) => {
    const w = name.length * LETTER;
    const [right, left] = [px + radius + 6, px - radius - 6 - w];
    const [above, below] = [py - radius * 0.7 - LINE, py + radius * 0.7];
    const sides = [
      { x: right, y: py - LINE / 2 },
      { x: left, y: py - LINE / 2 },
      { x: px - w / 2, y: py - radius - 4 - LINE },
      { x: px - w / 2, y: py + radius + 4 },
      ...[above, below].flatMap((y) => [right - 4, left + 4].map((x) => ({ x, y }))),
    ];
    const isTaken = ({ x, y }) => {
      const box = { x, y, w, h: LINE };
      const outside = x < ROOM.left || x + w > width || y < 0 || y + LINE > height - ROOM.bottom;
      return outside || taken.some((other, at) => at !== index && meet(box, other));
    };
    const side = sides.find((at) => !isTaken(at));
    if (!side) return null; // the tooltip and the table have it
    taken.push({ ...side, w, h: LINE });
    return side;
  });
}

const meet = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/**
 * @param {{name: string, x: number, y: number, area: number, color: string}[]} points largest first
 * @param {{x: {kind: any, name: string}, y: {kind: any, name: string}, tip: (index: number) => any}} how
 */
export function bubbles(palette, width, height, points, { x, y, tip }) {
  const ends = {
    x: roundEnds(0, Math.max(...points.map((point) => point.x)) * 1.1),
    y: roundEnds(0, Math.max(...points.map((point) => point.y)) * 1.12),
  };
  const most = Math.max(...points.map(({ area }) => area));
  const largest = Math.min(46, width / 10);
  const [wide, high] = [width - ROOM.left - ROOM.right, height - ROOM.top - ROOM.bottom];
  const placed = points.map((point) => ({
    ...point,
    radius: Math.max(5, largest * Math.sqrt(point.area / most)),
    px: ROOM.left + (point.x / ends.x.max) * wide,
    py: ROOM.top + (1 - point.y / ends.y.max) * high,
  }));
  const sides = placeNames(placed, width, height);
  const name = (text, more) => ({
    name: text,
    nameTextStyle: { ...textOf(palette, palette.inkFaint), ...more },
  });
  return {
    grid: grid(ROOM),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex), 'item'),
    xAxis: valueAxis(palette, x.kind, {
      ...ends.x,
      ...name(x.name),
      nameLocation: 'middle',
      nameGap: 28,
      splitLine: { show: false },
      axisLine: { show: true, lineStyle: { color: palette.line } },
    }),
    yAxis: valueAxis(palette, y.kind, { ...ends.y, ...name(y.name, { align: 'left' }), nameGap: 16 }),
    series: [
      {
        type: 'scatter',
        data: placed.map((point, index) => ({
          value: [point.x, point.y],
          symbolSize: 2 * point.radius,
          itemStyle: { color: point.color, opacity: 0.8, borderColor: palette.card, borderWidth: 1 },
          label: {
            show: sides[index] !== null,
            // From the corner of its bubble.
            position: sides[index]
              ? [sides[index].x - point.px + point.radius, sides[index].y - point.py + point.radius]
              : 'right',
            align: 'left',
            verticalAlign: 'top',
            formatter: point.name,
            ...textOf(palette, palette.ink),
          },
        })),
      },
    ],
  };
}
