// Carts that were bought later, in any session.

import { lineChart } from '../../charts/lines.js';
import { dayAxis } from '../../charts/parts.js';
import { tabled } from '../../columns.js';
import { dayName, periodName, spanOf, weekOf } from '../../days.js';
import { counted, ends, full } from '../../numbers.js';
import { ratio, sum } from '../../ratio.js';
import { unsent } from '../../stages.js';
import { once } from '../../view.js';

const MEASURES = ['cart_count', 'recovered_1d_count', 'recovered_3d_count', 'recovered_count'];
const window = (view) => view.thresholds.cart_window_days ?? 7;
const linesOf = (view) => [
  { name: 'within 1 day', count: 'recovered_1d_count', color: 'gray' },
  { name: 'within 3 days', count: 'recovered_3d_count', color: 'green' },
  { name: `within ${window(view)} days`, count: 'recovered_count', color: 'blue' },
];

/** Days of the period, or weeks where there are many; a count that is not known yet stays unknown. */
const steps = once((view) => {
  const days = view.within(view.rows('recovery'), 'cart_date');
  const byWeek = days.length > 0 && spanOf(days[0].cart_date, days.at(-1).cart_date) > 62;
  if (!byWeek) return { byWeek, rows: days.map((row) => ({ ...row, key: row.cart_date })) };
  const weeks = new Map();
  for (const row of days) {
    const key = weekOf(row.cart_date);
    const week = weeks.get(key) ?? { key, ...Object.fromEntries(MEASURES.map((name) => [name, 0])) };
    for (const name of MEASURES)
      week[name] = week[name] === null || row[name] === null ? null : week[name] + row[name];
    weeks.set(key, week);
  }
  return { byWeek, rows: [...weeks.values()] };
});

export const cartRecoveryCard = {
  id: 'cart-recovery',
  query: 'recovery',
  obeys: ['period'],
  height: 's',
  title: () => 'Carts recovered in any later session',
  reading(view) {
    const done = view.within(view.rows('recovery'), 'cart_date').filter((row) => row.is_complete);
    const [carts, recovered] = [sum(done, 'cart_count'), sum(done, 'recovered_count')];
    if (!carts) return `Not known yet: a cart needs ${window(view)} full days after it.`;
    const lost = sum(done, 'cart_amount') - sum(done, 'recovered_amount');
    return `${full(ratio(recovered, carts), 'rate')} of ${counted(carts, 'cart')} of ${periodName(done[0].cart_date, done.at(-1).cart_date)} were bought within ${window(view)} days. Products worth ${full(lost, 'money')} were not.`;
  },
  measured: 'carts bought later ÷ carts; a cart is a user, a product and a day',
  empty: (view) =>
    unsent('cart', 'purchase') ??
    (view.within(view.rows('recovery'), 'cart_date').length ? null : 'No carts in this period.'),
  option(view, palette, room) {
    const { byWeek, rows } = steps(view);
    const lines = linesOf(view);
    return lineChart(
      palette,
      room,
      lines.map(({ name, count, color }) => ({
        name,
        color: palette[color],
        values: rows.map((row) => ratio(row[count], row.cart_count)),
      })),
      {
        kind: 'rate',
        axis: dayAxis(
          palette,
          rows.map(({ key }) => key),
          room.width - 160,
        ),
        tip: (index) => [
          byWeek ? `Week from ${dayName(rows[index].key, true)}` : dayName(rows[index].key, true),
          [
            ['Carts', full(rows[index].cart_count, 'count')],
            ...lines.map(({ name, count }) => [
              `Bought ${name}`,
              full(ratio(rows[index][count], rows[index].cart_count), 'rate'),
            ]),
            ...(byWeek
              ? []
              : [['95% interval', ends(rows[index].recovered_rate_low, rows[index].recovered_rate_high)]]),
          ],
          rows[index].recovered_count === null ? 'The days after these carts are not over.' : null,
        ],
      },
    );
  },
  table: (view) =>
    tabled(view.within(view.rows('recovery'), 'cart_date'), [
      ['Day', 'date', 'cart_date'],
      ['Carts', 'count', 'cart_count'],
      ['Customers', 'count', 'customer_count'],
      ['Value', 'money', 'cart_amount'],
      ['Bought within 1 day', 'count', 'recovered_1d_count'],
      ['Within 3 days', 'count', 'recovered_3d_count'],
      [`Within ${window(view)} days`, 'count', 'recovered_count'],
      ['Share', 'rate', (row) => ratio(row.recovered_count, row.cart_count)],
      ['95% from', 'rate', 'recovered_rate_low'],
      ['95% to', 'rate', 'recovered_rate_high'],
      ['Value recovered', 'money', 'recovered_amount'],
      ['Median hours', 'amount', 'median_hours_to_purchase'],
    ]),
};
