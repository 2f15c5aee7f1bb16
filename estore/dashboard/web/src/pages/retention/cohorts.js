// Cohorts: customers who reordered and customers who did not, where the history is long enough to know.

import { cellTable } from '../../charts/cells.js';
import { dayAxis, grid, textOf, tooltip, valueAxis } from '../../charts/parts.js';
import { tabled } from '../../columns.js';
import { longDay, monthName } from '../../days.js';
import { counted, ends, full, share, short } from '../../numbers.js';
import { ratio, sum } from '../../ratio.js';
import { whole } from '../../view.js';
import { CENSORED, customers } from './new-customers.js';

const window = (view) => view.thresholds.cohort_window_days;

const weekly = (view) => view.rows('churn').filter(({ cohort_grain }) => cohort_grain === 'week');
const noOrders = (view) => (customers(view).everyone?.customer_count ? null : 'No purchases yet.');
const churned = (row) => ratio(row.churned_count, row.observed_count);

/** Cohorts down, months since the first order across; the cohort's own month is omitted because it is always 100 %. */
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
    title: (view) => `Churn within ${window(view)} days, by week of first order`,
    reading(view) {
      const { row, excluded } = customers(view);
      const later = row.customer_count - row.observed_count;
      if (row.observed_count < view.fewest)
        return `Too early to tell: ${full(row.observed_count, 'count')} of ${counted(row.customer_count, 'customer')} ${row.observed_count === 1 ? 'has' : 'have'} at least ${window(view)} days of history since the first order.`;
      return [
        `${share(churned(row), row.observed_count)} customers did not reorder within ${window(view)} days of their first order (95% interval ${ends(row.churn_rate_low, row.churn_rate_high)}).`,
        row.is_left_censored ? `This includes customers who ${CENSORED}.` : null,
        excluded
          ? `${counted(excluded, 'customer')} of the first ${window(view)} days ${excluded === 1 ? 'is' : 'are'} excluded: they ${CENSORED}.`
          : null,
        later
          ? `${counted(later, 'later customer')} ${later === 1 ? 'is' : 'are'} excluded: less than ${window(view)} days of history.`
          : null,
      ]
        .filter(Boolean)
        .join(' ');
    },
    period: whole,
    measured: 'churned ÷ customers whose history covers the full window',
    legend: (view, palette) => [
      { text: 'churn rate', color: palette.orange, shape: 'line' },
      { text: 'customers with full history', color: palette.blue },
      { text: 'history too short', color: palette.gray, shape: 'hollow' },
      ...(weekly(view).some((row) => row.is_left_censored && row.observed_count)
        ? [{ text: CENSORED, color: palette.gray, shape: 'ring' }]
        : []),
    ],
    empty: noOrders,
    option(view, palette, { width }) {
      const rows = weekly(view);
      const weeks = rows.map(({ cohort_start }) => cohort_start);
      const axis = (more) => ({ ...dayAxis(palette, weeks, width), ...more });
      const highest = Math.max(0, ...rows.map((row) => churned(row) ?? 0));
      const unknown = rows.flatMap((row, index) => (row.observed_count ? [] : [index]));
      const middle = unknown[Math.floor(unknown.length / 2)];
      // In the gray area; on two lines where it is narrow.
      const isNarrow = (unknown.length / rows.length) * (width - 62) < 190;
      const unseen = ['history shorter', `than ${window(view)} days`].join(isNarrow ? '\n' : ' ');
      const top = highest > 0.5 ? 1 : Math.min(1, Math.ceil(highest * 12) / 10 || 1);
      return {
        grid: [grid({ top: 26, height: '46%' }), grid({ top: '66%', bottom: 24 })],
        tooltip: tooltip(palette, ({ dataIndex }) => {
          const row = rows[dataIndex];
          const censored = row.is_left_censored ? `Customers of this week ${CENSORED}.` : null;
          const note =
            row.observed_count === row.customer_count
              ? null
              : row.observed_count
                ? `${counted(row.customer_count - row.observed_count, 'customer')} of this week ${row.customer_count - row.observed_count > 1 ? 'have' : 'has'} a shorter history.`
                : 'No customer of this week has a long enough history.';
          return [
            `First order in the week from ${longDay(row.cohort_start)}`,
            [
              ['Customers', full(row.customer_count, 'count')],
              ['Observed', full(row.observed_count, 'count')],
              ['Churned', full(row.observed_count ? row.churned_count : null, 'count')],
              ['Churn rate', full(churned(row), 'rate')],
              ['95% interval', ends(row.churn_rate_low, row.churn_rate_high)],
            ],
            [note, censored].filter(Boolean).join(' ') || null,
          ];
        }),
        axisPointer: { link: [{ xAxisIndex: 'all' }] },
        xAxis: [axis({ gridIndex: 0, axisLabel: { show: false } }), axis({ gridIndex: 1 })],
        yAxis: [
          valueAxis(palette, 'rate', {
            gridIndex: 0,
            min: 0,
            max: top,
            name: 'churn rate',
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
          // Gray from top to bottom: unknown is not low.
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
            data: rows.map((row) => ({
              value: churned(row),
              ...(row.is_left_censored ? { symbol: 'emptyCircle', itemStyle: { color: palette.gray } } : {}),
            })),
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
              borderColor: palette.gray,
              borderWidth: 1,
              borderType: 'dashed',
            },
            barMaxWidth: 40,
          },
        ],
      };
    },
    table: (view) =>
      tabled(weekly(view), [
        ['Week from', 'date', 'cohort_start'],
        ['Left-censored', 'text', 'is_left_censored'],
        ['Customers', 'count', 'customer_count'],
        ['Observed', 'count', 'observed_count'],
        ['Reordered', 'count', (row) => (row.observed_count ? row.repeated_count : null)],
        ['Churned', 'count', (row) => (row.observed_count ? row.churned_count : null)],
        ['Churn rate', 'rate', (row) => churned(row)],
        ['95% from', 'rate', 'churn_rate_low'],
        ['95% to', 'rate', 'churn_rate_high'],
      ]),
  },
  {
    id: 'retention-by-month',
    query: 'months',
    height: 'm',
    width: 'half',
    title: () => 'Retention by month since the first order',
    reading(view) {
      const first = triangle(view).rows.filter((row) => row.period_index === 1 && row.is_complete);
      const rowsOf = (isCensored) => first.filter((row) => row.is_left_censored === isCensored);
      const [known, censored] = [rowsOf(false), rowsOf(true)];
      const isKnown = sum(known, 'customer_count') >= view.fewest || !censored.length;
      const rows = isKnown ? known : censored;
      const all = sum(rows, 'customer_count');
      if (!all) return 'The month after the first orders has not ended yet.';
      const excluded = sum(first, 'customer_count') - all;
      return [
        `${share(ratio(sum(rows, 'active_count'), all), all)} customers ordered again in the calendar month after their first.`,
        isKnown ? null : `They ${CENSORED}.`,
        isKnown && excluded ? `${counted(excluded, 'customer')} who ${CENSORED} are excluded.` : null,
      ]
        .filter(Boolean)
        .join(' ');
    },
    period: whole,
    measured:
      'customers with an order in that month ÷ customers of the cohort; gray = month not over or in the future; ○ = cohort may include customers who ordered before the data begin',
    empty: (view) =>
      noOrders(view) ??
      (triangle(view).months.length
        ? null
        : 'All first orders are in one month: this chart needs a second month.'),
    option(view, palette, { width }) {
      const { rows, cohorts, months, sizes } = triangle(view);
      const censored = new Set(rows.filter((row) => row.is_left_censored).map((row) => row.cohort_start));
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
        cohorts.map(
          (cohort) =>
            `${censored.has(cohort) ? '○ ' : ''}${monthName(cohort)} · ${short(sizes.get(cohort), 'count')}`,
        ),
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
            if (!row) return ['This month is in the future.', []];
            return [
              `First order in ${monthName(row.cohort_start)}`,
              [
                ['Ordered in', monthName(row.period_start)],
                ['Customers', full(row.is_complete ? row.active_count : null, 'count')],
                ['Of', full(row.customer_count, 'count')],
                ['Share', full(retained(row), 'rate')],
                ['95% interval', ends(row.retention_rate_low, row.retention_rate_high)],
              ],
              [
                row.is_complete ? null : 'This month is not over, so its rate is not shown.',
                row.is_left_censored ? `Customers of this cohort ${CENSORED}.` : null,
              ]
                .filter(Boolean)
                .join(' ') || null,
            ];
          },
        },
      );
    },
    table(view) {
      const { rows } = triangle(view);
      return tabled(rows, [
        ['First order in', 'date', 'cohort_start'],
        ['Left-censored', 'text', 'is_left_censored'],
        ['Months since', 'count', 'period_index'],
        ['Customers', 'count', 'customer_count'],
        ['Ordered', 'count', (row) => (row.is_complete ? row.active_count : null)],
        ['Share', 'rate', (row) => retained(row)],
        ['95% from', 'rate', 'retention_rate_low'],
        ['95% to', 'rate', 'retention_rate_high'],
        ['Month over', 'text', 'is_complete'],
      ]);
    },
  },
];
