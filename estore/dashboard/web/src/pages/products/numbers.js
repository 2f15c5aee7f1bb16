// Totals over all products, shown before their charts.

import { counted, full } from '../../numbers.js';
import { ratio, sum } from '../../ratio.js';
import { unsent } from '../../stages.js';
import { tilesOf, tilesTable } from '../../tiles.js';
import { tileAgainstBefore } from '../shared/against-before.js';
import { PRODUCT_MEASURES, nothingSeen, nothingSold } from './rows.js';

function tiles(view) {
  const rows = view.rows('categories');
  const now = Object.fromEntries(PRODUCT_MEASURES.map((name) => [name, sum(rows, name)]));
  const before = view.rows('totals_before')[0] ?? {};
  const tile = tileAgainstBefore(view, now, before);
  return [
    tile('Revenue', 'money', (row) => row.revenue_amount),
    tile('Items sold', 'count', (row) => row.item_count),
    tile(
      'Average price',
      'money',
      (row) => ratio(row.revenue_amount, row.item_count),
      (row) => `${full(row.revenue_amount, 'money')} for ${counted(row.item_count, 'item')}`,
    ),
    tile('Views', 'count', (row) => row.view_count, undefined, unsent('view')),
    tile(
      'Purchase rate',
      'rate',
      (row) => ratio(row.sessions_with_view_and_purchase, row.sessions_with_view),
      (row) =>
        `${full(row.sessions_with_view_and_purchase, 'count')} of ${full(row.sessions_with_view, 'count')} product sessions with a view`,
      unsent('view', 'purchase'),
    ),
  ];
}

export const productNumbersCard = {
  id: 'product-numbers',
  query: 'categories',
  title: () => 'Products sold and viewed',
  measured:
    'purchase rate = product sessions with a purchase ÷ product sessions with a view; changes are relative',
  empty: (view) => (nothingSold(view) ? nothingSeen(view) : null),
  element: (view) => tilesOf(tiles(view)),
  table: (view) => tilesTable(tiles(view)),
};
