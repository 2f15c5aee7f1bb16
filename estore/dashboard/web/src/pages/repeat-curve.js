// How long customers take to reorder: a Kaplan–Meier curve, in which each customer counts for the length of
// their history.

import { bandChart } from '../charts/band.js';
import { monthName } from '../days.js';
import { counted, ends, full } from '../numbers.js';
import { whole } from '../view.js';

const idOf = ({ cohort_grain, cohort_start }) => (cohort_grain === 'overall' ? 'all' : cohort_start);
const curveOf = (view, cohort) => view.rows('curve').filter((row) => idOf(row) === cohort);
const cohortsOf = (view) => [...new Set(view.rows('curve').map(idOf))].sort();
const nameOf = (cohort) => (cohort === 'all' ? 'All customers' : `First order in ${monthName(cohort)}`);
const between = ({ survival_low: low, survival_high: high }) => ends(low, high);

/** Days for the sentence about the curve: the last of these that it reaches. */
const TOLD = [90, 60, 30, 14, 7, 1];

export const repeatCurveCard = {
  id: 'time-to-second-order',
  query: 'curve',
  height: 'm',
  width: 'half',
  title: () => 'Time to the second order',
  choices: (view) =>
    view.rows('curve').length
      ? {
          label: 'Customers by first order',
          values: cohortsOf(view).map((id) => ({ id, label: id === 'all' ? 'all' : monthName(id) })),
        }
      : null,
  reading(view, cohort) {
    const rows = curveOf(view, cohort);
    const [{ customer_count: customers, median_days_to_repeat: median }] = rows;
    const day = TOLD.find((days) => days <= rows.at(-1).day_number) ?? 0;
    const then = rows.find(({ day_number }) => day_number === day);
    const half =
      median !== null
        ? `Half reordered by day ${median}.`
        : rows.at(-1).survival > 0.5
          ? 'Fewer than half have reordered so far.'
          : 'Too few customers remain to say by which day half reordered.';
    return `${nameOf(cohort)}, ${full(customers, 'count')}: ${full(then.survival, 'rate')} did not reorder within ${counted(day, 'day')} (95% interval ${between(then)}). ${half}`;
  },
  period: whole,
  measured: 'share without a second order (Kaplan–Meier), of customers at risk on each day',
  legend: (view, palette, cohort) => [
    { text: 'not reordered', color: palette.blue, shape: 'line' },
    { text: '95% interval', color: palette.blue, shape: 'band' },
    ...(cohort === 'all' ? [] : [{ text: 'all customers', color: palette.gray, shape: 'dashed' }]),
  ],
  empty: (view) => (view.rows('curve').length ? null : 'No purchases yet.'),
  option(view, palette, { choice: cohort }) {
    const rows = curveOf(view, cohort);
    const all = cohort === 'all' ? [] : curveOf(view, 'all');
    return bandChart(palette, {
      points: rows.map((row) => [row.day_number, row.survival, row.survival_low, row.survival_high]),
      beside: all.map((row) => [row.day_number, row.survival]),
      middle: rows[0].median_days_to_repeat,
      name: 'days since the first order',
      tip(index) {
        const row = rows[index];
        return [
          row.day_number
            ? `${counted(row.day_number, 'day')} after the first order`
            : 'On the day of the first order',
          [
            ['Not reordered', full(row.survival, 'rate')],
            ['95% interval', between(row)],
            ['At risk', full(row.at_risk_count, 'count')],
            ['Reordered that day', full(row.repeated_count, 'count')],
          ],
        ];
      },
    });
  },
  table: (view, cohort) => ({
    columns: [
      { name: 'Day', kind: 'count' },
      { name: 'At risk', kind: 'count' },
      { name: 'Reordered', kind: 'count' },
      { name: 'Not reordered', kind: 'rate' },
      { name: '95% from', kind: 'rate' },
      { name: '95% to', kind: 'rate' },
    ],
    rows: curveOf(view, cohort).map((row) => [
      row.day_number,
      row.at_risk_count,
      row.repeated_count,
      row.survival,
      row.survival_low,
      row.survival_high,
    ]),
  }),
};
