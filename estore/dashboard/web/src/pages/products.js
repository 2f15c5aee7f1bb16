// Products: what brings the revenue, what converts, what changed most, and where the tracking renamed things.

import { isNamed, nameBars, rowsHeight, topRows } from '../charts/bars.js';
import { cellTable } from '../charts/cells.js';
import { lineChart } from '../charts/lines.js';
import { dayAxis } from '../charts/parts.js';
import { addDays, dayName, longDay, periodName, spanOf, weekOf } from '../days.js';
import { counted, full, listed, share, short } from '../numbers.js';
import { change, ratio, sum, sumBy } from '../ratio.js';

const MEASURES = [
  'view_count',
  'item_count',
  'revenue_amount',
  'sessions_with_view',
  'sessions_with_view_and_cart',
  'sessions_with_view_and_purchase',
];
const nothingSold = (view) =>
  sum(view.rows('categories'), 'revenue_amount')
    ? null
    : view.first
      ? 'Nothing was sold in this selection.'
      : 'No events yet. Load a file with `estore run PATH`.';
const nothingSeen = (view) =>
  sum(view.rows('categories'), 'sessions_with_view') ? null : 'Nothing was viewed in this selection.';

const subName = ({ category, subcategory }) =>
  subcategory && subcategory !== category ? `${category} › ${subcategory}` : category;
const byCategory = (view) =>
  sumBy(view.rows('categories'), ({ category }) => category, MEASURES).map((row) => ({
    ...row,
    name: row.key,
  }));
const bySubcategory = (view) =>
  sumBy(view.rows('categories'), subName, MEASURES).map((row) => ({ ...row, name: row.key }));
const byBrand = (view) => view.rows('brands').map((row) => ({ ...row, name: row.brand }));
const largest = (rows, column = 'revenue_amount') => [...rows].sort((a, b) => b[column] - a[column]);

/** Categories renamed by the shop up to the last day looked at. */
const breaksOf = (view) => view.rows('breaks').filter(({ break_date }) => view.to && break_date <= view.to);

/** A category that holds products which the shop files elsewhere by now is marked where it stands. */
function marked(view, name, ofCategories = true) {
  if (!ofCategories) return name;
  const [category] = name.split(' › ');
  return breaksOf(view).some(({ from_category }) => from_category === category) ? `△ ${name}` : name;
}

function breakWords(view) {
  const breaks = breaksOf(view);
  if (!breaks.length) return null;
  const days = [...new Set(breaks.map(({ break_date }) => break_date))].sort();
  const most = largest(breaks, 'product_count')[0];
  const when =
    days.length > 3
      ? `between ${dayName(days[0], true)} and ${dayName(days.at(-1), true)}`
      : `on ${listed(days.map((day) => dayName(day, true)))}`;
  return `△ The shop renamed the category of ${counted(sum(breaks, 'product_count'), 'product')} ${when}, most from ${most.from_category} to ${most.to_category}. Their revenue (${short(sum(breaks, 'revenue_amount'), 'money')} in all) stays with the category they had first, so nothing below jumps because of it.`;
}

/** A card of revenue by name, most first. */
const revenueBy = ({ id, query, noun, plural, title, rowsOf, count = 12 }) => ({
  id,
  query,
  width: 'third',
  title: () => title,
  pixels: () => rowsHeight(count + 1, 28),
  reading(view) {
    const rows = largest(rowsOf(view));
    const total = sum(rows, 'revenue_amount');
    const top = rows.find(isNamed) ?? rows[0];
    return `${top.name} brings ${full(ratio(top.revenue_amount, total), 'rate')} of ${full(total, 'money')}.`;
  },
  measured: 'price × quantity of purchases; shares are of the revenue shown',
  empty: nothingSold,
  option(view, palette, { width }) {
    const rows = topRows(
      largest(rowsOf(view)).filter(({ revenue_amount }) => revenue_amount),
      count,
      MEASURES,
      `all other ${plural}`,
    );
    const total = sum(rows, 'revenue_amount');
    return nameBars(
      palette,
      width,
      rows.map((row) => ({
        name: marked(view, row.name, query === 'categories'),
        values: [
          {
            value: row.revenue_amount,
            label: `${short(row.revenue_amount, 'money')} · ${full(ratio(row.revenue_amount, total), 'rate')}`,
            colour: isNamed(row) ? palette.blue : palette.grey,
          },
        ],
      })),
      {
        kind: 'money',
        room: 104,
        tip: (index) => [
          rows[index].name,
          [
            ['Revenue', full(rows[index].revenue_amount, 'money')],
            ['Share', full(ratio(rows[index].revenue_amount, total), 'rate')],
            ['Items', full(rows[index].item_count, 'count')],
            ['Views', full(rows[index].view_count, 'count')],
          ],
        ],
      },
    );
  },
  table(view) {
    const rows = largest(rowsOf(view));
    const total = sum(rows, 'revenue_amount');
    return {
      columns: [
        { name: noun[0].toUpperCase() + noun.slice(1), kind: 'text' },
        { name: 'Revenue', kind: 'money' },
        { name: 'Share', kind: 'rate' },
        { name: 'Items', kind: 'count' },
        { name: 'Views', kind: 'count' },
      ],
      rows: rows.map((row) => [
        row.name,
        row.revenue_amount,
        ratio(row.revenue_amount, total),
        row.item_count,
        row.view_count,
      ]),
    };
  },
});

/** What changed against as many days before. */
const changed = ({ id, query, noun, plural, title, now, before }) => {
  const rowsOf = (view) => {
    const earlier = new Map(before(view).map((row) => [row.name, row.revenue_amount]));
    const names = new Map(now(view).map((row) => [row.name, row.revenue_amount]));
    return [...new Set([...names.keys(), ...earlier.keys()])]
      .map((name) => ({ name, now: names.get(name) ?? 0, before: earlier.get(name) ?? 0 }))
      .map((row) => ({ ...row, difference: row.now - row.before }))
      .filter(({ now: a, before: b }) => a || b)
      .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || (a.name < b.name ? -1 : 1));
  };
  const shown = (view) =>
    rowsOf(view)
      .slice(0, 10)
      .sort((a, b) => b.difference - a.difference);
  const days = (view) => periodName(addDays(view.from, -spanOf(view.from, view.to)), addDays(view.from, -1));
  const uncovered = (view) => addDays(view.from, -spanOf(view.from, view.to)) < view.first;
  return {
    id,
    query,
    width: 'half',
    title: () => title,
    pixels: (view) => rowsHeight(shown(view).length, 28),
    reading(view) {
      const rows = rowsOf(view);
      const [total, earlier] = [
        rows.reduce((all, row) => all + row.now, 0),
        rows.reduce((all, row) => all + row.before, 0),
      ];
      const most = rows.find(isNamed) ?? rows[0];
      return `Revenue ${full(change(total, earlier), 'change')} in all; ${most.name} ${most.difference < 0 ? 'lost' : 'gained'} most, ${full(Math.abs(most.difference), 'money')}.`;
    },
    period: (view) => (view.from ? `${view.period} against ${days(view)}` : view.period),
    measured: 'difference of revenue',
    empty: (view) =>
      nothingSold(view) ??
      (uncovered(view)
        ? `The ${counted(spanOf(view.from, view.to), 'day')} before are not all in the data: choose a shorter period to compare.`
        : null),
    legend: (view, palette) => [
      { text: 'more', colour: palette.blue },
      { text: 'less', colour: palette.orange },
    ],
    option(view, palette, { width }) {
      const rows = shown(view);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: marked(view, row.name, query === 'categories'),
          values: [
            {
              value: row.difference,
              label: `${row.difference > 0 ? '+' : ''}${short(row.difference, 'money')}`,
              colour: row.difference < 0 ? palette.orange : palette.blue,
            },
          ],
        })),
        {
          kind: 'money',
          room: 76,
          signed: true,
          tip: (index) => [
            rows[index].name,
            [
              ['Revenue', full(rows[index].now, 'money')],
              ['Before', full(rows[index].before, 'money')],
              ['Difference', full(rows[index].difference, 'money')],
              ['Change', full(change(rows[index].now, rows[index].before), 'change')],
            ],
          ],
        },
      );
    },
    table: (view) => ({
      columns: [
        { name: noun[0].toUpperCase() + noun.slice(1), kind: 'text' },
        { name: 'Revenue', kind: 'money' },
        { name: 'Before', kind: 'money' },
        { name: 'Difference', kind: 'money' },
        { name: 'Change', kind: 'change' },
      ],
      rows: rowsOf(view).map((row) => [
        row.name,
        row.now,
        row.before,
        row.difference,
        change(row.now, row.before),
      ]),
    }),
  };
};

function viewSteps(view) {
  const complete = new Set(
    view
      .rows('marks')
      .filter(({ is_complete }) => is_complete)
      .map(({ event_date }) => event_date),
  );
  const rows = view.rows('sessions').filter(({ session_start_date }) => complete.has(session_start_date));
  const byWeek = spanOf(view.from, view.to) > 45;
  const key = ({ session_start_date }) => (byWeek ? weekOf(session_start_date) : session_start_date);
  return {
    byWeek,
    rows: sumBy(
      rows.map((row) => ({ ...row, days: 1 })),
      key,
      ['session_count', 'view_count', 'days'],
    ),
  };
}

function heat(view) {
  const rows = view.rows('heat').filter(({ revenue_amount }) => revenue_amount);
  const total = (key) => largest(sumBy(rows, (row) => row[key], ['revenue_amount'])).map((row) => row.key);
  return { rows, categories: total('category').slice(0, 14), segments: total('rfm_segment') };
}

const [VIEWED, CARTED, BOUGHT] = [
  'sessions_with_view',
  'sessions_with_view_and_cart',
  'sessions_with_view_and_purchase',
];

export const cards = [
  revenueBy({
    id: 'revenue-by-category',
    query: 'categories',
    noun: 'category',
    plural: 'categories',
    title: 'Revenue by category',
    rowsOf: byCategory,
  }),
  revenueBy({
    id: 'revenue-by-subcategory',
    query: 'categories',
    noun: 'subcategory',
    plural: 'subcategories',
    title: 'Revenue by subcategory',
    rowsOf: bySubcategory,
  }),
  revenueBy({
    id: 'revenue-by-brand',
    query: 'brands',
    noun: 'brand',
    plural: 'brands',
    title: 'Revenue by brand',
    rowsOf: byBrand,
  }),
  changed({
    id: 'changed-subcategories',
    query: 'categories',
    noun: 'subcategory',
    plural: 'subcategories',
    title: 'Subcategories that changed most against the period before',
    now: bySubcategory,
    before: (view) =>
      sumBy(view.rows('categories_before'), subName, ['revenue_amount']).map((row) => ({
        ...row,
        name: row.key,
      })),
  }),
  changed({
    id: 'changed-brands',
    query: 'brands',
    noun: 'brand',
    plural: 'brands',
    title: 'Brands that changed most against the period before',
    now: byBrand,
    before: (view) => view.rows('brands_before').map((row) => ({ ...row, name: row.brand })),
  }),
  {
    id: 'rates-by-category',
    query: 'categories',
    width: 'half',
    pixels: (view) => rowsHeight(Math.min(13, byCategory(view).length), 38),
    title: () => 'Put in the cart, and bought, by category',
    reading(view) {
      const rows = byCategory(view).filter((row) => isNamed(row) && row[VIEWED] >= 100);
      if (rows.length < 2) return null;
      const best = [...rows].sort((a, b) => ratio(b[BOUGHT], b[VIEWED]) - ratio(a[BOUGHT], a[VIEWED]))[0];
      return `${best.name} is bought most often: ${share(ratio(best[BOUGHT], best[VIEWED]), best[VIEWED])} times that a session viewed a product of it.`;
    },
    measured: 'of the times a session viewed a product: put in the cart, bought',
    legend: (view, palette) => [
      { text: 'put in the cart', colour: palette.blue },
      { text: 'bought', colour: palette.orange },
    ],
    empty: nothingSeen,
    option(view, palette, { width }) {
      const rows = largest(byCategory(view), VIEWED)
        .filter((row) => row[VIEWED])
        .slice(0, 13);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: marked(view, row.name),
          values: [
            [CARTED, 'blue'],
            [BOUGHT, 'orange'],
          ].map(([column, colour]) => ({
            value: ratio(row[column], row[VIEWED]),
            label: full(ratio(row[column], row[VIEWED]), 'rate'),
            colour: palette[colour],
          })),
        })),
        {
          kind: 'rate',
          room: 52,
          tip: (index) => [
            rows[index].name,
            [
              [
                'Put in the cart',
                `${full(ratio(rows[index][CARTED], rows[index][VIEWED]), 'rate')} = ${full(rows[index][CARTED], 'count')} ÷ ${full(rows[index][VIEWED], 'count')}`,
              ],
              [
                'Bought',
                `${full(ratio(rows[index][BOUGHT], rows[index][VIEWED]), 'rate')} = ${full(rows[index][BOUGHT], 'count')} ÷ ${full(rows[index][VIEWED], 'count')}`,
              ],
            ],
          ],
        },
      );
    },
    table: (view) => ({
      columns: [
        { name: 'Category', kind: 'text' },
        { name: 'Viewed', kind: 'count' },
        { name: 'Put in the cart', kind: 'count' },
        { name: 'Cart rate', kind: 'rate' },
        { name: 'Bought', kind: 'count' },
        { name: 'Purchase rate', kind: 'rate' },
      ],
      rows: largest(byCategory(view), VIEWED).map((row) => [
        row.name,
        row[VIEWED],
        row[CARTED],
        ratio(row[CARTED], row[VIEWED]),
        row[BOUGHT],
        ratio(row[BOUGHT], row[VIEWED]),
      ]),
    }),
  },
  {
    id: 'views-per-session',
    query: 'sessions',
    width: 'half',
    height: 'l',
    title: (view) =>
      view.from && viewSteps(view).byWeek ? 'Views per session by week' : 'Views per session by day',
    reading(view) {
      const rows = view.rows('sessions');
      return `${full(ratio(sum(rows, 'view_count'), sum(rows, 'session_count')), 'amount')} views in each of ${counted(sum(rows, 'session_count'), 'session')}.`;
    },
    measured: 'views ÷ sessions, complete days; the scale does not begin at 0',
    empty: (view) => (view.from && viewSteps(view).rows.length ? null : 'No complete day in this period.'),
    option(view, palette, room) {
      const { width } = room;
      const { byWeek, rows } = viewSteps(view);
      return lineChart(
        palette,
        room,
        [
          {
            name: 'Views per session',
            colour: palette.blue,
            values: rows.map((row) => ratio(row.view_count, row.session_count)),
            open: rows.map(({ days }) => byWeek && days < 7),
          },
        ],
        {
          kind: 'amount',
          fromZero: false,
          named: false,
          axis: dayAxis(
            palette,
            rows.map(({ key }) => key),
            width,
          ),
          tip: (index) => [
            `${byWeek ? 'Week from ' : ''}${longDay(rows[index].key)}`,
            [
              ['Views per session', full(ratio(rows[index].view_count, rows[index].session_count), 'amount')],
              ['Views', full(rows[index].view_count, 'count')],
              ['Sessions', full(rows[index].session_count, 'count')],
            ],
            byWeek && rows[index].days < 7
              ? `Only ${counted(rows[index].days, 'complete day')} of this week.`
              : null,
          ],
        },
      );
    },
    table(view) {
      const { byWeek, rows } = viewSteps(view);
      return {
        columns: [
          { name: byWeek ? 'Week from' : 'Day', kind: 'date' },
          { name: 'Complete days', kind: 'count' },
          { name: 'Views', kind: 'count' },
          { name: 'Sessions', kind: 'count' },
          { name: 'Views per session', kind: 'amount' },
        ],
        rows: rows.map((row) => [
          row.key,
          row.days,
          row.view_count,
          row.session_count,
          ratio(row.view_count, row.session_count),
        ]),
      };
    },
  },
  {
    id: 'category-by-segment',
    minWidth: 720,
    query: 'heat',
    pixels: (view) => rowsHeight(heat(view).categories.length + 1, 28),
    title: () => 'Which segment buys which category',
    reading(view) {
      const { rows } = heat(view);
      const total = sum(rows, 'revenue_amount');
      const [top] = largest(rows);
      return `Most from ${top.rfm_segment} buying ${top.category}: ${full(ratio(top.revenue_amount, total), 'rate')} of ${full(total, 'money')}.`;
    },
    measured: 'revenue by the buyer’s segment at the end of the month before, New = no order by then',
    empty: (view) => (heat(view).rows.length ? null : 'Nothing was sold in this selection.'),
    option(view, palette, { width }) {
      const { rows, categories, segments } = heat(view);
      const inside = rows.filter(({ category }) => categories.includes(category));
      return cellTable(
        palette,
        width,
        segments,
        categories.map((name) => marked(view, name)),
        inside.map((row) => ({
          column: segments.indexOf(row.rfm_segment),
          row: categories.indexOf(row.category),
          value: row.revenue_amount,
          label: short(row.revenue_amount, 'money'),
        })),
        {
          turned: true,
          tip: (index) => [
            `${inside[index].category}, ${inside[index].rfm_segment}`,
            [
              ['Revenue', full(inside[index].revenue_amount, 'money')],
              ['Orders', full(inside[index].order_count, 'count')],
            ],
          ],
        },
      );
    },
    table: (view) => ({
      columns: [
        { name: 'Category', kind: 'text' },
        { name: 'Segment then', kind: 'text' },
        { name: 'Revenue', kind: 'money' },
        { name: 'Orders', kind: 'count' },
      ],
      rows: largest(heat(view).rows).map((row) => [
        row.category,
        row.rfm_segment,
        row.revenue_amount,
        row.order_count,
      ]),
    }),
  },
];

/** Said above the charts, because it changes how all of them read. */
export const warning = breakWords;
