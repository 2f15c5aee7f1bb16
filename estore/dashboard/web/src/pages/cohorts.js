// Cohorts: who did not come back and who did, as far as it could be observed.

import { cellTable } from '../charts/cells.js';
import { dayAxis, grid, textOf, tooltip, valueAxis } from '../charts/parts.js';
import { longDay, monthName } from '../days.js';
import { counted, ends, full, share, short } from '../numbers.js';
import { ratio, sum } from '../ratio.js';
import { whole } from '../view.js';

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

export const cohortCards = [
  {
    id: 'churn-by-week',
    query: 'churn',
    height: 'l',
    title: (view) => `Not back within ${window(view)} days, by week of first order`,
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
      // In the grey, or where that is narrow on two lines.
      const isNarrow = (unknown.length / rows.length) * (width - 62) < 190;
      const unseen = ['not observed for', `${window(view)} days yet`].join(isNarrow ? '\n' : ' ');
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
              ['95% interval', ends(row.churn_rate_low, row.churn_rate_high)],
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
                formatter: unseen,
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
        { name: '95% from', kind: 'rate' },
        { name: '95% to', kind: 'rate' },
      ],
      rows: weekly(view).map((row) => [
        row.cohort_start,
        row.customer_count,
        row.observed_count,
        row.observed_count ? row.repeated_count : null,
        row.observed_count ? row.churned_count : null,
        churned(row),
        row.churn_rate_low,
        row.churn_rate_high,
      ]),
    }),
  },
  {
    id: 'retention-by-month',
    query: 'months',
    height: 'm',
    width: 'half',
    title: () => 'Ordered again, by months since first order',
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
          .map((month) => ({ column: month - 1, row, value: null, label: '–' })),
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
                ['95% interval', ends(row.retention_rate_low, row.retention_rate_high)],
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
          { name: '95% from', kind: 'rate' },
          { name: '95% to', kind: 'rate' },
          { name: 'Month over', kind: 'text' },
        ],
        rows: rows.map((row) => [
          row.cohort_start,
          row.period_index,
          row.customer_count,
          row.is_complete ? row.active_count : null,
          retained(row),
          row.retention_rate_low,
          row.retention_rate_high,
          row.is_complete,
        ]),
      };
    },
  },
];
