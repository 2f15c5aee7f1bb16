// Transitions between segments from one month end to the next.

import { cellTable } from '../../charts/cells.js';
import { tabled } from '../../columns.js';
import { dayName, monthName } from '../../days.js';
import { full, share, short } from '../../numbers.js';
import { ratio, sum } from '../../ratio.js';

const monthsOf = (view) =>
  [...new Set(view.rows('transitions').map(({ month_end_date }) => month_end_date))].sort();
/** Origins of customers who were in no segment a month before. */
const FROM_OUTSIDE = { prospect: 'visited, no purchase yet', new: 'first visit this month' };

function transitions(view, month) {
  const rows = view.rows('transitions').filter(({ month_end_date }) => month_end_date === month);
  const order = new Map(view.rows('segments').map(({ rfm_segment, priority }) => [rfm_segment, priority]));
  const place = (name) =>
    order.get(name) ?? (name in FROM_OUTSIDE ? 100 + Object.keys(FROM_OUTSIDE).indexOf(name) : 90);
  const names = (column) => [...new Set(rows.map((row) => row[column]))].sort((a, b) => place(a) - place(b));
  const from = names('from_segment');
  const to = names('to_segment');
  const leaving = new Map(
    from.map((name) => [
      name,
      sum(
        rows.filter((row) => row.from_segment === name),
        'customer_count',
      ),
    ]),
  );
  return { rows, from, to, leaving };
}

export const transitionsCard = {
  id: 'moves-between-segments',
  query: 'transitions',
  height: 'l',
  minWidth: 620,
  title: () => 'Segment transitions in a month',
  choices(view) {
    const months = monthsOf(view);
    return months.length
      ? { label: 'Month', values: months.map((month) => ({ id: month, label: monthName(month) })) }
      : null;
  },
  reading(view, month) {
    const { rows } = transitions(view, month);
    const buyers = rows.filter(({ from_segment }) => !(from_segment in FROM_OUTSIDE));
    const moved = buyers.filter(({ from_segment, to_segment }) => from_segment !== to_segment);
    const total = sum(buyers, 'customer_count');
    if (!total) return `No customer had a segment before ${monthName(month)}.`;
    const most = [...moved].sort((a, b) => b.customer_count - a.customer_count)[0];
    return `${share(ratio(sum(moved, 'customer_count'), total), total)} buyers changed segment in ${monthName(month)}${most ? `; most from ${most.from_segment} to ${most.to_segment} (${full(most.customer_count, 'count')})` : ''}.`;
  },
  period: (view) => {
    const months = monthsOf(view);
    return months.length
      ? `month ends ${dayName(months[0], true)} to ${dayName(months.at(-1), true)}, one month at a time`
      : 'no month ends yet';
  },
  measured:
    'customers, from the row’s segment to the column’s; shade = share of the row’s segment a month before; outlined = stayed',
  empty: (view) => (monthsOf(view).length ? null : 'This chart needs two month ends.'),
  option(view, palette, { width, choice: month }) {
    const { rows, from, to, leaving } = transitions(view, month);
    const cells = rows.map((row) => ({
      column: to.indexOf(row.to_segment),
      row: from.indexOf(row.from_segment),
      label: short(row.customer_count, 'count'),
      value: ratio(row.customer_count, leaving.get(row.from_segment)),
      outlined: row.from_segment === row.to_segment,
    }));
    return cellTable(
      palette,
      width,
      to,
      from.map((name) => FROM_OUTSIDE[name] ?? name),
      cells,
      {
        most: 1,
        turned: true,
        rowWidth: 150,
        tip(index) {
          const row = rows[index];
          return [
            `${FROM_OUTSIDE[row.from_segment] ?? row.from_segment} → ${row.to_segment}`,
            [
              ['Customers', full(row.customer_count, 'count')],
              ['Share of the segment', share(cells[index].value, leaving.get(row.from_segment))],
              ['Revenue', full(row.revenue_amount, 'money')],
            ],
          ];
        },
      },
    );
  },
  table(view, month) {
    const { rows, leaving } = transitions(view, month);
    return tabled(rows, [
      ['Month end', 'date', 'month_end_date'],
      ['From', 'text', 'from_segment'],
      ['To', 'text', 'to_segment'],
      ['Customers', 'count', 'customer_count'],
      ['Share of the segment', 'rate', (row) => ratio(row.customer_count, leaving.get(row.from_segment))],
      ['Revenue', 'money', 'revenue_amount'],
    ]);
  },
};
