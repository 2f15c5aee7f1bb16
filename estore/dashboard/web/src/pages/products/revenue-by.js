// A card of revenue by name, and one of the largest changes.

import { isNamed, nameBars, rowsHeight, topRows } from '../../charts/bars.js';
import { tabled } from '../../columns.js';
import { addDays, periodName, spanOf } from '../../days.js';
import { counted, full, short } from '../../numbers.js';
import { change, ratio, sum } from '../../ratio.js';
import { PRODUCT_MEASURES, largest, marked, nothingSold } from './rows.js';

/** A card of revenue by name, highest first. */
export const revenueBy = ({ id, query, noun, plural, title, rowsOf, count = 12, width = 'third' }) => ({
  id,
  query,
  width,
  title: () => title,
  pixels: () => rowsHeight(count + 1, 28),
  reading(view) {
    const rows = largest(rowsOf(view));
    const total = sum(rows, 'revenue_amount');
    const top = rows.find(isNamed) ?? rows[0];
    return `${top.name} brings ${full(ratio(top.revenue_amount, total), 'rate')} of ${full(total, 'money')}.`;
  },
  measured: 'price × quantity of purchases; shares are of the revenue shown',
  empty: nothingSold,
  option(view, palette, { width }) {
    const rows = topRows(
      largest(rowsOf(view)).filter(({ revenue_amount }) => revenue_amount),
      count,
      PRODUCT_MEASURES,
      `all other ${plural}`,
    );
    const total = sum(rows, 'revenue_amount');
    return nameBars(
      palette,
      width,
      rows.map((row) => ({
        name: marked(view, row.name, query === 'categories'),
        values: [
          {
            value: row.revenue_amount,
            label: `${short(row.revenue_amount, 'money')} · ${full(ratio(row.revenue_amount, total), 'rate')}`,
            color: isNamed(row) ? palette.blue : palette.gray,
          },
        ],
      })),
      {
        kind: 'money',
        room: 104,
        tip: (index) => [
          rows[index].name,
          [
            ['Revenue', full(rows[index].revenue_amount, 'money')],
            ['Share', full(ratio(rows[index].revenue_amount, total), 'rate')],
            ['Items', full(rows[index].item_count, 'count')],
            ['Views', full(rows[index].view_count, 'count')],
          ],
        ],
      },
    );
  },
  table(view) {
    const rows = largest(rowsOf(view));
    const total = sum(rows, 'revenue_amount');
    return tabled(rows, [
      [noun[0].toUpperCase() + noun.slice(1), 'text', 'name'],
      ['Revenue', 'money', 'revenue_amount'],
      ['Share', 'rate', (row) => ratio(row.revenue_amount, total)],
      ['Items', 'count', 'item_count'],
      ['Views', 'count', 'view_count'],
    ]);
  },
});

/** Changes against the same number of days before. */
export const changed = ({ id, query, noun, title, now, before }) => {
  const rowsOf = (view) => {
    const earlier = new Map(before(view).map((row) => [row.name, row.revenue_amount]));
    const names = new Map(now(view).map((row) => [row.name, row.revenue_amount]));
    return [...new Set([...names.keys(), ...earlier.keys()])]
      .map((name) => ({ name, now: names.get(name) ?? 0, before: earlier.get(name) ?? 0 }))
      .map((row) => ({ ...row, difference: row.now - row.before }))
      .filter(({ now: a, before: b }) => a || b)
      .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || (a.name < b.name ? -1 : 1));
  };
  const shown = (view) =>
    rowsOf(view)
      .slice(0, 8)
      .sort((a, b) => b.difference - a.difference);
  const days = (view) => periodName(addDays(view.from, -spanOf(view.from, view.to)), addDays(view.from, -1));
  const uncovered = (view) => addDays(view.from, -spanOf(view.from, view.to)) < view.first;
  return {
    id,
    query,
    width: 'half',
    title: () => title,
    pixels: (view) => rowsHeight(shown(view).length, 28),
    reading(view) {
      const rows = rowsOf(view);
      const [total, earlier] = [
        rows.reduce((all, row) => all + row.now, 0),
        rows.reduce((all, row) => all + row.before, 0),
      ];
      const most = rows.find(isNamed) ?? rows[0];
      return `Revenue ${full(change(total, earlier), 'change')} in total; ${most.name} ${most.difference < 0 ? 'lost' : 'gained'} most, ${full(Math.abs(most.difference), 'money')}.`;
    },
    period: (view) => (view.from ? `${view.period} against ${days(view)}` : view.period),
    measured: 'difference in revenue',
    empty: (view) =>
      nothingSold(view) ??
      (uncovered(view)
        ? `The ${counted(spanOf(view.from, view.to), 'day')} before are not all in the data: choose a shorter period.`
        : null),
    legend: (view, palette) => [
      { text: 'more', color: palette.blue },
      { text: 'less', color: palette.orange },
    ],
    option(view, palette, { width }) {
      const rows = shown(view);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: marked(view, row.name, query === 'categories'),
          values: [
            {
              value: row.difference,
              label: `${row.difference > 0 ? '+' : ''}${short(row.difference, 'money')}`,
              color: row.difference < 0 ? palette.orange : palette.blue,
            },
          ],
        })),
        {
          kind: 'money',
          room: 76,
          signed: true,
          tip: (index) => [
            rows[index].name,
            [
              ['Revenue', full(rows[index].now, 'money')],
              ['Before', full(rows[index].before, 'money')],
              ['Difference', full(rows[index].difference, 'money')],
              ['Change', full(change(rows[index].now, rows[index].before), 'change')],
            ],
          ],
        },
      );
    },
    table: (view) =>
      tabled(rowsOf(view), [
        [noun[0].toUpperCase() + noun.slice(1), 'text', 'name'],
        ['Revenue', 'money', 'now'],
        ['Before', 'money', 'before'],
        ['Difference', 'money', 'difference'],
        ['Change', 'change', (row) => change(row.now, row.before)],
      ]),
  };
};
