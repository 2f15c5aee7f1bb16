// Audiences: sizes, changes since the last export, and the lift against the control group. Only counts.

import { nameBars, rowsHeight } from '../../charts/bars.js';
import { tabled } from '../../columns.js';
import { counted, full, short } from '../../numbers.js';
import { ratio } from '../../ratio.js';
import { whole } from '../../view.js';

const rowsOf = (view) => view.rows('audiences');
const measuredOf = (view) => rowsOf(view).filter(({ treated_observed_count: count }) => count);
const exportedOf = (view) => rowsOf(view).filter(({ export_count: count }) => count);
const byShare = (one, other) => other.customer_count - one.customer_count;

const sized = {
  id: 'audience-sizes',
  query: 'audiences',
  pixels: (view) => rowsHeight(rowsOf(view).length, 26),
  title: () => 'Customers in each audience',
  reading(view) {
    const [largest] = [...rowsOf(view)].sort(byShare);
    const ready = rowsOf(view).filter(({ is_ready: isReady }) => isReady).length;
    return `The largest is ${largest.audience} with ${counted(largest.customer_count, 'customer')} (${full(ratio(largest.customer_count, largest.total_customer_count), 'rate')} of all); ${counted(ready, 'audience')} ready, ${rowsOf(view).length - ready} of your own.`;
  },
  period: whole,
  measured: 'customers who meet the condition, at most its limit; a customer may be in several audiences',
  empty: (view) => (rowsOf(view)[0]?.total_customer_count ? null : 'No customers yet.'),
  option(view, palette, { width }) {
    const rows = [...rowsOf(view)].sort(byShare);
    return nameBars(
      palette,
      width,
      rows.map((row) => ({
        name: row.audience,
        values: [
          {
            value: row.customer_count,
            label: `${short(row.customer_count, 'count')} · ${full(ratio(row.customer_count, row.total_customer_count), 'rate')}`,
            color: palette.blue,
          },
        ],
      })),
      {
        kind: 'count',
        room: 100,
        tip: (index) => [
          rows[index].audience,
          [
            ['Customers', full(rows[index].customer_count, 'count')],
            [
              'Share of all',
              full(ratio(rows[index].customer_count, rows[index].total_customer_count), 'rate'),
            ],
            ['What to do', rows[index].description],
          ],
        ],
      },
    );
  },
  table: (view) =>
    tabled(rowsOf(view), [
      ['Audience', 'text', 'audience'],
      ['Customers', 'count', 'customer_count'],
      ['All customers', 'count', 'total_customer_count'],
      ['Share', 'rate', (row) => ratio(row.customer_count, row.total_customer_count)],
      ['What to do', 'prose', 'description', { long: true }],
    ]),
};

const exported = {
  id: 'audience-exports',
  query: 'audiences',
  title: () => 'Since the last export',
  period: whole,
  measured: 'customers who now meet the condition and did not at the last export, and the other way round',
  empty: (view) =>
    exportedOf(view).length
      ? null
      : 'No export is recorded. `estore audience export NAME` writes a file and holds out a control group.',
  tableOnly: true,
  stacked: true,
  table: (view) =>
    tabled(exportedOf(view), [
      ['Audience', 'text', 'audience'],
      ['Exports', 'count', 'export_count'],
      ['Last data', 'date', 'last_export_date'],
      ['Exported', 'count', 'exported_count'],
      ['Held out', 'count', 'control_count'],
      ['Customers now', 'count', 'customer_count'],
      ['Entered', 'count', 'entered_count'],
      ['Left', 'count', 'left_count'],
    ]),
};

const verdict = ({ revenue_difference_low: low, revenue_difference_high: high, is_imbalanced: differs }) =>
  differs
    ? 'groups differed before the export'
    : low > 0
      ? 'more revenue'
      : high < 0
        ? 'less revenue'
        : 'no clear effect';

const lift = {
  id: 'audience-lift',
  query: 'audiences',
  title: () => 'Lift against the control group',
  period: whole,
  measured:
    'revenue per customer in the 30 days after the first export, with a 95% interval of the difference; only customers observed for all 30 days',
  empty: (view) =>
    measuredOf(view).length
      ? null
      : 'Not known yet: 30 days of data after an export with a control group are needed.',
  tableOnly: true,
  stacked: true,
  table: (view) =>
    tabled(measuredOf(view), [
      ['Audience', 'text', 'audience'],
      ['Exported', 'count', 'treated_observed_count'],
      ['Held out', 'count', 'control_observed_count'],
      ['Revenue, exported', 'money', 'treated_revenue_amount'],
      ['Revenue, held out', 'money', 'control_revenue_amount'],
      ['Difference', 'money', 'revenue_difference'],
      ['From', 'money', 'revenue_difference_low'],
      ['To', 'money', 'revenue_difference_high'],
      ['Orders, exported', 'amount', 'treated_orders', { spare: true }],
      ['Orders, held out', 'amount', 'control_orders', { spare: true }],
      ['Result', 'text', verdict],
    ]),
};

export const cards = [sized, exported, lift];
