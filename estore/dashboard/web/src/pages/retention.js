// Retention and value: who comes back, as far as it could be observed, and what a customer brings.

import { nameBars, rowsHeight } from '../charts/bars.js';
import { cellTable } from '../charts/cells.js';
import { dayAxis, grid, textOf, tooltip, valueAxis } from '../charts/parts.js';
import { dayName, longDay, monthName } from '../days.js';
import { axisLabel, counted, full, share, short } from '../numbers.js';
import { ratio, sum } from '../ratio.js';

const whole = (view) => view.wholePeriod;
const window = (view) => view.thresholds.cohort_window_days;

const weekly = (view) => view.rows('churn').filter(({ cohort_grain }) => cohort_grain === 'week');
const overall = (view) => view.rows('churn').find(({ cohort_grain }) => cohort_grain === 'overall');
const noOrders = (view) => (overall(view)?.customer_count ? null : 'Nobody has bought yet.');
const churned = (row) => ratio(row.churned_count, row.observed_count);

/** Cohorts down, months since the first order across; the cohort's own month tells nothing and is left out. */
function triangle(view) {
  const rows = view.rows('months').filter(({ period_index }) => period_index > 0);
  const sizes = new Map(view.rows('months').map((row) => [row.cohort_start, row.customer_count]));
  const cohorts = [...sizes.keys()].sort();
  const months = Array.from(
    { length: Math.max(0, ...rows.map(({ period_index }) => period_index)) },
    (_, index) => index + 1,
  );
  return { rows, cohorts, months, sizes };
}

const retained = (row) => (row.is_complete ? ratio(row.active_count, row.customer_count) : null);

const MOST_BUCKETS = 30;

/** Buckets of lifetime value, and those of the long tail, which would flatten the others and are told in words. */
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

export const cards = [
  {
    id: 'churn-by-week',
    query: 'churn',
    height: 'l',
    title: (view) =>
      `Customers who did not buy again within ${window(view)} days, by week of their first order`,
    reading(view) {
      const row = overall(view);
      const later = row.customer_count - row.observed_count;
      const said = row.observed_count
        ? `${share(churned(row), row.observed_count)} customers watched for ${window(view)} days did not buy again.`
        : `Nobody has been watched for ${window(view)} days yet.`;
      return later
        ? `${said} ${counted(later, 'later customer')} cannot be judged yet and are left out.`
        : said;
    },
    period: whole,
    measured: 'churned ÷ customers who could be observed for the whole window',
    legend: (view, palette) => [
      { text: 'share churned', colour: palette.orange, shape: 'line' },
      { text: 'customers observed', colour: palette.blue },
      { text: 'not observed long enough', colour: palette.grey, shape: 'hollow' },
    ],
    empty: noOrders,
    option(view, palette, { width }) {
      const rows = weekly(view);
      const weeks = rows.map(({ cohort_start }) => cohort_start);
      const axis = (more) => ({ ...dayAxis(palette, weeks, width), ...more });
      const highest = Math.max(0, ...rows.map((row) => churned(row) ?? 0));
      const unknown = rows.flatMap((row, index) => (row.observed_count ? [] : [index]));
      const middle = unknown[Math.floor(unknown.length / 2)];
      const top = highest > 0.5 ? 1 : Math.min(1, Math.ceil(highest * 12) / 10 || 1);
      return {
        grid: [grid({ top: 26, height: '46%' }), grid({ top: '66%', bottom: 24 })],
        tooltip: tooltip(palette, ({ dataIndex }) => {
          const row = rows[dataIndex];
          const note =
            row.observed_count === row.customer_count
              ? null
              : row.observed_count
                ? `${counted(row.customer_count - row.observed_count, 'customer')} of this week cannot be judged yet.`
                : 'None of this week’s customers has been watched long enough.';
          return [
            `First order in the week from ${longDay(row.cohort_start)}`,
            [
              ['Customers', full(row.customer_count, 'count')],
              ['Observed', full(row.observed_count, 'count')],
              ['Churned', full(row.observed_count ? row.churned_count : null, 'count')],
              ['Share churned', full(churned(row), 'rate')],
            ],
            note,
          ];
        }),
        axisPointer: { link: [{ xAxisIndex: 'all' }] },
        xAxis: [axis({ gridIndex: 0, axisLabel: { show: false } }), axis({ gridIndex: 1 })],
        yAxis: [
          valueAxis(palette, 'rate', {
            gridIndex: 0,
            min: 0,
            max: top,
            name: 'share churned',
            nameTextStyle: { ...textOf(palette, palette.inkFaint), align: 'left' },
            nameGap: 6,
            nameLocation: 'end',
            interval: top / 4,
          }),
          valueAxis(palette, 'count', {
            gridIndex: 1,
            min: 0,
            splitNumber: 2,
            name: 'customers',
            nameTextStyle: { ...textOf(palette, palette.inkFaint), align: 'left' },
            nameGap: 8,
          }),
        ],
        series: [
          // Grey from top to bottom: not known is not low.
          {
            type: 'bar',
            barCategoryGap: '4%',
            silent: true,
            itemStyle: { color: palette.unknown },
            data: rows.map((row, index) => ({
              value: row.observed_count ? null : top,
              label: {
                show: index === middle,
                position: 'inside',
                formatter: `not observed for ${window(view)} days yet`,
                ...textOf(palette),
              },
            })),
          },
          {
            type: 'line',
            data: rows.map(churned),
            lineStyle: { color: palette.orange, width: 2 },
            itemStyle: { color: palette.orange },
            symbol: 'circle',
            symbolSize: 6,
            showAllSymbol: true,
            connectNulls: false,
          },
          {
            type: 'bar',
            stack: 'customers',
            xAxisIndex: 1,
            yAxisIndex: 1,
            data: rows.map(({ observed_count }) => observed_count),
            itemStyle: { color: palette.blue },
            barCategoryGap: '25%',
            barMaxWidth: 40,
          },
          {
            type: 'bar',
            stack: 'customers',
            xAxisIndex: 1,
            yAxisIndex: 1,
            data: rows.map((row) => row.customer_count - row.observed_count),
            itemStyle: {
              color: palette.unknown,
              borderColor: palette.grey,
              borderWidth: 1,
              borderType: 'dashed',
            },
            barMaxWidth: 40,
          },
        ],
      };
    },
    table: (view) => ({
      columns: [
        { name: 'Week from', kind: 'date' },
        { name: 'Customers', kind: 'count' },
        { name: 'Observed', kind: 'count' },
        { name: 'Bought again', kind: 'count' },
        { name: 'Churned', kind: 'count' },
        { name: 'Share churned', kind: 'rate' },
      ],
      rows: weekly(view).map((row) => [
        row.cohort_start,
        row.customer_count,
        row.observed_count,
        row.observed_count ? row.repeated_count : null,
        row.observed_count ? row.churned_count : null,
        churned(row),
      ]),
    }),
  },
  {
    id: 'retention-by-month',
    query: 'months',
    height: 'm',
    width: 'half',
    title: () => 'Customers who ordered again, by months since their first order',
    reading(view) {
      const rows = triangle(view).rows.filter((row) => row.period_index === 1 && row.is_complete);
      const customers = sum(rows, 'customer_count');
      return customers
        ? `${share(ratio(sum(rows, 'active_count'), customers), customers)} customers ordered in the month after their first.`
        : 'No month after a first order is over yet.';
    },
    period: whole,
    measured:
      'customers with an order in that month ÷ customers of the cohort; grey = not over, or still ahead',
    empty: (view) =>
      noOrders(view) ??
      (triangle(view).months.length
        ? null
        : 'All first orders lie in one month: come back when the next has begun.'),
    option(view, palette, { width }) {
      const { rows, cohorts, months, sizes } = triangle(view);
      const known = new Set(rows.map((row) => `${row.cohort_start} ${row.period_index}`));
      const later = cohorts.flatMap((cohort, row) =>
        months
          .filter((month) => !known.has(`${cohort} ${month}`))
          .map((month) => ({ column: month - 1, row, value: null, label: '' })),
      );
      return cellTable(
        palette,
        width,
        months.map((month) => (months.length > 8 ? String(month) : `+${month} mo`)),
        cohorts.map((cohort) => `${monthName(cohort)} · ${short(sizes.get(cohort), 'count')}`),
        [
          ...rows.map((row) => ({
            column: row.period_index - 1,
            row: cohorts.indexOf(row.cohort_start),
            value: retained(row),
            label: row.is_complete ? full(retained(row), 'rate') : '…',
          })),
          ...later,
        ],
        {
          tip(index) {
            const row = rows[index];
            if (!row) return ['This month lies ahead.', []];
            return [
              `First order in ${monthName(row.cohort_start)}`,
              [
                ['Ordered in', monthName(row.period_start)],
                ['Customers', full(row.is_complete ? row.active_count : null, 'count')],
                ['Of', full(row.customer_count, 'count')],
                ['Share', full(retained(row), 'rate')],
              ],
              row.is_complete ? null : 'This month is not over, so it is not judged.',
            ];
          },
        },
      );
    },
    table(view) {
      const { rows } = triangle(view);
      return {
        columns: [
          { name: 'First order in', kind: 'date' },
          { name: 'Months since', kind: 'count' },
          { name: 'Customers', kind: 'count' },
          { name: 'Ordered', kind: 'count' },
          { name: 'Share', kind: 'rate' },
          { name: 'Month over', kind: 'text' },
        ],
        rows: rows.map((row) => [
          row.cohort_start,
          row.period_index,
          row.customer_count,
          row.is_complete ? row.active_count : null,
          retained(row),
          row.is_complete,
        ]),
      };
    },
  },
  {
    id: 'lifetime-value',
    query: 'ltv',
    width: 'half',
    height: 'm',
    title: () => 'How many customers have brought how much, and what they bring together',
    reading(view) {
      const all = view.rows('ltv');
      const customers = sum(all, 'customer_count');
      let reached = 0;
      const middle = all.find((row) => (reached += row.customer_count) * 2 >= customers);
      const { tail } = buckets(view);
      const said = `${full(ratio(sum(all, 'revenue_amount'), customers), 'money')} a customer on average; half of ${counted(customers, 'customer')} brought less than ${full(middle.bucket_end_amount, 'money')}.`;
      return tail.length
        ? `${said} Not drawn: ${counted(sum(tail, 'customer_count'), 'customer')} of ${full(tail[0].bucket_start_amount, 'money')} and more, who bring ${full(sum(tail, 'revenue_amount'), 'money')} together.`
        : said;
    },
    period: whole,
    measured: 'buyers by revenue to date; their number and their combined revenue',
    empty: (view) => (sum(view.rows('ltv'), 'customer_count') ? null : 'Nobody has bought yet.'),
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
    table: (view) => ({
      columns: [
        { name: 'From', kind: 'money' },
        { name: 'Below', kind: 'money' },
        { name: 'Customers', kind: 'count' },
        { name: 'Combined revenue', kind: 'money' },
        { name: 'Average', kind: 'money' },
      ],
      rows: view
        .rows('ltv')
        .map((row) => [
          row.bucket_start_amount,
          row.bucket_end_amount,
          row.customer_count,
          row.revenue_amount,
          ratio(row.revenue_amount, row.customer_count),
        ]),
    }),
  },
  {
    id: 'top-customers',
    query: 'top',
    pixels: (view) => rowsHeight(view.rows('top').length, 26),
    title: (view) => `The ${view.rows('top').length || ''} customers who brought most`.replace('  ', ' '),
    reading(view) {
      const rows = view.rows('top');
      const total = sum(view.rows('ltv'), 'revenue_amount');
      const active = rows.filter(({ activity_status }) => activity_status === 'active').length;
      return `Together ${full(sum(rows, 'revenue_amount'), 'money')}, ${full(ratio(sum(rows, 'revenue_amount'), total), 'rate')} of all revenue; ${active} of ${rows.length} ordered lately.`;
    },
    period: whole,
    measured: 'revenue to date',
    empty: (view) => (view.rows('top').length ? null : 'Nobody has bought yet.'),
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
                width > 640
                  ? `${short(row.revenue_amount, 'money')}   ${row.rfm_segment} · ${counted(row.order_count, 'order')} · last ${dayName(row.last_order_date)}`
                  : short(row.revenue_amount, 'money'),
              colour: palette.blue,
            },
          ],
        })),
        {
          kind: 'money',
          room: width > 640 ? 300 : 60,
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
    table: (view) => ({
      columns: [
        { name: 'Rank', kind: 'count' },
        { name: 'Customer', kind: 'text' },
        { name: 'Revenue', kind: 'money' },
        { name: 'Orders', kind: 'count' },
        { name: 'First order', kind: 'date' },
        { name: 'Last order', kind: 'date' },
        { name: 'Segment', kind: 'text' },
        { name: 'Status', kind: 'text' },
      ],
      rows: view
        .rows('top')
        .map((row) => [
          row.customer_rank,
          row.user_id,
          row.revenue_amount,
          row.order_count,
          row.first_order_date,
          row.last_order_date,
          row.rfm_segment,
          row.activity_status,
        ]),
    }),
  },
];

/** A report without ids still tells the ranks. */
const nameOf = ({ user_id, customer_rank }) =>
  user_id === null || user_id === undefined ? `No. ${customer_rank}` : String(user_id);
