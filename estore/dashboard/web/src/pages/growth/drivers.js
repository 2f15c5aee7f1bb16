// Why revenue changed from one month to the next: parts that add up to the change exactly.

import { nameBars, rowsHeight } from '../../charts/bars.js';
import { monthName } from '../../days.js';
import { full, listed } from '../../numbers.js';
import { sum, sumBy } from '../../ratio.js';
import { whole } from '../../view.js';

const FACTORS = [
  ['buyers', 'Buyers', 'count'],
  ['orders_per_buyer', 'Orders per buyer', 'amount'],
  ['items_per_order', 'Items per order', 'amount'],
  ['price_per_item', 'Price per item', 'money'],
];
const KINDS = Object.fromEntries(FACTORS.map(([effect, , kind]) => [effect, kind]));
const GROUPS = {
  new: 'New customers',
  returning: 'Returning customers',
  placeholder: 'Orders without a customer',
};

const signed = (amount) => `${amount > 0 ? '+' : ''}${full(amount, 'money')}`;
const months = (view) => [...new Set(view.rows('drivers').map(({ period_start }) => period_start))].sort();
const rowsOf = (view, month, breakdown) =>
  view.rows('drivers').filter((row) => row.period_start === month && row.breakdown === breakdown);
const choices = (view) =>
  months(view).length
    ? { label: 'Month', values: months(view).map((month) => ({ id: month, label: monthName(month) })) }
    : null;
const empty = (view) => (months(view).length ? null : 'Not known yet: two complete months are needed.');
const issues = (rows) =>
  rows[0]?.has_data_issues
    ? ' Some days of these months have data issues, so part of the change may not be real.'
    : '';
const colorOf = (palette, amount) => (amount < 0 ? palette.orange : palette.green);

/** The bars of a card: the factors of customers' revenue, then the groups of customers. */
function partsOf(view, month) {
  const drivers = rowsOf(view, month, 'driver');
  const factors = FACTORS.map(([effect, name]) => ({
    name,
    row: drivers.find((row) => row.effect === effect),
  }));
  const groups = rowsOf(view, month, 'customers').map((row) => ({ name: GROUPS[row.item], row }));
  return {
    factors: factors.filter(({ row }) => row),
    groups: groups.filter(({ row }) => row.previous_value || row.value),
  };
}

const bars = (palette, width, parts, tip) =>
  nameBars(
    palette,
    width,
    parts.map(({ name, row }) => ({
      name,
      values: [
        {
          value: row.change_amount,
          label: signed(row.change_amount),
          color: colorOf(palette, row.change_amount),
        },
      ],
    })),
    { kind: 'money', room: 90, signed: true, tip },
  );

const tipOf = ({ name, row }) => [
  name,
  [
    [monthName(row.previous_period_start), full(row.previous_value, KINDS[row.effect] ?? 'money')],
    [monthName(row.period_start), full(row.value, KINDS[row.effect] ?? 'money')],
    ['Part of the change', signed(row.change_amount)],
  ],
];

const table = (rows) => ({
  columns: [
    { name: 'Part', kind: 'text' },
    { name: 'Of', kind: 'text' },
    { name: 'Month before', kind: 'amount' },
    { name: 'Month', kind: 'amount' },
    { name: 'Part of the change', kind: 'money' },
  ],
  rows,
});
const tableRow = (row) => [
  row.effect.replaceAll('_', ' '),
  row.item,
  row.previous_value,
  row.value,
  row.change_amount,
];

const card = (id, title, parts, measured) => ({
  id,
  query: 'drivers',
  width: 'half',
  title,
  choices,
  pixels: () => rowsHeight(4, 40),
  period: whole,
  measured,
  empty,
  option(view, palette, { width, choice }) {
    const all = partsOf(view, choice)[parts];
    return bars(palette, width, all, (index) => tipOf(all[index]));
  },
});

/** Categories by the size of their change. */
const categoriesOf = (view, month) =>
  sumBy(rowsOf(view, month, 'category'), ({ item }) => item, ['change_amount'])
    .sort((a, b) => Math.abs(b.change_amount) - Math.abs(a.change_amount))
    .slice(0, 10)
    .map((total) => ({ name: total.key, row: total }));

export const driverCards = [
  {
    ...card(
      'revenue-drivers',
      () => 'Why revenue changed from the month before',
      'factors',
      'revenue of customers = buyers × orders per buyer × items per order × price per item; the parts add up (LMDI)',
    ),
    reading(view, month) {
      const [total] = rowsOf(view, month, 'total');
      const { factors } = partsOf(view, month);
      const largest = [...factors].sort(
        (a, b) => Math.abs(b.row.change_amount) - Math.abs(a.row.change_amount),
      );
      const said = largest
        .slice(0, 2)
        .map(({ name, row }) => `${name.toLowerCase()} ${signed(row.change_amount)}`);
      return `Revenue of ${monthName(month)}: ${signed(total.change_amount)} against ${monthName(total.previous_period_start)}${said.length ? `. Largest parts: ${listed(said)}` : ''}.${issues([total])}`;
    },
    table: (view, month) => table(rowsOf(view, month, 'driver').map((row) => tableRow(row))),
  },
  {
    ...card(
      'revenue-by-customers',
      () => 'Change of revenue by new and returning customers',
      'groups',
      'new = first order in that month',
    ),
    reading(view, month) {
      const rows = rowsOf(view, month, 'customers');
      const said = rows
        .filter(({ item }) => item !== 'placeholder')
        .map((row) => `${GROUPS[row.item].toLowerCase()} ${signed(row.change_amount)}`);
      return `${listed(said)}.${rows[0].is_left_censored ? ' Some new customers may have ordered before the data begin.' : ''}`.replace(
        /^n/,
        'N',
      );
    },
    table: (view, month) => table(rowsOf(view, month, 'customers').map((row) => tableRow(row))),
  },
  {
    id: 'revenue-change-by-category',
    query: 'drivers',
    width: 'half',
    title: () => 'Change of revenue by category',
    choices,
    pixels: () => rowsHeight(10, 30),
    period: whole,
    measured:
      'the change of each category; its parts (units of the shop, share of units, price) are in the tooltip',
    empty,
    reading(view, month) {
      const rows = rowsOf(view, month, 'category');
      const part = (effect) =>
        signed(
          sum(
            rows.filter((row) => row.effect === effect),
            'change_amount',
          ),
        );
      return `Units sold ${part('volume')}, shares of categories ${part('mix')}, prices ${part('price')}.${issues(rows)}`;
    },
    option(view, palette, { width, choice }) {
      const all = categoriesOf(view, choice);
      const effectsOf = (category) =>
        rowsOf(view, choice, 'category').filter(({ item }) => item === category);
      return bars(palette, width, all, (index) => [
        all[index].name,
        [
          ...effectsOf(all[index].name).map((row) => [
            { volume: 'Units of the shop', mix: 'Share of units', price: 'Price' }[row.effect],
            signed(row.change_amount),
          ]),
          ['Change', signed(all[index].row.change_amount)],
        ],
      ]);
    },
    table: (view, month) => table(rowsOf(view, month, 'category').map((row) => tableRow(row))),
  },
];
