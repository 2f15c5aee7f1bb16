// Funnel: where sessions end, how the rates change, and by which customers.

import { MARK, alertDays, alertWords } from '../../alerts.js';
import { nameBars } from '../../charts/bars.js';
import { lineChart } from '../../charts/lines.js';
import { dayAxis } from '../../charts/parts.js';
import { counted, full, short } from '../../numbers.js';
import { ratio, sum } from '../../ratio.js';
import { unsent } from '../../stages.js';
import { tilesOf, tilesTable } from '../../tiles.js';
import { once } from '../../view.js';

import { tileAgainstBefore } from '../shared/against-before.js';
import { cartRecoveryCard } from './cart-recovery.js';
import { perSession } from '../shared/per-session.js';
import {
  MEASURES,
  PAIRS,
  RATES,
  SESSIONS,
  noSessions,
  intervalOf,
  knownRates,
  rateCells,
  rateColumns,
  rateOf,
  ratesBy,
  withEffects,
} from './rates.js';
import { daysOf, stepName, stepNote, stepsOf, withGaps } from '../shared/steps.js';

const steps = once((view) => withEffects(view, stepsOf(view, 'days', MEASURES)));
const daysWithAlerts = once((view) => alertDays(view, ['view', 'cart', 'purchase']));
/** Alerts on the days of a point: an issue of a day is an issue of its week. */
function alertsIn(view, all, row) {
  const found = daysWithAlerts(view);
  return [...new Set(daysOf(all, row).flatMap((day) => found.get(day) ?? []))];
}
const totalOf = (rows) => Object.fromEntries(MEASURES.map((name) => [name, sum(rows, name)]));
function tiles(view) {
  const now = totalOf(view.rows('days'));
  const before = view.rows('days_before')[0] ?? {};
  const tile = tileAgainstBefore(view, now, before);
  return [
    tile('Sessions', 'count', (row) => row.session_count),
    tile(
      'Conversion',
      'rate',
      (row) => ratio(row.sessions_with_purchase, row.session_count),
      (row) =>
        `${full(row.sessions_with_purchase, 'count')} of ${counted(row.session_count, 'session')} with a purchase`,
      unsent('view', 'purchase'),
    ),
    tile(
      'Cart abandonment',
      'rate',
      (row) => ratio(row.sessions_with_cart - row.sessions_with_cart_and_purchase, row.sessions_with_cart),
      (row) =>
        `${full(row.sessions_with_cart - row.sessions_with_cart_and_purchase, 'count')} of ${counted(row.sessions_with_cart, 'session')} with a cart ended without a purchase`,
      unsent('cart', 'purchase'),
    ),
    tile(
      'Revenue per session',
      'money',
      (row) => ratio(row.revenue_amount, row.session_count),
      (row) => `${full(row.revenue_amount, 'money')} over ${counted(row.session_count, 'session')}`,
    ),
  ];
}

/** Sessions that viewed; of them with a cart; of these with a purchase. */
function stagesOf(view) {
  const total = totalOf(view.rows('days'));
  const counts = [
    ['Viewed a product', total.sessions_with_view],
    ['… added to cart', total.sessions_with_view_and_cart],
    ['… and bought it', total.sessions_with_all_three],
  ];
  return counts.map(([name, count], index) => ({
    name,
    count,
    ofFirst: ratio(count, counts[0][1]),
    ofBefore: index ? ratio(count, counts[index - 1][1]) : null,
    lost: index ? counts[index - 1][1] - count : null,
  }));
}

function stageLabel({ count, ofFirst, ofBefore }, width) {
  const said = `${short(count, 'count')} · ${full(ofFirst, 'rate')}`;
  return width > 460 && ofBefore !== null && ofBefore !== ofFirst
    ? `${said} (${full(ofBefore, 'rate')} of the previous stage)`
    : said;
}

export const cards = [
  {
    id: 'funnel-numbers',
    query: 'days',
    title: () => 'Sessions, conversion and abandoned carts',
    measured:
      'conversion and revenue over all sessions; abandonment over sessions with a cart; changes are relative',
    empty: noSessions,
    element: (view) => tilesOf(tiles(view)),
    table: (view) => tilesTable(tiles(view)),
  },
  {
    id: 'funnel',
    query: 'days',
    width: 'third',
    height: 's',
    title: () => 'From view to cart to purchase',
    reading(view) {
      const total = totalOf(view.rows('days'));
      const direct = total.sessions_with_view_and_purchase - total.sessions_with_all_three;
      const [, cart, bought] = stagesOf(view);
      return `${full(ratio(cart.lost, total.sessions_with_view), 'rate')} of sessions with a view end before a cart, and ${full(ratio(bought.lost, cart.count), 'rate')} of those with a cart end before a purchase. ${direct ? `Another ${counted(direct, 'session')} bought without a cart event.` : ''}`.trim();
    },
    measured: 'sessions with a view; each stage is a subset of the previous one',
    empty: (view) =>
      noSessions(view) ??
      unsent('view', 'cart', 'purchase') ??
      (totalOf(view.rows('days')).sessions_with_view ? null : 'No views in this selection.'),
    option(view, palette, { width }) {
      const stages = stagesOf(view);
      return nameBars(
        palette,
        width,
        stages.map(({ name, count, ofFirst, ofBefore }) => ({
          name,
          values: [
            { value: count, label: stageLabel({ count, ofFirst, ofBefore }, width), color: palette.blue },
          ],
        })),
        {
          kind: 'count',
          thick: 34,
          room: width > 460 ? 200 : 96,
          tip: (index) => {
            const { name, count, ofFirst, ofBefore, lost } = stages[index];
            return [
              name,
              [
                ['Sessions', full(count, 'count')],
                ['Share of sessions with a view', full(ofFirst, 'rate')],
                ...(index
                  ? [
                      ['Share of the previous stage', full(ofBefore, 'rate')],
                      ['Dropped off', full(lost, 'count')],
                    ]
                  : []),
              ],
            ];
          },
        },
      );
    },
    table: (view) => ({
      columns: [
        { name: 'Step', kind: 'text' },
        { name: 'Sessions', kind: 'count' },
        { name: 'Share of sessions with a view', kind: 'rate' },
        { name: 'Share of the previous stage', kind: 'rate' },
        { name: 'Dropped off', kind: 'count' },
      ],
      rows: stagesOf(view).map(({ name, count, ofFirst, ofBefore, lost }) => [
        name,
        count,
        ofFirst,
        ofBefore,
        lost,
      ]),
    }),
  },
  {
    id: 'rates-over-time',
    query: 'days',
    width: 'third',
    height: 's',
    title: (view) => (view.from && steps(view).byWeek ? 'The three rates by week' : 'The three rates by day'),
    reading(view) {
      const { byWeek, rows } = steps(view);
      if (rows.length < 2) return null;
      const whole = byWeek ? rows.filter(({ days }) => days === 7) : rows;
      const last = whole.at(-1) ?? rows.at(-1);
      const [first] = whole.length ? whole : rows;
      const said = [RATES[2], RATES[1], RATES[0]]
        .filter((rate) => !unsent(...rate.of))
        .slice(0, 2)
        .map((rate, at) => {
          const name = at ? rate.name.toLowerCase() : `${rate.name} went`;
          return `${name} from ${full(rateOf(rate, first), 'rate')} to ${full(rateOf(rate, last), 'rate')}`;
        });
      return `${said.join(', ')}.`;
    },
    measured: 'sessions that reached both ÷ sessions that reached the first; a gap is an incomplete day',
    legend(view, palette) {
      const all = steps(view);
      return all.rows.some((row) => alertsIn(view, all, row).length)
        ? [{ text: MARK, color: palette.purple, shape: 'triangle' }]
        : [];
    },
    empty: (view) =>
      noSessions(view) ??
      (knownRates().length ? null : unsent('view', 'cart', 'purchase')) ??
      (steps(view).rows.length ? null : 'No complete day in this period.'),
    option(view, palette, room) {
      const { width } = room;
      const all = steps(view);
      const rows = withGaps(all);
      return lineChart(
        palette,
        room,
        knownRates().map((rate) => ({
          name: rate.name,
          color: palette[rate.color],
          values: rows.map((row) => rateOf(rate, row)),
          open: rows.map(({ days }) => all.byWeek && days < 7),
        })),
        {
          kind: 'rate',
          alerts: rows.map((row) => alertsIn(view, all, row).length > 0),
          axis: dayAxis(
            palette,
            rows.map(({ key }) => key),
            width - 100,
          ),
          tip: (index) => [
            stepName(all, rows[index]),
            knownRates().map((rate) => [
              rate.name,
              `${full(rateOf(rate, rows[index]), 'rate')} of ${full(rows[index][rate.bottom], 'count')} (95%: ${intervalOf(rate, rows[index])})`,
            ]),
            alertWords(alertsIn(view, all, rows[index])) || stepNote(all, rows[index]),
          ],
        },
      );
    },
    table(view) {
      const { rows, byWeek } = steps(view);
      return {
        columns: [
          { name: byWeek ? 'Week from' : 'Day', kind: 'date' },
          { name: 'Complete days', kind: 'count' },
          ...RATES.flatMap((rate) => [
            { name: `${rate.name}, reached`, kind: 'count' },
            { name: `${rate.name}, of`, kind: 'count' },
            ...rateColumns(rate),
          ]),
        ],
        rows: rows.map((row) => [
          row.key,
          row.days,
          ...RATES.flatMap((rate) => [row[rate.top], row[rate.bottom], ...rateCells(rate, row)]),
        ]),
      };
    },
  },
  perSession({
    id: 'revenue-per-session',
    query: 'days',
    width: 'third last',
    height: 's',
    steps,
    measure: 'revenue_amount',
    kind: 'money',
    name: 'Revenue per session',
    of: { name: 'Revenue', kind: 'money' },
    said: (revenue, sessions) => `${revenue} over ${sessions}.`,
    measured: 'revenue ÷ sessions; a gap is an incomplete day',
    empty: (view) => noSessions(view) ?? (steps(view).rows.length ? null : 'No complete day in this period.'),
  }),
  cartRecoveryCard,
  ratesBy({
    id: 'rates-by-category',
    query: 'categories',
    key: 'category',
    name: 'Category',
    title: 'Rates by category',
    said: 'purchase rate:',
    measured: PAIRS,
  }),
  ratesBy({
    id: 'rates-by-brand',
    query: 'brands',
    key: 'brand',
    name: 'Brand',
    title: 'Rates by brand, the most viewed',
    said: 'purchase rate:',
    measured: PAIRS,
  }),
  ratesBy({
    id: 'rates-by-segment',
    query: 'segments',
    width: 'half double',
    key: 'rfm_segment',
    name: 'Segment at the time',
    title: 'Rates by the customer’s segment at the time',
    said: 'share of buying sessions:',
    measured: `${SESSIONS}; the segment at the end of the month before, New = no order at that time`,
  }),
  ratesBy({
    id: 'rates-by-stage',
    query: 'stages',
    key: 'customer_stage',
    name: 'Stage at the time',
    title: 'Rates before and after the first order',
    said: 'share of buying sessions:',
    measured: `${SESSIONS}; first = no order before the session`,
    order: ['first', 'returning'],
  }),
  ratesBy({
    id: 'rates-by-length',
    query: 'lengths',
    key: 'session_length',
    name: 'Events in the session',
    title: 'Rates by events in the session',
    said: 'share of buying sessions:',
    measured: SESSIONS,
    order: ['1', '2–5', '6–20', '21+'],
    note: 'A purchase is an event itself, so length is not a cause.',
  }),
];
