// The table behind every chart: numbers aligned right, a click on a heading sorts.

import { h } from './element.js';
import { measuring } from './lettering.js';
import { full, isNumber, NONE } from './numbers.js';

/**
 * @typedef {{name: string, kind: import('./numbers.js').Kind, long?: boolean, mark?: (row: any[]) => string | null, spare?: boolean}} Column
 *   mark: the color of a dot before the value; spare: left out on a narrow screen where rows are stacked on a phone
 * @param {string} caption
 * @param {Column[]} given
 * @param {any[][]} rows
 * @param {{tall?: boolean, stacked?: boolean}} [how] stacked: on a phone a row is a few lines, not one to scroll along
 */
export function tableOf(caption, given, rows, { tall = false, stacked = false } = {}) {
  const columns = aligned(given, rows);
  const body = h('tbody');
  let sorted = null;
  const fill = (shown) =>
    body.replaceChildren(
      ...shown.map((row) =>
        h(
          'tr',
          {},
          columns.map((column, index) => cell(column, row[index], row, stacked)),
        ),
      ),
    );

  const heads = columns.map((column, index) =>
    h(
      'th',
      {
        scope: 'col',
        class: `${isNumber(column.kind) ? 'number' : ''} ${column.spare ? 'spare' : ''}`.trim(),
      },
      h('button', { type: 'button', onclick: () => sort(index) }, column.name),
    ),
  );

  function sort(index) {
    const down = sorted?.index === index ? !sorted.down : isNumber(columns[index].kind);
    sorted = { index, down };
    heads.forEach((head, at) => {
      if (at === index) head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
    fill([...rows].sort((a, b) => inOrder(a[index], b[index], down)));
  }

  fill(rows);
  return h(
    'div',
    {
      class: ['table', tall && 'tall', stacked && 'stacked'].filter(Boolean).join(' '),
      tabindex: 0,
      role: 'region',
      'aria-label': caption,
    },
    h('table', {}, h('caption', { class: 'unseen' }, caption), h('thead', {}, h('tr', {}, heads)), body),
  );
}

/** Unknown values come last in either sort order. */
function inOrder(a, b, down) {
  const [noA, noB] = [a === null || a === undefined, b === null || b === undefined];
  if (noA || noB) return Number(noA) - Number(noB);
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
  return down ? -order : order;
}

function cell(column, value, row, stacked) {
  const text = textOf(column, value, row);
  const color = column.mark?.(row);
  const kinds = [
    isNumber(column.kind) ? 'number' : text.length <= 28 && !(stacked && column.long) ? 'name' : 'long',
    stacked && !['text', 'prose'].includes(column.kind) ? 'fact' : '',
    text === NONE ? 'none' : '',
    column.spare ? 'spare' : '',
  ];
  return h(
    'td',
    // A stacked row has no heading above it.
    { class: kinds.filter(Boolean).join(' '), 'data-label': stacked ? column.name : null },
    color ? h('span', { class: `dot ${color}` }) : null,
    text,
  );
}

/** A cell's text; a column may hold values of several kinds. */
const textOf = (column, value, row) =>
  full(
    typeof value === 'boolean' ? (value ? 'yes' : 'no') : value,
    column.kindOf?.(row) ?? column.kind,
    column.cents,
  );

/** All money of a table has cents or none has, so that the digits align. */
export function aligned(columns, rows) {
  const cents = rows.every((row) =>
    columns.every(({ kind }, index) => kind !== 'money' || Math.abs(row[index] ?? 0) < 1000),
  );
  return columns.map((column) => (column.kind === 'money' ? { ...column, cents } : column));
}

const ROW = 24;

/** A table as a picture, for cards without a chart. */
export function tablePicture(given, rows, palette) {
  const columns = aligned(given, rows);
  const fonts = [`600 12px ${palette.font}`, `12px ${palette.font}`];
  const texts = [
    columns.map(({ name }) => name),
    ...rows.map((row) => columns.map((column, index) => cut(textOf(column, row[index], row)))),
  ];
  const widths = columns.map(
    (_, index) =>
      Math.max(
        ...texts.map((row, line) => measuring(fonts[Math.min(line, 1)]).measureText(row[index]).width),
      ) + 20,
  );
  const width = Math.max(
    420,
    widths.reduce((total, one) => total + one, 0),
  );
  const draw = (context, left, top) => {
    texts.forEach((row, line) => {
      let x = left;
      context.font = fonts[Math.min(line, 1)];
      row.forEach((text, index) => {
        const right = isNumber(columns[index].kind);
        context.textAlign = right ? 'right' : 'left';
        context.fillStyle = palette.ink;
        context.fillText(text, right ? x + widths[index] - 20 : x, top + line * ROW + 6);
        x += widths[index];
      });
      context.fillStyle = palette.line;
      context.fillRect(left, top + (line + 1) * ROW - 1, width, 1);
    });
    context.textAlign = 'left';
  };
  return { width, height: texts.length * ROW, draw };
}

const cut = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
