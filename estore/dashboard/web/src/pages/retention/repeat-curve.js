// How long customers take to reorder: a Kaplan–Meier curve, in which each customer counts for the length of
// their history.

import { bandChart } from '../../charts/band.js';
import { tabled } from '../../columns.js';
import { monthName } from '../../days.js';
import { counted, ends, full } from '../../numbers.js';
import { whole } from '../../view.js';
import { CENSORED, customers } from './new-customers.js';

/** Of all customers the curve of those whom the findings count. */
const isAll = (view, { cohort_grain }) => cohort_grain === customers(view).row?.cohort_grain;
const curveOf = (view, cohort) =>
  view.rows('curve').filter((row) => (cohort === 'all' ? isAll(view, row) : row.cohort_start === cohort));
const cohortsOf = (view) => [
  ...new Set(view.rows('curve').flatMap(({ cohort_start: start }) => (start ? [start] : []))),
  'all',
];
const nameOf = (view, cohort) =>
  cohort !== 'all'
    ? `First order in ${monthName(cohort)}`
    : customers(view).excluded
      ? 'New customers'
      : 'All customers';
/** No median of too few customers at risk; an older snapshot may have one. */
function medianOf(view, rows) {
  const day = rows[0].median_days_to_repeat;
  const then = rows.find(({ day_number }) => day_number === day);
  return then && then.at_risk_count >= (view.thresholds.median_min_at_risk ?? view.fewest) ? day : null;
}
function medianEnds({ median_days_to_repeat_low: low, median_days_to_repeat_high: high }) {
  if (low === null || low === undefined) return '';
  return ` (95% interval ${high ? `${low} to ${high} days` : `from ${low} days`})`;
}
const between = ({ survival_low: low, survival_high: high }) => ends(low, high);

/** Days for the sentence about the curve: the last of these that it reaches. */
const DAYS_IN_WORDS = [90, 60, 30, 14, 7, 1];

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
          values: cohortsOf(view).map((id) => ({
            id,
            label: id !== 'all' ? monthName(id) : customers(view).excluded ? 'all new customers' : 'all',
          })),
        }
      : null,
  reading(view, cohort) {
    const rows = curveOf(view, cohort);
    const [first] = rows;
    const median = medianOf(view, rows);
    const day = DAYS_IN_WORDS.find((days) => days <= rows.at(-1).day_number) ?? 0;
    const then = rows.find(({ day_number }) => day_number === day);
    const half =
      median !== null
        ? `Half reorder within ${counted(median, 'day')}${medianEnds(first)}.`
        : rows.at(-1).survival > 0.5
          ? 'Fewer than half have reordered so far.'
          : 'Too few customers remain to say by which day half reordered.';
    const censored = first.is_left_censored ? ` This includes customers who ${CENSORED}.` : '';
    return `${nameOf(view, cohort)}, ${full(first.customer_count, 'count')}: ${full(then.survival, 'rate')} did not reorder within ${counted(day, 'day')} (95% interval ${between(then)}). ${half}${censored}`;
  },
  period: whole,
  measured: 'share without a second order (Kaplan–Meier), of customers at risk on each day',
  legend: (view, palette, cohort) => [
    { text: 'not reordered', color: palette.blue, shape: 'line' },
    { text: '95% interval', color: palette.blue, shape: 'band' },
    ...(cohort === 'all'
      ? []
      : [{ text: nameOf(view, 'all').toLowerCase(), color: palette.gray, shape: 'dashed' }]),
  ],
  empty: (view) => (view.rows('curve').length ? null : 'No purchases yet.'),
  option(view, palette, { choice: cohort }) {
    const rows = curveOf(view, cohort);
    const all = cohort === 'all' ? [] : curveOf(view, 'all');
    return bandChart(palette, {
      points: rows.map((row) => [row.day_number, row.survival, row.survival_low, row.survival_high]),
      comparison: all.map((row) => [row.day_number, row.survival]),
      middle: medianOf(view, rows),
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
  table: (view, cohort) =>
    tabled(curveOf(view, cohort), [
      ['Day', 'count', 'day_number'],
      ['At risk', 'count', 'at_risk_count'],
      ['Reordered', 'count', 'repeated_count'],
      ['Not reordered', 'rate', 'survival'],
      ['95% from', 'rate', 'survival_low'],
      ['95% to', 'rate', 'survival_high'],
    ]),
};
