// The funnel rates, and a card of them by any attribute of sessions or products.

import { isNamed, nameBars, rowsHeight, topRows } from '../charts/bars.js';
import { ends, full, share } from '../numbers.js';
import { designEffect, interval, ratio, sum } from '../ratio.js';

export const MEASURES = [
  'session_count',
  'sessions_with_view',
  'sessions_with_cart',
  'sessions_with_purchase',
  'sessions_with_view_and_cart',
  'sessions_with_cart_and_purchase',
  'sessions_with_view_and_purchase',
  'sessions_with_all_three',
  'revenue_amount',
];
/** The three rates of the funnel: numerator ÷ denominator. */
export const RATES = [
  {
    id: 'view_to_cart',
    name: 'View → cart',
    top: 'sessions_with_view_and_cart',
    bottom: 'sessions_with_view',
    color: 'blue',
  },
  {
    id: 'cart_to_purchase',
    name: 'Cart → purchase',
    top: 'sessions_with_cart_and_purchase',
    bottom: 'sessions_with_cart',
    color: 'green',
  },
  {
    id: 'view_to_purchase',
    name: 'View → purchase',
    top: 'sessions_with_view_and_purchase',
    bottom: 'sessions_with_view',
    color: 'orange',
  },
];
const ofRate = ({ id, top, bottom }, row) => interval(row[top], row[bottom], designEffect(id));
/** The 95 % interval of a rate, as text. */
export const intervalOf = (rate, row) => ends(...(ofRate(rate, row) ?? [null]));
export const rateOf = (rate, row) => ratio(row[rate.top], row[rate.bottom]);

export const noSessions = (view) =>
  sum(view.rows('days'), 'session_count')
    ? null
    : view.first
      ? 'No sessions in this selection.'
      : 'No events yet. Load a file with `estore run PATH`.';

/** A rate in a table, with its 95 % interval. */
export const rateColumns = ({ name }) =>
  [name, `${name}, 95% from`, `${name}, 95% to`].map((heading) => ({ name: heading, kind: 'rate' }));
export const rateCells = (rate, row) => [rateOf(rate, row), ...(ofRate(rate, row) ?? [null, null])];

/** A card of rates by one attribute: a row each, view → cart and view → purchase, with counts. */
export function ratesBy({
  id,
  query,
  name,
  title,
  key,
  measured,
  limit = 12,
  order,
  note,
  said,
  width = 'half',
}) {
  const rowsOf = (view) => {
    const rows = view.rows(query).map((row) => ({ ...row, name: String(row[key]) }));
    const sorted = order
      ? rows.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
      : rows.sort((a, b) => b.sessions_with_view - a.sessions_with_view);
    return topRows(
      sorted.filter((row) => row.sessions_with_view),
      limit,
      ['session_count', ...MEASURES],
      'all others',
    );
  };
  const [toCart, , toPurchase] = RATES;
  return {
    id,
    query,
    width,
    title: () => title,
    measured,
    pixels: (view) => rowsHeight(rowsOf(view).length, 38),
    reading(view) {
      const known = rowsOf(view).filter((row) => isNamed(row) && row.sessions_with_view >= 100);
      if (known.length < 2) return null;
      const ordered = [...known].sort((a, b) => rateOf(toPurchase, b) - rateOf(toPurchase, a));
      const [best, worst] = [ordered[0], ordered.at(-1)];
      if (!best[toPurchase.top]) return 'No purchases.';
      const sentence = `Highest ${said} ${best.name}, ${share(rateOf(toPurchase, best), best.sessions_with_view)}; lowest ${worst.name}, ${share(rateOf(toPurchase, worst), worst.sessions_with_view)}.`;
      return note ? `${sentence} ${note}` : sentence;
    },
    legend: (view, palette) => [
      { text: toCart.name, color: palette.blue },
      { text: toPurchase.name, color: palette.orange },
    ],
    empty: (view) => noSessions(view) ?? (rowsOf(view).length ? null : 'No views in this selection.'),
    option(view, palette, { width }) {
      const rows = rowsOf(view);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: row.name,
          values: [toCart, toPurchase].map((rate) => ({
            value: rateOf(rate, row),
            label: full(rateOf(rate, row), 'rate'),
            color: palette[rate.color],
          })),
        })),
        {
          kind: 'rate',
          room: 52,
          tip(index) {
            const row = rows[index];
            return [
              row.name,
              [
                [
                  toCart.name,
                  `${full(rateOf(toCart, row), 'rate')} = ${full(row[toCart.top], 'count')} ÷ ${full(row[toCart.bottom], 'count')}`,
                ],
                ['95% interval', intervalOf(toCart, row)],
                [
                  toPurchase.name,
                  `${full(rateOf(toPurchase, row), 'rate')} = ${full(row[toPurchase.top], 'count')} ÷ ${full(row[toPurchase.bottom], 'count')}`,
                ],
                ['95% interval', intervalOf(toPurchase, row)],
                ['Revenue', full(row.revenue_amount, 'money')],
                ...(row.session_count
                  ? [['Revenue per session', full(ratio(row.revenue_amount, row.session_count), 'money')]]
                  : []),
              ],
            ];
          },
        },
      );
    },
    table(view) {
      const withSessions = view.rows(query).some((row) => row.session_count !== undefined);
      return {
        columns: [
          { name, kind: 'text' },
          { name: 'With view', kind: 'count' },
          { name: 'View and cart', kind: 'count' },
          ...rateColumns(toCart),
          { name: 'View and purchase', kind: 'count' },
          ...rateColumns(toPurchase),
          { name: 'Revenue', kind: 'money' },
          ...(withSessions
            ? [
                { name: 'Sessions', kind: 'count' },
                { name: 'Revenue per session', kind: 'money' },
              ]
            : []),
        ],
        rows: rowsOf(view).map((row) => [
          row.name,
          row.sessions_with_view,
          row[toCart.top],
          ...rateCells(toCart, row),
          row[toPurchase.top],
          ...rateCells(toPurchase, row),
          row.revenue_amount,
          ...(withSessions ? [row.session_count, ratio(row.revenue_amount, row.session_count)] : []),
        ]),
      };
    },
  };
}

export const PAIRS = 'product sessions with a view, and the share of them with a cart or a purchase';
export const SESSIONS = 'sessions with a view, and the share of them with a cart or a purchase';
