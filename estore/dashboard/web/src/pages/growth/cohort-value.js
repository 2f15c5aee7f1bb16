// Revenue per customer by month since the first order, for all customers or by their first category or brand.

import { cellTable } from '../../charts/cells.js';
import { tabled } from '../../columns.js';
import { monthName } from '../../days.js';
import { counted, full, short } from '../../numbers.js';
import { sum } from '../../ratio.js';
import { whole } from '../../view.js';
import { CENSORED } from '../retention/new-customers.js';

const idOf = (row) => (row.breakdown === 'all' ? 'all' : `${row.breakdown}: ${row.item}`);
const rowsOf = (view, choice) => view.rows('ltv').filter((row) => idOf(row) === choice);

/** All customers last, because the last choice is the first one shown. */
function choices(view) {
  const sizes = new Map();
  for (const row of view.rows('ltv'))
    if (row.month_index === 0) sizes.set(idOf(row), (sizes.get(idOf(row)) ?? 0) + row.customer_count);
  const ids = [...sizes.keys()].sort((a, b) => (a === 'all') - (b === 'all') || sizes.get(b) - sizes.get(a));
  const label = (id) => (id === 'all' ? 'all customers' : `first ${id}`);
  return { label: 'Customers', values: ids.map((id) => ({ id, label: label(id) })) };
}

export const cohortValueCard = {
  id: 'cohort-value',
  query: 'ltv',
  height: 'm',
  title: () => 'Revenue per customer since the first order',
  choices,
  reading(view, choice) {
    const third = rowsOf(view, choice).filter((row) => row.month_index === 2 && row.is_complete);
    const all = sum(third, 'customer_count');
    if (!all) return 'Not known yet: a cohort needs three complete months.';
    const total = third.reduce((so, row) => so + row.revenue_per_customer_amount * row.customer_count, 0);
    return `${counted(all, 'customer')} of ${counted(third.length, 'cohort')} spent ${full(total / all, 'money')} each by the end of the second month after their first order.`;
  },
  period: whole,
  measured:
    'cumulative revenue ÷ customers of the cohort; gray = month not over; ○ = cohort may include customers who ordered before the data begin',
  empty: (view) => (view.rows('ltv').length ? null : 'No purchases yet.'),
  option(view, palette, { width, choice }) {
    const rows = rowsOf(view, choice);
    const cohorts = [...new Set(rows.map(({ cohort_start }) => cohort_start))].sort();
    const months = Math.max(...rows.map(({ month_index }) => month_index)) + 1;
    const first = new Map(rows.map((row) => [row.cohort_start, row]));
    return cellTable(
      palette,
      width,
      Array.from({ length: months }, (_, month) => (month && months <= 9 ? `+${month} mo` : String(month))),
      cohorts.map((cohort) => {
        const { customer_count, is_left_censored } = first.get(cohort);
        return `${is_left_censored ? '○ ' : ''}${monthName(cohort)} · ${short(customer_count, 'count')}`;
      }),
      rows.map((row) => ({
        column: row.month_index,
        row: cohorts.indexOf(row.cohort_start),
        value: row.revenue_per_customer_amount,
        label: row.is_complete ? short(row.revenue_per_customer_amount, 'money') : '…',
      })),
      {
        tip: (index) => [
          `First order in ${monthName(rows[index].cohort_start)}`,
          [
            ['Customers', full(rows[index].customer_count, 'count')],
            ['Months since', full(rows[index].month_index, 'count')],
            ['Revenue per customer', full(rows[index].revenue_per_customer_amount, 'money')],
          ],
          [
            rows[index].is_complete ? null : 'This month is not over.',
            rows[index].is_left_censored ? `Customers of this cohort ${CENSORED}.` : null,
          ]
            .filter(Boolean)
            .join(' ') || null,
        ],
      },
    );
  },
  table: (view, choice) =>
    tabled(rowsOf(view, choice), [
      ['First order in', 'date', 'cohort_start'],
      ['Months since', 'count', 'month_index'],
      ['Customers', 'count', 'customer_count'],
      ['Revenue per customer', 'money', 'revenue_per_customer_amount'],
      ['Month over', 'text', 'is_complete'],
      ['Left-censored', 'text', 'is_left_censored'],
    ]),
};
