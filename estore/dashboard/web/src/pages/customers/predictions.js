// Predictions: expected revenue by segment, and earlier predictions against what followed.

import { nameBars, rowsHeight } from '../../charts/bars.js';
import { tabled } from '../../columns.js';
import { dayName } from '../../days.js';
import { counted, full, short } from '../../numbers.js';
import { ratio } from '../../ratio.js';

const horizonsOf = (view, query) =>
  [...new Set(view.rows(query).map(({ horizon_days }) => horizon_days))].sort((a, b) => a - b);

/** Why nothing is predicted, in the words of the build. */
const refusal = (view) =>
  view.rows('fits').find(({ refusal_reason }) => refusal_reason)?.refusal_reason ??
  'There are no predictions yet.';

const predicted = (view, days) => view.rows('predicted').filter((row) => String(row.horizon_days) === days);
const total = (view, days) => predicted(view, days).find(({ rfm_segment }) => rfm_segment === 'All');
const bySegment = (view, days) =>
  predicted(view, days)
    .filter(({ rfm_segment }) => rfm_segment !== 'All')
    .sort((a, b) => b.expected_revenue_amount - a.expected_revenue_amount);
const interval = (row, kind = short) =>
  `${kind(row.expected_revenue_amount_low, 'money')} to ${kind(row.expected_revenue_amount_high, 'money')}`;

const predictedCard = {
  id: 'predicted-value',
  query: 'predicted',
  width: 'half',
  pixels: (view) => rowsHeight(view.rows('segments').length, 30),
  title: (view, days) => (days ? `Expected revenue in the next ${days} days` : 'Expected revenue'),
  choices(view) {
    const values = horizonsOf(view, 'predicted').map((days) => ({ id: String(days), label: `${days} days` }));
    return values.length ? { label: 'Horizon', values } : null;
  },
  reading(view, days) {
    const row = total(view, days);
    const fit = view.rows('fits').find(({ horizon_days }) => String(horizon_days) === days);
    return `${full(row.expected_revenue_amount, 'money')} (${interval(row, full)}) from ${counted(row.customer_count, 'customer')}. For the last ${counted(fit.backtest_count, 'month end')}, such predictions were off by ${full(fit.backtest_revenue_error, 'rate')} on average.`;
  },
  period: (view, days) => `the ${days ?? 30} days after ${dayName(view.asOf, true)}`,
  measured:
    'expected revenue of buyers by their segment at the as-of date, with the 80% interval; customers who order for the first time are not included',
  empty: (view) => (view.rows('predicted').length ? null : refusal(view)),
  option(view, palette, { width, choice: days }) {
    const rows = bySegment(view, days);
    return nameBars(
      palette,
      width,
      rows.map((row) => ({
        name: row.rfm_segment,
        values: [
          {
            value: row.expected_revenue_amount,
            label:
              width > 420
                ? `${short(row.expected_revenue_amount, 'money')}  (${interval(row)})`
                : short(row.expected_revenue_amount, 'money'),
            color: palette.blue,
          },
        ],
      })),
      {
        kind: 'money',
        room: width > 420 ? 170 : 60,
        tip: (index) => [
          rows[index].rfm_segment,
          [
            ['Expected revenue', full(rows[index].expected_revenue_amount, 'money')],
            ['80% interval', interval(rows[index], full)],
            ['Expected orders', full(rows[index].expected_order_count, 'count')],
            ['Customers', full(rows[index].customer_count, 'count')],
            ['Of them still customers', full(rows[index].alive_customer_count, 'count')],
          ],
        ],
      },
    );
  },
  table: (view, days) =>
    tabled(bySegment(view, days), [
      ['Segment', 'text', 'rfm_segment'],
      ['Customers', 'count', 'customer_count'],
      ['Still customers', 'count', 'alive_customer_count'],
      ['Expected orders', 'count', 'expected_order_count'],
      ['Expected revenue', 'money', 'expected_revenue_amount'],
      ['From', 'money', 'expected_revenue_amount_low'],
      ['To', 'money', 'expected_revenue_amount_high'],
    ]),
};

const asked = (choice) => {
  const [month, days] = (choice ?? ' ').split(' ');
  return { month, days };
};
const compared = (view, choice) => {
  const { month, days } = asked(choice);
  return view
    .rows('receipt')
    .filter((row) => row.month_end_date === month && String(row.horizon_days) === days);
};
const everyone = (view, choice) => compared(view, choice).find(({ decile }) => decile === 0);
const deciles = (view, choice) =>
  compared(view, choice)
    .filter(({ decile }) => decile > 0)
    .sort((a, b) => b.decile - a.decile);
const decileName = ({ decile }) =>
  decile === 10 ? '10 (highest)' : decile === 1 ? '1 (lowest)' : String(decile);

const receiptCard = {
  id: 'predicted-against-actual',
  query: 'receipt',
  width: 'half',
  pixels: () => rowsHeight(10, 34),
  title: () => 'Earlier predictions and what followed',
  choices(view) {
    const pairs = [
      ...new Set(view.rows('receipt').map((row) => `${row.month_end_date} ${row.horizon_days}`)),
    ].sort();
    const values = pairs.map((id) => {
      const { month, days } = asked(id);
      return { id, label: `${dayName(month, true)}, ${days} days` };
    });
    return values.length ? { label: 'Predicted on', values } : null;
  },
  reading(view, choice) {
    const row = everyone(view, choice);
    const naive = Math.min(row.last_period_orders_mae, row.segment_mean_orders_mae);
    const closer = ratio(naive - row.orders_mae, naive);
    const said = `${full(row.predicted_revenue_amount, 'money')} (80% interval ${full(row.predicted_revenue_amount_low, 'money')} to ${full(row.predicted_revenue_amount_high, 'money')}) were predicted for ${counted(row.customer_count, 'customer')}; ${full(row.actual_revenue_amount, 'money')} followed.`;
    return closer > 0
      ? `${said} Orders per customer were ${full(closer, 'rate')} closer than a simple forecast.`
      : said;
  },
  period: (view, choice) => {
    const { month, days } = asked(choice);
    return month
      ? `predicted with the orders until ${dayName(month, true)}, for the ${days} days after`
      : 'no month end to compare with yet';
  },
  measured: 'revenue of customers by tenths of predicted revenue; equal predictions share a tenth',
  legend: (view, palette) => [
    { text: 'predicted', color: palette.gray },
    { text: 'actual', color: palette.blue },
  ],
  empty: (view) => (view.rows('receipt').length ? null : refusal(view)),
  option(view, palette, { width, choice }) {
    const rows = deciles(view, choice);
    return nameBars(
      palette,
      width,
      rows.map((row) => ({
        name: decileName(row),
        values: [
          {
            value: row.predicted_revenue_amount,
            label: short(row.predicted_revenue_amount, 'money'),
            color: palette.gray,
          },
          {
            value: row.actual_revenue_amount,
            label: short(row.actual_revenue_amount, 'money'),
            color: palette.blue,
          },
        ],
      })),
      {
        kind: 'money',
        room: 64,
        tip: (index) => [
          `Tenth ${decileName(rows[index])}`,
          [
            ['Predicted revenue', full(rows[index].predicted_revenue_amount, 'money')],
            ['Actual revenue', full(rows[index].actual_revenue_amount, 'money')],
            ['Predicted orders', full(rows[index].predicted_order_count, 'count')],
            ['Actual orders', full(rows[index].actual_order_count, 'count')],
            ['Customers', full(rows[index].customer_count, 'count')],
            [
              'Orders in their 80% interval',
              full(ratio(rows[index].orders_covered_count, rows[index].customer_count), 'rate'),
            ],
          ],
        ],
      },
    );
  },
  table: (view, choice) =>
    tabled(deciles(view, choice), [
      ['Tenth', 'text', (row) => decileName(row)],
      ['Customers', 'count', 'customer_count'],
      ['Predicted orders', 'count', 'predicted_order_count'],
      ['Actual orders', 'count', 'actual_order_count'],
      ['Predicted revenue', 'money', 'predicted_revenue_amount'],
      ['Actual revenue', 'money', 'actual_revenue_amount'],
    ]),
};

export const predictionCards = [predictedCard, receiptCard];
