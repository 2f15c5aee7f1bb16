// Rows of products by category, subcategory and brand, and notes on changed categories.

import { dayName } from '../../days.js';
import { counted, listed, short } from '../../numbers.js';
import { sum, sumBy } from '../../ratio.js';
import { unsent } from '../../stages.js';
import { once } from '../../view.js';

export const PRODUCT_MEASURES = [
  'view_count',
  'item_count',
  'revenue_amount',
  'sessions_with_view',
  'sessions_with_view_and_cart',
  'sessions_with_view_and_purchase',
];
export const nothingSold = (view) =>
  sum(view.rows('categories'), 'revenue_amount')
    ? null
    : view.first
      ? 'No purchases in this selection.'
      : 'No events yet. Load a file with `estore run PATH`.';
export const nothingSeen = (view) =>
  sum(view.rows('categories'), 'sessions_with_view')
    ? null
    : (unsent('view') ?? 'No views in this selection.');

export const subName = ({ category, subcategory }) =>
  subcategory && subcategory !== category ? `${category} › ${subcategory}` : category;
export const byCategory = once((view) =>
  sumBy(view.rows('categories'), ({ category }) => category, PRODUCT_MEASURES).map((row) => ({
    ...row,
    name: row.key,
  })),
);
export const bySubcategory = once((view) =>
  sumBy(view.rows('categories'), subName, PRODUCT_MEASURES).map((row) => ({ ...row, name: row.key })),
);
export const byBrand = (view) => view.rows('brands').map((row) => ({ ...row, name: row.brand }));
export const largest = (rows, column = 'revenue_amount') => [...rows].sort((a, b) => b[column] - a[column]);

/** Categories that changed up to the last day shown. */
const breaksOf = (view) => view.rows('breaks').filter(({ break_date }) => view.to && break_date <= view.to);

/** Categories to mark; none where most would be marked, because the warning above is enough then. */
const renamed = once((view) => {
  const found = new Set(breaksOf(view).map(({ from_category }) => from_category));
  return 2 * found.size > byCategory(view).length ? new Set() : found;
});

/** Marks a category with products that the shop has since moved to another one. */
export const marked = (view, name, ofCategories = true) =>
  ofCategories && renamed(view).has(name.split(' › ')[0]) ? `△ ${name}` : name;

export function breakWords(view) {
  const breaks = breaksOf(view);
  if (!breaks.length) return null;
  const days = [...new Set(breaks.map(({ break_date }) => break_date))].sort();
  const most = largest(breaks, 'product_count')[0];
  const when =
    days.length > 3
      ? `between ${dayName(days[0], true)} and ${dayName(days.at(-1), true)}`
      : `on ${listed(days.map((day) => dayName(day, true)))}`;
  return `△ ${counted(sum(breaks, 'product_count'), 'product')} changed category ${when}, most from ${most.from_category} to ${most.to_category}. Reports keep the original category (revenue of ${short(sum(breaks, 'revenue_amount'), 'money')} in total).`;
}
