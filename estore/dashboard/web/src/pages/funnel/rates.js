// The funnel rates, and a card of them by any attribute of sessions or products.

import { isNamed, nameBars, rowsHeight, topRows } from '../../charts/bars.js';
import { ends, full, share } from '../../numbers.js';
import { designEffect, interval, ratio, sum } from '../../ratio.js';
import { unsent } from '../../stages.js';

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
    of: ['view', 'cart'],
    top: 'sessions_with_view_and_cart',
    bottom: 'sessions_with_view',
    color: 'blue',
  },
  {
    id: 'cart_to_purchase',
    name: 'Cart → purchase',
    of: ['cart', 'purchase'],
    top: 'sessions_with_cart_and_purchase',
    bottom: 'sessions_with_cart',
    color: 'green',
  },
  {
    id: 'view_to_purchase',
    name: 'View → purchase',
    of: ['view', 'purchase'],
    top: 'sessions_with_view_and_purchase',
    bottom: 'sessions_with_view',
    color: 'orange',
  },
];
/** The effect of the row's own day where it is published, else that of all sessions. */
const ofRate = ({ id, of, top, bottom }, row) =>
  unsent(...of) ? null : interval(row[top], row[bottom], row.effects?.[id] ?? designEffect(id));
/** The 95 % interval of a rate, as text. */
export const intervalOf = (rate, row) => ends(...(ofRate(rate, row) ?? [null]));
export const rateOf = (rate, row) => (unsent(...rate.of) ? null : ratio(row[rate.top], row[rate.bottom]));
/** The rates that the source can have. */
export const knownRates = (rates = RATES) => rates.filter(({ of }) => !unsent(...of));

/** Rows by day with the published design effects of each day. */
export function withEffects(view, { byWeek, rows }) {
  if (byWeek) return { byWeek, rows };
  const days = new Map(view.rows('effects').map((row) => [row.session_start_date, row]));
  const effectsOf = (day) =>
    day && Object.fromEntries(RATES.map(({ id }) => [id, day[`${id}_design_effect`] ?? undefined]));
  return { byWeek, rows: rows.map((row) => ({ ...row, effects: effectsOf(days.get(row.key)) })) };
}

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
  const shown = () => knownRates([toCart, toPurchase]);
  return {
    id,
    query,
    width,
    title: () => title,
    measured,
    pixels: (view) => rowsHeight(rowsOf(view).length, 38),
    reading(view) {
      if (unsent(...toPurchase.of)) return unsent(...toPurchase.of);
      const known = rowsOf(view).filter((row) => isNamed(row) && row.sessions_with_view >= 100);
      if (known.length < 2) return null;
      const ordered = [...known].sort((a, b) => rateOf(toPurchase, b) - rateOf(toPurchase, a));
      const [best, worst] = [ordered[0], ordered.at(-1)];
      if (!best[toPurchase.top]) return 'No purchases.';
      const sentence = `Highest ${said} ${best.name}, ${share(rateOf(toPurchase, best), best.sessions_with_view)}; lowest ${worst.name}, ${share(rateOf(toPurchase, worst), worst.sessions_with_view)}.`;
      return note ? `${sentence} ${note}` : sentence;
    },
    legend: (view, palette) => shown().map((rate) => ({ text: rate.name, color: palette[rate.color] })),
    empty: (view) =>
      noSessions(view) ??
      (shown().length ? null : (unsent('view') ?? unsent(...toPurchase.of))) ??
      (rowsOf(view).length ? null : 'No views in this selection.'),
    option(view, palette, { width }) {
      const rows = rowsOf(view);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: row.name,
          values: shown().map((rate) => ({
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
                ...shown().flatMap((rate) => [
                  [
                    rate.name,
                    `${full(rateOf(rate, row), 'rate')} = ${full(row[rate.top], 'count')} ÷ ${full(row[rate.bottom], 'count')}`,
                  ],
                  ['95% interval', intervalOf(rate, row)],
                ]),
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
