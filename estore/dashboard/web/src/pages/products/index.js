// Products: revenue, conversion, the largest changes, and changed categories.

import { isNamed, nameBars, rowsHeight } from '../../charts/bars.js';
import { cellTable } from '../../charts/cells.js';
import { tabled } from '../../columns.js';
import { full, share, short } from '../../numbers.js';
import { ratio, sum, sumBy } from '../../ratio.js';
import { basketCards } from './baskets.js';
import { perSession } from '../shared/per-session.js';
import {
  breakWords,
  byBrand,
  byCategory,
  bySubcategory,
  largest,
  marked,
  nothingSeen,
  subName,
} from './rows.js';
import { productNumbersCard } from './numbers.js';
import { changed, revenueBy } from './revenue-by.js';
import { unsent } from '../../stages.js';
import { stepsOf } from '../shared/steps.js';

/** Sessions and views by day or week. */
const viewSteps = (view) => stepsOf(view, 'sessions', ['session_count', 'view_count']);

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
const stageOf = { [CARTED]: 'cart', [BOUGHT]: 'purchase' };
/** null where the source does not send the stage. */
const rateTo = (column, row) => (unsent(stageOf[column]) ? null : ratio(row[column], row[VIEWED]));

export const cards = [
  productNumbersCard,
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
    width: 'third last',
    noun: 'brand',
    plural: 'brands',
    title: 'Revenue by brand',
    rowsOf: byBrand,
  }),
  {
    id: 'rates-by-category',
    query: 'categories',
    width: 'half double',
    pixels: (view) => rowsHeight(Math.min(13, byCategory(view).length), 38),
    title: () => 'Cart and purchase rate by category',
    reading(view) {
      const rows = byCategory(view).filter((row) => isNamed(row) && row[VIEWED] >= 100);
      if (rows.length < 2) return null;
      const best = [...rows].sort((a, b) => ratio(b[BOUGHT], b[VIEWED]) - ratio(a[BOUGHT], a[VIEWED]))[0];
      if (!best[BOUGHT]) return unsent('purchase') ?? 'No purchases.';
      return `${best.name} has the highest purchase rate: ${share(ratio(best[BOUGHT], best[VIEWED]), best[VIEWED])} product sessions with a view.`;
    },
    measured: 'share of product sessions with a view that added to the cart or bought',
    legend: (view, palette) => [
      ...(unsent('cart') ? [] : [{ text: 'added to cart', color: palette.blue }]),
      ...(unsent('purchase') ? [] : [{ text: 'bought', color: palette.orange }]),
    ],
    empty: (view) => nothingSeen(view) ?? (unsent('cart') && unsent('purchase')),
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
          ]
            .filter(([column]) => !unsent(stageOf[column]))
            .map(([column, color]) => ({
              value: ratio(row[column], row[VIEWED]),
              label: full(ratio(row[column], row[VIEWED]), 'rate'),
              color: palette[color],
            })),
        })),
        {
          kind: 'rate',
          room: 52,
          tip: (index) => [
            rows[index].name,
            [
              [
                'Added to cart',
                `${full(rateTo(CARTED, rows[index]), 'rate')} = ${full(rows[index][CARTED], 'count')} ÷ ${full(rows[index][VIEWED], 'count')}`,
              ],
              [
                'Bought',
                `${full(rateTo(BOUGHT, rows[index]), 'rate')} = ${full(rows[index][BOUGHT], 'count')} ÷ ${full(rows[index][VIEWED], 'count')}`,
              ],
            ],
          ],
        },
      );
    },
    table: (view) =>
      tabled(largest(byCategory(view), VIEWED), [
        ['Category', 'text', 'name'],
        ['Viewed', 'count', (row) => row[VIEWED]],
        ['Added to cart', 'count', (row) => row[CARTED]],
        ['Cart rate', 'rate', (row) => rateTo(CARTED, row)],
        ['Bought', 'count', (row) => row[BOUGHT]],
        ['Purchase rate', 'rate', (row) => rateTo(BOUGHT, row)],
      ]),
  },
  changed({
    id: 'changed-subcategories',
    query: 'categories',
    noun: 'subcategory',
    plural: 'subcategories',
    title: 'Subcategories with the largest change',
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
    title: 'Brands with the largest change',
    now: byBrand,
    before: (view) => view.rows('brands_before').map((row) => ({ ...row, name: row.brand })),
  }),
  perSession({
    id: 'views-per-session',
    query: 'sessions',
    width: 'full',
    height: 's',
    steps: viewSteps,
    measure: 'view_count',
    kind: 'amount',
    name: 'Views per session',
    of: { name: 'Views', kind: 'count' },
    fromZero: false,
    said: (views, sessions) => `${views} views in each of ${sessions}.`,
    measured: 'views ÷ sessions; a gap is an incomplete day; the axis does not start at 0',
    empty: (view) =>
      unsent('view') ?? (view.from && viewSteps(view).rows.length ? null : 'No complete day in this period.'),
  }),
  {
    id: 'category-by-segment',
    minWidth: 720,
    query: 'heat',
    pixels: (view) => rowsHeight(heat(view).categories.length + 1, 28),
    title: () => 'Revenue by segment and category',
    reading(view) {
      const { rows } = heat(view);
      const total = sum(rows, 'revenue_amount');
      const [top] = largest(rows);
      return `${top.rfm_segment} buying ${top.category} is the largest cell: ${full(ratio(top.revenue_amount, total), 'rate')} of ${full(total, 'money')}.`;
    },
    measured: 'revenue by the buyer’s segment at the end of the month before, New = no order at that time',
    empty: (view) => (heat(view).rows.length ? null : 'No purchases in this selection.'),
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
    table: (view) =>
      tabled(largest(heat(view).rows), [
        ['Category', 'text', 'category'],
        ['Segment at the time', 'text', 'rfm_segment'],
        ['Revenue', 'money', 'revenue_amount'],
        ['Orders', 'count', 'order_count'],
      ]),
  },
  ...basketCards,
];

/** Shown above the charts, because it affects all of them. */
export const warning = breakWords;
