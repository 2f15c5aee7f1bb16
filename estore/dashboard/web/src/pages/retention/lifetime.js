// Lifetime value: customers by revenue to date, and the top customers by revenue.

import { nameBars, rowsHeight } from '../../charts/bars.js';
import { grid, textOf, tooltip, valueAxis } from '../../charts/parts.js';
import { tabled } from '../../columns.js';
import { dayName } from '../../days.js';
import { axisLabel, counted, full, short } from '../../numbers.js';
import { ratio, sum } from '../../ratio.js';
import { whole } from '../../view.js';

const MOST_BUCKETS = 30;

/** Buckets of lifetime value, and the long tail, which would flatten the others and is summarized in a sentence. */
function buckets(view) {
  const all = view.rows('ltv').map((row) => ({ ...row, name: bucketName(row) }));
  const enough = sum(all, 'customer_count') * 0.98;
  let [cut, reached] = [0, 0];
  while (cut < all.length && cut < MOST_BUCKETS && (reached < enough || cut < 5))
    reached += all[cut++].customer_count;
  return { drawn: all.slice(0, cut), tail: all.slice(cut) };
}

const bucketName = ({ bucket_start_amount: from, bucket_end_amount: to }) =>
  `${full(from, 'money')} – ${full(to, 'money')}`;

/** A report without ids still shows the ranks. */
const nameOf = ({ user_id, customer_rank }) =>
  user_id === null || user_id === undefined ? `No. ${customer_rank}` : String(user_id);

export const lifetimeCards = [
  {
    id: 'lifetime-value',
    query: 'ltv',
    width: 'half',
    height: 'm',
    title: () => 'Customers by lifetime value to date',
    reading(view) {
      const all = view.rows('ltv');
      const customers = sum(all, 'customer_count');
      let reached = 0;
      const middle = all.find((row) => (reached += row.customer_count) * 2 >= customers);
      const { tail } = buckets(view);
      const said = `${full(ratio(sum(all, 'revenue_amount'), customers), 'money')} a customer on average; half of ${counted(customers, 'customer')} spent less than ${full(middle.bucket_end_amount, 'money')}.`;
      return tail.length
        ? `${said} Not drawn: ${counted(sum(tail, 'customer_count'), 'customer')} at ${full(tail[0].bucket_start_amount, 'money')} or more, with combined revenue of ${full(sum(tail, 'revenue_amount'), 'money')}.`
        : said;
    },
    period: whole,
    measured: 'buyers by revenue to date; their number and their combined revenue',
    empty: (view) => (sum(view.rows('ltv'), 'customer_count') ? null : 'No purchases yet.'),
    option(view, palette, { width }) {
      const rows = buckets(view).drawn;
      const axis = {
        type: 'category',
        data: rows.map(({ bucket_start_amount }) => bucket_start_amount),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: palette.line } },
        axisLabel: {
          ...textOf(palette, palette.inkFaint),
          formatter: (value) => axisLabel(Number(value), 'money'),
          interval: Math.max(0, Math.ceil(rows.length / (width / 56)) - 1),
        },
      };
      const named = (name, kind, index) =>
        valueAxis(palette, kind, {
          gridIndex: index,
          min: 0,
          splitNumber: 2,
          name,
          nameTextStyle: { ...textOf(palette, palette.inkFaint), align: 'left' },
          nameGap: 8,
        });
      return {
        grid: [grid({ top: 26, height: '32%' }), grid({ top: '60%', bottom: 24 })],
        tooltip: tooltip(palette, ({ dataIndex }) => [
          rows[dataIndex].name,
          [
            ['Customers', full(rows[dataIndex].customer_count, 'count')],
            ['Combined revenue', full(rows[dataIndex].revenue_amount, 'money')],
            ['Average', full(ratio(rows[dataIndex].revenue_amount, rows[dataIndex].customer_count), 'money')],
          ],
        ]),
        axisPointer: { link: [{ xAxisIndex: 'all' }] },
        xAxis: [
          { ...axis, axisLabel: { show: false } },
          { ...axis, gridIndex: 1 },
        ],
        yAxis: [named('customers', 'count', 0), named('combined revenue', 'money', 1)],
        series: [
          {
            type: 'bar',
            data: rows.map(({ customer_count }) => customer_count),
            itemStyle: { color: palette.blue },
            barCategoryGap: '15%',
          },
          {
            type: 'bar',
            xAxisIndex: 1,
            yAxisIndex: 1,
            data: rows.map(({ revenue_amount }) => revenue_amount),
            itemStyle: { color: palette.green },
            barCategoryGap: '15%',
          },
        ],
      };
    },
    table: (view) =>
      tabled(view.rows('ltv'), [
        ['From', 'money', 'bucket_start_amount'],
        ['Below', 'money', 'bucket_end_amount'],
        ['Customers', 'count', 'customer_count'],
        ['Combined revenue', 'money', 'revenue_amount'],
        ['Average', 'money', (row) => ratio(row.revenue_amount, row.customer_count)],
      ]),
  },
  {
    id: 'top-customers',
    query: 'top',
    width: 'half',
    pixels: (view) => rowsHeight(view.rows('top').length, 26),
    title: (view) => `Top ${view.rows('top').length || ''} customers by revenue`.replace('  ', ' '),
    reading(view) {
      const rows = view.rows('top');
      const total = sum(view.rows('ltv'), 'revenue_amount');
      const active = rows.filter(({ activity_status }) => activity_status === 'active').length;
      return `Together ${full(sum(rows, 'revenue_amount'), 'money')}, ${full(ratio(sum(rows, 'revenue_amount'), total), 'rate')} of all revenue; ${active} of ${rows.length} ordered recently.`;
    },
    period: whole,
    measured: 'revenue to date',
    empty: (view) => (view.rows('top').length ? null : 'No purchases yet.'),
    option(view, palette, { width }) {
      const rows = view.rows('top');
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: nameOf(row),
          values: [
            {
              value: row.revenue_amount,
              label:
                width > 560
                  ? `${short(row.revenue_amount, 'money')}   ${row.rfm_segment} · ${counted(row.order_count, 'order')} · last ${dayName(row.last_order_date)}`
                  : short(row.revenue_amount, 'money'),
              color: palette.blue,
            },
          ],
        })),
        {
          kind: 'money',
          room: width > 560 ? 290 : 60,
          tip: (index) => [
            nameOf(rows[index]),
            [
              ['Revenue', full(rows[index].revenue_amount, 'money')],
              ['Orders', full(rows[index].order_count, 'count')],
              ['First order', dayName(rows[index].first_order_date, true)],
              ['Last order', dayName(rows[index].last_order_date, true)],
              ['Segment', rows[index].rfm_segment],
              ['Status', String(rows[index].activity_status).replace('_', ' ')],
            ],
          ],
        },
      );
    },
    table: (view) =>
      tabled(view.rows('top'), [
        ['Rank', 'count', 'customer_rank'],
        ['Customer', 'text', 'user_id'],
        ['Revenue', 'money', 'revenue_amount'],
        ['Orders', 'count', 'order_count'],
        ['First order', 'date', 'first_order_date'],
        ['Last order', 'date', 'last_order_date'],
        ['Segment', 'text', 'rfm_segment'],
        ['Status', 'text', 'activity_status'],
      ]),
  },
];
