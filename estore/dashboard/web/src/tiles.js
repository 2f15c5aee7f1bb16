// Headline numbers: value, change as text, and recent days as a small line.

import { h, svg } from './element.js';
import { full, kindOfChange, short } from './numbers.js';

/**
 * @typedef {object} Tile
 * @property {string} name
 * @property {number | null} value
 * @property {import('./numbers.js').Kind} kind
 * @property {number | null} [change] against what `against` says; of a rate in points
 * @property {string} [against]
 * @property {string} [note] instead of a change
 * @property {(number | null)[]} [trend]
 * @property {string} [counts] numerator and denominator of a rate
 * @param {Tile[]} tiles
 */
export function tilesOf(tiles) {
  return h(
    'dl',
    { class: 'tiles' },
    tiles.map(({ name, value, kind, change, against, note, trend, counts }) =>
      h(
        'div',
        { title: counts ?? full(value, kind) },
        h('dt', {}, name),
        h('dd', { class: 'value' }, short(value, kind)),
        h(
          'dd',
          { class: `change ${change > 0 ? 'more' : change < 0 ? 'less' : ''}` },
          against ? changeWords(change, kindOfChange(kind), against) : null,
          note ?? null,
        ),
        trend ? h('dd', {}, spark(trend)) : null,
      ),
    ),
  );
}

function changeWords(change, kind, against) {
  if (change === null || change === undefined) return [`${against}: no comparison`];
  const arrow = change > 0 ? '▲' : change < 0 ? '▼' : '';
  return [
    h('b', {}, `${arrow} ${full(change, kind)}`.trim()),
    ' ',
    h('span', { class: against.length > 12 ? 'long' : null }, against),
  ];
}

/** Gaps stay gaps. */
function spark(values) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(0, ...known), Math.max(...known)];
  const lines = [[]];
  values.forEach((value, index) => {
    if (value === null) lines.push([]);
    else
      lines
        .at(-1)
        .push(`${(index / (values.length - 1)) * 100},${28 - ((value - low) / (high - low || 1)) * 26}`);
  });
  return svg(
    'svg',
    { viewBox: '0 0 100 30', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    // A day alone is a dot: a line from it to itself, with round ends.
    ...lines
      .filter((line) => line.length)
      .map((line) => svg('polyline', { points: [...line, line.at(-1)].join(' ') })),
  );
}

/** The tiles as a table; in it each value has the kind of its tile. */
export function tilesTable(tiles) {
  const kinds = new Map();
  const rows = tiles.map(({ name, value, kind, change, against, note, counts }) => {
    const inPoints = kind === 'rate' && against ? 'change in percentage points' : null;
    const words = [against, inPoints, note, counts].filter(Boolean).join('; ');
    const row = [name, value, change ?? null, words || null];
    kinds.set(row, kind);
    return row;
  });
  return {
    columns: [
      { name: 'Number', kind: 'text' },
      { name: 'Value', kind: 'amount', kindOf: (row) => kinds.get(row) },
      { name: 'Change', kind: 'change', kindOf: (row) => kindOfChange(kinds.get(row)) },
      { name: 'Comparison or counts', kind: 'text', long: true },
    ],
    rows,
  };
}
