// What is bought together in one order, and what customers buy next.

import { nameBars, rowsHeight } from '../../charts/bars.js';
import { cellTable } from '../../charts/cells.js';
import { tabled } from '../../columns.js';
import { counted, ends, full, share } from '../../numbers.js';
import { ratio } from '../../ratio.js';
import { whole } from '../../view.js';

const LEVELS = [
  ['product', 'Products'],
  ['brand', 'Brands'],
  ['subcategory', 'Subcategories'],
  ['category', 'Categories'],
];
const times = (lift) => `${full(lift, 'amount')}×`;
/** Pairs that are bought together more often than by chance, beyond doubt. */
const pairsOf = (view, level) => view.rows('pairs').filter((row) => row.level === level && row.lift_low > 1);
const shown = (view, level) => pairsOf(view, level).slice(0, 12);
const nameOf = ({ item_a, item_b }) => `${item_a} + ${item_b}`;
const relation = (view, name) => view.rows('next').filter((row) => row.relation === name);
const shareOf = (row) => ratio(row.customer_count, row.of_customer_count);
const fewest = (view) => counted(view.thresholds.affinity_min_orders ?? 10, 'customer');
const tooFew = (view) =>
  `Not known yet: at least ${fewest(view)} with ${view.thresholds.cohort_window_days} days of history must have done the same.`;

const NEXT_COLUMNS = [
  { name: 'Category', kind: 'text' },
  { name: 'Then', kind: 'text' },
  { name: 'Customers', kind: 'count' },
  { name: 'Of', kind: 'count' },
  { name: 'Share', kind: 'rate' },
  { name: '95% from', kind: 'rate' },
  { name: '95% to', kind: 'rate' },
  { name: 'Median days', kind: 'amount' },
];
const nextTable = (view, name) => ({
  columns: NEXT_COLUMNS,
  rows: relation(view, name).map((row) => [
    row.category,
    row.next_category,
    row.customer_count,
    row.of_customer_count,
    shareOf(row),
    row.customer_share_low,
    row.customer_share_high,
    row.median_days,
  ]),
});
const nextTip = (row) => [
  row.category === row.next_category ? `${row.category} again` : `${row.category}, then ${row.next_category}`,
  [
    ['Customers', `${full(row.customer_count, 'count')} of ${full(row.of_customer_count, 'count')}`],
    ['Share', full(shareOf(row), 'rate')],
    ['95% interval', ends(row.customer_share_low, row.customer_share_high)],
    ['Median days', full(row.median_days, 'amount')],
  ],
];

export const basketCards = [
  {
    id: 'bought-together',
    query: 'pairs',
    width: 'half',
    title: () => 'Bought together in one order',
    choices: () => ({ label: 'Show', values: LEVELS.map(([id, label]) => ({ id, label })) }),
    pixels: (view) => rowsHeight(Math.max(...LEVELS.map(([level]) => shown(view, level).length)), 30),
    reading(view, level) {
      const [first] = pairsOf(view, level);
      return `${first.item_a} and ${first.item_b} are in the same order ${times(first.lift)} as often as by chance (95%: ${times(first.lift_low)} to ${times(first.lift_high)}): in ${counted(first.order_count_both, 'order')}.`;
    },
    period: (view) => `orders of up to ${view.thresholds.affinity_days} days`,
    measured: 'orders with both, compared with chance (lift); pairs above 1 by their 95% interval',
    empty: (view, level) =>
      pairsOf(view, level).length ? null : 'No pair is bought together more often than by chance.',
    option(view, palette, { width, choice }) {
      const rows = shown(view, choice);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: nameOf(row),
          values: [
            {
              value: row.lift,
              label: `${times(row.lift)} · ${counted(row.order_count_both, 'order')}`,
              color: palette.blue,
            },
          ],
        })),
        {
          kind: 'amount',
          room: 130,
          tip: (index) => [
            nameOf(rows[index]),
            [
              ['Orders with both', full(rows[index].order_count_both, 'count')],
              [
                `Of orders with ${rows[index].item_a}`,
                share(
                  ratio(rows[index].order_count_both, rows[index].order_count_a),
                  rows[index].order_count_a,
                ),
              ],
              [
                `Of orders with ${rows[index].item_b}`,
                share(
                  ratio(rows[index].order_count_both, rows[index].order_count_b),
                  rows[index].order_count_b,
                ),
              ],
              ['Times chance', times(rows[index].lift)],
              ['95% interval', `${times(rows[index].lift_low)} to ${times(rows[index].lift_high)}`],
            ],
          ],
        },
      );
    },
    table: (view, level) =>
      tabled(
        view.rows('pairs').filter((row) => row.level === level),
        [
          ['Item', 'text', 'item_a'],
          ['With', 'text', 'item_b'],
          ['Orders with both', 'count', 'order_count_both'],
          ['Orders with the first', 'count', 'order_count_a'],
          ['Orders with the second', 'count', 'order_count_b'],
          ['All orders', 'count', 'order_count'],
          ['Times chance', 'amount', 'lift'],
          ['95% from', 'amount', 'lift_low'],
          ['95% to', 'amount', 'lift_high'],
        ],
      ),
  },
  {
    id: 'next-purchase',
    query: 'next',
    width: 'half',
    height: 'm',
    title: () => 'What customers buy next',
    reading(view) {
      const others = relation(view, 'next').filter((row) => row.category !== row.next_category);
      const most = [...others].sort((a, b) => b.customer_share_low - a.customer_share_low)[0];
      return most
        ? `After ${most.category}, ${share(shareOf(most), most.of_customer_count)} returning customers bought from ${most.next_category} next, after ${full(most.median_days, 'amount').replace('.00', '')} days (median).`
        : 'Customers mostly return to the same category.';
    },
    period: whole,
    measured: 'customers whose next order contains the category ÷ customers with a next order in time',
    empty: (view) => (relation(view, 'next').length ? null : tooFew(view)),
    option(view, palette, { width }) {
      const rows = relation(view, 'next');
      const names = [...new Set(rows.map(({ category }) => category))];
      const nexts = [...new Set(rows.map(({ next_category }) => next_category))];
      return cellTable(
        palette,
        width,
        nexts,
        names,
        rows.map((row) => ({
          column: nexts.indexOf(row.next_category),
          row: names.indexOf(row.category),
          value: shareOf(row),
          label: full(shareOf(row), 'rate'),
        })),
        { turned: true, tip: (index) => nextTip(rows[index]) },
      );
    },
    table: (view) => nextTable(view, 'next'),
  },
  {
    id: 'repurchase',
    query: 'next',
    pixels: (view) => rowsHeight(relation(view, 'again').length, 28),
    title: (view) => `Bought again within ${view.thresholds.cohort_window_days} days, by category`,
    reading(view) {
      const [first] = [...relation(view, 'again')].sort((a, b) => b.of_customer_count - a.of_customer_count);
      return `${share(shareOf(first), first.of_customer_count)} customers of ${first.category} bought from it again, half of them within ${full(first.median_days, 'amount').replace('.00', '')} days.`;
    },
    period: whole,
    measured: 'customers who bought from the category again ÷ its customers with enough history',
    empty: (view) => (relation(view, 'again').length ? null : tooFew(view)),
    option(view, palette, { width }) {
      const rows = [...relation(view, 'again')].sort((a, b) => shareOf(b) - shareOf(a));
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: row.category,
          values: [
            {
              value: shareOf(row),
              label: `${full(shareOf(row), 'rate')} · ${full(row.median_days, 'amount').replace('.00', '')} days`,
              color: palette.green,
            },
          ],
        })),
        { kind: 'rate', room: 110, tip: (index) => nextTip(rows[index]) },
      );
    },
    table: (view) => nextTable(view, 'again'),
  },
];
