// The graph of the models, from left to right as data flows. Pointing at one keeps its inputs and outputs
// bright.

import { grid, tooltip } from './parts.js';

/** Order within the columns with few crossing edges: each model near the mean of its neighbors, repeated. */
export function orderLayers(layers, edges) {
  const neighbors = new Map(layers.flat().map((name) => [name, []]));
  for (const [from, to] of edges) {
    neighbors.get(from)?.push(to);
    neighbors.get(to)?.push(from);
  }
  const place = new Map();
  const settle = (layer) => layer.forEach((name, index) => place.set(name, (index + 0.5) / layer.length));
  layers.forEach(settle);
  for (let round = 0; round < 12; round++) {
    for (const layer of round % 2 ? [...layers].reverse() : layers) {
      const wish = new Map(
        layer.map((name) => {
          const near = neighbors.get(name).map((other) => place.get(other));
          return [name, near.length ? near.reduce((sum, at) => sum + at, 0) / near.length : place.get(name)];
        }),
      );
      layer.sort((a, b) => wish.get(a) - wish.get(b) || (a < b ? -1 : 1));
      settle(layer);
    }
  }
  return place;
}

/** All inputs of a model, and all outputs. */
export function kinOf(name, edges) {
  const reach = (start, from, to) => {
    const found = new Set([start]);
    const waiting = [start];
    while (waiting.length) {
      const at = waiting.pop();
      for (const edge of edges) {
        if (edge[from] === at && !found.has(edge[to])) {
          found.add(edge[to]);
          waiting.push(edge[to]);
        }
      }
    }
    return found;
  };
  return new Set([...reach(name, 0, 1), ...reach(name, 1, 0)]);
}

const HEAD = 24;
const BOX = 22;
/** High enough to separate the boxes of the fullest layer. */
export function lineageHeight(models) {
  const counts = new Map();
  for (const { layer } of models) counts.set(layer, (counts.get(layer) ?? 0) + 1);
  return Math.max(400, HEAD + 4 + Math.max(0, ...counts.values()) * (BOX + 4));
}
/** Color of a layer's boxes. */
const LAYER_COLORS = {
  raw: 'graySoft',
  staging: 'graySoft',
  intermediate: 'graySoft',
  marts: 'greenSoft',
  metrics: 'blueSoft',
  dashboard: 'orangeSoft',
};

/**
 * @param {{name: string, layer: string, description: string}[]} models
 * @param {[string, string][]} edges
 * @param {string | null} chosen
 */
export function lineage(palette, width, height, models, edges, chosen) {
  const layers = [...new Set(models.map(({ layer }) => layer))];
  const place = orderLayers(
    layers.map((layer) => models.filter((model) => model.layer === layer).map(({ name }) => name)),
    edges,
  );
  const column = width / layers.length;
  const box = { width: Math.min(186, column - 44), height: BOX };
  const boxes = models.map((model) => ({
    ...model,
    x: (layers.indexOf(model.layer) + 0.5) * column,
    y: HEAD + place.get(model.name) * (height - HEAD - 4),
  }));
  const at = new Map(boxes.map((model) => [model.name, model]));
  const kin = chosen ? kinOf(chosen, edges) : null;
  const bright = (...names) => !kin || names.every((name) => kin.has(name));
  const paths = edges
    .filter(([from, to]) => at.has(from) && at.has(to))
    .map(([from, to]) => {
      const [a, b] = [at.get(from), at.get(to)];
      // Within a layer the link is an arc on the right side of both.
      const [way, isArc] = [Math.sign(b.x - a.x) || 1, a.x === b.x];
      const [x1, x2] = [a.x + (way * box.width) / 2, b.x - (isArc ? -1 : way) * (box.width / 2)];
      const bend = isArc ? 20 : (Math.abs(x2 - x1) / 2) * way;
      const [cpx1, cpx2] = [x1 + bend, isArc ? x2 + bend : x2 - bend];
      return {
        type: 'bezierCurve',
        silent: true,
        shape: { x1, y1: a.y, x2, y2: b.y, cpx1, cpy1: a.y, cpx2, cpy2: b.y },
        style: {
          stroke: kin && bright(from, to) ? palette.blue : palette.gray,
          opacity: bright(from, to) ? (kin ? 0.9 : 0.4) : 0.05,
          fill: null,
          lineWidth: kin && bright(from, to) ? 1.5 : 1,
        },
      };
    });
  const heads = layers.map((layer, index) => ({
    type: 'text',
    silent: true,
    style: {
      x: (index + 0.5) * column,
      y: 2,
      text: layer,
      align: 'center',
      fill: palette.inkFaint,
      fontFamily: palette.font,
      fontSize: 12,
    },
  }));
  return {
    grid: grid({ left: 0, right: 0, top: 0, bottom: 0 }),
    tooltip: tooltip(
      palette,
      ({ seriesIndex, dataIndex }) =>
        seriesIndex === 1
          ? [boxes[dataIndex].name, [['Layer', boxes[dataIndex].layer]], boxes[dataIndex].description]
          : null,
      'item',
    ),
    xAxis: { type: 'value', show: false, min: 0, max: width },
    yAxis: { type: 'value', show: false, min: 0, max: height, inverse: true },
    series: [
      {
        type: 'custom',
        silent: true,
        data: [[0, 0]],
        renderItem: () => ({ type: 'group', children: [...paths, ...heads] }),
      },
      {
        type: 'custom',
        z: 3,
        data: boxes.map(({ x, y }) => [x, y]),
        renderItem({ dataIndex }) {
          const { name, layer, x, y } = boxes[dataIndex];
          const lit = bright(name);
          const isChosen = name === chosen;
          return {
            type: 'rect',
            shape: { x: x - box.width / 2, y: y - box.height / 2, ...box, r: 4 },
            style: {
              fill: isChosen ? palette.blue : palette[LAYER_COLORS[layer] ?? 'graySoft'],
              opacity: lit ? 1 : 0.3,
            },
            textConfig: { position: 'inside' },
            textContent: {
              style: {
                text: name,
                fill: isChosen ? palette.card : palette.ink,
                opacity: lit ? 1 : 0.45,
                fontFamily: palette.font,
                fontSize: 12,
                width: box.width - 8,
                overflow: 'truncate',
              },
            },
          };
        },
      },
    ],
  };
}
