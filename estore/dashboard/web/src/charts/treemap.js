// A treemap with text in its tiles: laid out here, so that each text stays inside its tile.

import { linesOf, measuring } from '../lettering.js';
import { grid, tooltip } from './parts.js';

/**
 * Squarified layout (Bruls, Huizing, van Wijk 2000): rectangles of given areas, as square as they get.
 * @param {number[]} values largest first
 * @returns {{x: number, y: number, width: number, height: number}[]}
 */
export function squarified(values, width, height) {
  const total = values.reduce((sum, value) => sum + value, 0);
  const areas = values.map((value) => (value / total) * width * height);
  const placed = [];
  let [x, y, w, h] = [0, 0, width, height];
  let row = [];
  const worst = (areasOfRow) => {
    const sum = areasOfRow.reduce((all, area) => all + area, 0);
    const side = Math.min(w, h);
    return Math.max(
      ...areasOfRow.map((area) =>
        Math.max((side * side * area) / (sum * sum), (sum * sum) / (side * side * area)),
      ),
    );
  };
  const lay = () => {
    const sum = row.reduce((all, area) => all + area, 0);
    const along = w >= h;
    const depth = sum / (along ? h : w);
    let at = 0;
    for (const area of row) {
      const length = area / depth;
      placed.push(
        along
          ? { x, y: y + at, width: depth, height: length }
          : { x: x + at, y, width: length, height: depth },
      );
      at += length;
    }
    if (along) [x, w] = [x + depth, w - depth];
    else [y, h] = [y + depth, h - depth];
    row = [];
  };
  for (const area of areas) {
    if (row.length && worst([...row, area]) > worst(row)) lay();
    row.push(area);
  }
  if (row.length) lay();
  return placed;
}

/**
 * @param {{value: number, name: string, figure: string, lines: string[], ground: string, ink: string}[]} tiles largest first
 */
export function treemap(palette, width, height, tiles, tip) {
  const places = squarified(
    tiles.map(({ value }) => value),
    width,
    height,
  );
  const axis = { type: 'value', show: false };
  return {
    grid: grid({ left: 0, right: 0, top: 0, bottom: 0 }),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex), 'item'),
    xAxis: { ...axis, min: 0, max: width },
    yAxis: { ...axis, min: 0, max: height, inverse: true },
    series: [
      {
        type: 'custom',
        data: places.map(({ x, y }) => [x, y]),
        renderItem({ dataIndex }) {
          const { x, y, width: wide, height: high } = places[dataIndex];
          return tileShape(
            { x: x + 1.5, y: y + 1.5, width: Math.max(0, wide - 3), height: Math.max(0, high - 3) },
            tiles[dataIndex],
            palette,
          );
        },
      },
    ],
  };
}

/** Small tiles have a smaller margin, which leaves more space for text. */
const edgeOf = ({ width, height }) => (width < 130 || height < 90 ? 6 : 10);

/**
 * The name, on two lines where one is too narrow; then as many complete lines as fit. Below a minimum width a
 * line that would be broken is left to the tooltip and the table.
 */
function tileShape(box, { name, figure, lines, ground, ink }, palette) {
  const edge = edgeOf(box);
  const inner = { width: box.width - 2 * edge, height: box.height - 2 * edge };
  const children = [{ type: 'rect', shape: { ...box, r: 4 }, style: { fill: ground } }];
  if (inner.width > 24 && inner.height > 10) {
    const text = (content, at, style) => ({
      type: 'text',
      silent: true,
      style: {
        x: box.x + edge,
        y: box.y + edge + at,
        text: content,
        fill: ink,
        fontFamily: palette.font,
        width: inner.width + edge / 2,
        overflow: 'truncate',
        ...style,
      },
    });
    const isLarge = inner.height > 120 && inner.width > 110;
    const size = isLarge ? 14 : 12;
    const context = measuring(`600 ${size}px ${palette.font}`);
    const named = linesOf(context, name, inner.width);
    // A word that is slightly too long gets a slightly smaller font.
    const longest = Math.max(...named.map((part) => context.measureText(part).width));
    const fontSize = longest > inner.width + edge / 2 ? size - 1.5 : size;
    let at = 0;
    for (const part of inner.height > 2 * size + 4 ? named.slice(0, 2) : [name]) {
      children.push(text(part, at, { fontSize, fontWeight: 600 }));
      at += size + 3;
    }
    at += isLarge ? 4 : 1;
    const figureFits =
      isLarge || measuring(`12px ${palette.font}`).measureText(figure).width <= inner.width + edge / 2;
    if (figureFits && at + 14 <= inner.height + 4)
      children.push(text(figure, at, isLarge ? { fontSize: 22, fontWeight: 600 } : { fontSize: 12 }));
    at += isLarge ? 31 : 16;
    const small = measuring(`12px ${palette.font}`);
    for (const line of lines) {
      const parts = linesOf(small, line, inner.width);
      if (at + parts.length * 16 > inner.height + 4) break;
      if (parts.length > 1 && inner.width < 110) continue;
      for (const part of parts) {
        children.push(text(part, at, { fontSize: 12 }));
        at += 16;
      }
    }
  }
  return { type: 'group', children };
}
