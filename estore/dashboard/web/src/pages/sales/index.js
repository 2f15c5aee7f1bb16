// Sales: the last complete day, the month so far, average order value, and every day with its data issues.

import { MARK, alertWords } from '../../alerts.js';
import { dayBars, monthBars, sevenDayMeans } from '../../charts/days.js';
import { gauge } from '../../charts/gauge.js';
import { lineChart } from '../../charts/lines.js';
import { dayAxis } from '../../charts/parts.js';
import { tabled } from '../../columns.js';
import { dayName, longDay, monthBefore, monthName } from '../../days.js';
import { counted, full, listed, short } from '../../numbers.js';
import { change, ratio, sum } from '../../ratio.js';
import { tilesOf, tilesTable } from '../../tiles.js';

import { NO_ORDERS, days, isFiltered, lastDayName, months, noOrders, tiles, week, weeks } from './days.js';

export const cards = [
  {
    id: 'last-complete-day',
    query: 'days',
    title: (view) =>
      view.lastComplete ? `${longDay(view.lastComplete)}, the last complete day` : 'The last complete day',
    period: (view) => `${lastDayName(view)} against the same weekday a week before, lines over 28 days`,
    measured: 'average order value = revenue ÷ orders; conversion = sessions with a purchase ÷ sessions',
    empty: (view) =>
      view.lastComplete
        ? null
        : 'No complete day yet: the last day is complete when its data reach the usual last hour.',
    element: (view) => tilesOf(tiles(view)),
    table: (view) => (view.lastComplete ? tilesTable(tiles(view)) : { columns: [], rows: [] }),
  },
  {
    id: 'sales-by-day',
    query: 'days',
    width: 'wider',
    height: 'm',
    title: () => 'Revenue by day',
    reading(view) {
      const shown = view.within(days(view), 'day');
      const strange = shown.filter(({ isStrange }) => isStrange);
      const unfinished = shown.filter(({ isComplete }) => !isComplete);
      const parts = [
        `${full(sum(shown, 'revenue_amount'), 'money')} from ${counted(sum(shown, 'order_count'), 'order')}; ${full(ratio(sum(shown, 'first_order_count'), sum(shown, 'order_count')), 'rate')} of them first-time orders.`,
      ];
      if (strange.length)
        parts.push(
          `${counted(strange.length, 'day')} ${strange.length > 1 ? 'are' : 'is'} unusual for the weekday.`,
        );
      if (unfinished.length)
        parts.push(
          unfinished.length > 3
            ? `${unfinished.length} days are incomplete.`
            : `${listed(unfinished.map(({ day }) => dayName(day)))} ${unfinished.length > 1 ? 'are' : 'is'} incomplete.`,
        );
      const flagged = shown.filter(({ hasAlert }) => hasAlert);
      if (flagged.length)
        parts.push(
          `${counted(flagged.length, 'day')} ${flagged.length > 1 ? 'have' : 'has'} data issues (▲): the Data page explains them.`,
        );
      if (isFiltered(view))
        parts.push('Unusual days are only known for the entire shop, so this chart marks none.');
      return parts.join(' ');
    },
    measured: 'revenue of orders, by the shop’s day',
    legend: (view, palette) => [
      { text: 'complete day', color: palette.blue },
      { text: '7-day average', color: palette.blue, shape: 'line' },
      { text: 'unusual for the weekday', color: palette.orange, shape: 'diamond' },
      { text: 'incomplete day', color: palette.gray, shape: 'hollow' },
      ...(view.within(days(view), 'day').some(({ hasAlert }) => hasAlert)
        ? [{ text: MARK, color: palette.purple, shape: 'triangle' }]
        : []),
    ],
    empty: (view) =>
      noOrders(view) ??
      (sum(view.within(view.rows('days'), 'order_date'), 'order_count') ? null : 'No orders in this period.'),
    option(view, palette, { width }) {
      // The average needs the six days before the first one shown.
      const all = days(view);
      const shown = view.within(all, 'day');
      const means = sevenDayMeans(all.map((row) => ({ ...row, value: row.revenue_amount })));
      return dayBars(
        palette,
        width,
        shown.map((row) => ({ ...row, value: row.revenue_amount })),
        {
          kind: 'money',
          means: means.slice(all.indexOf(shown[0]), all.indexOf(shown[0]) + shown.length),
          tip(index) {
            const row = shown[index];
            const lines = [
              ['Revenue', full(row.revenue_amount, 'money')],
              ['Orders', full(row.order_count, 'count')],
              ['Average order value', full(ratio(row.revenue_amount, row.order_count), 'money')],
              ['Buyers', full(row.buyer_count, 'count')],
            ];
            if (row.expected !== null && !isFiltered(view))
              lines.push(['Expected', full(row.expected, 'money')]);
            return [
              longDay(row.day),
              lines,
              row.hasAlert
                ? alertWords(row.alerts)
                : !row.isComplete
                  ? 'Incomplete: the data of this day end early.'
                  : row.isStrange
                    ? 'Unusual for the weekday, compared with the weeks before.'
                    : null,
            ];
          },
        },
      );
    },
    table: (view) =>
      tabled(view.within(days(view), 'day'), [
        ['Day', 'date', 'day'],
        ['Revenue', 'money', 'revenue_amount'],
        ['Orders', 'count', 'order_count'],
        ['Average order value', 'money', (row) => ratio(row.revenue_amount, row.order_count)],
        ['Buyers', 'count', 'buyer_count'],
        ['Items', 'count', 'item_count'],
        ['First orders', 'count', 'first_order_count'],
        ['Complete', 'text', 'isComplete'],
        ['Unusual', 'text', 'isStrange'],
        ['Alerts', 'text', (row) => alertWords(row.alerts) || null, { long: true }],
      ]),
  },
  {
    id: 'average-order-of-the-week',
    query: 'days',
    width: 'narrow',
    height: 'arc',
    title: () => 'Average order value of the last seven complete days',
    reading(view) {
      const { value, target, rows } = week(view);
      const off = value - target;
      return `${full(value, 'money')} from ${counted(sum(rows, 'order_count'), 'order')}: ${full(Math.abs(off), 'money')} ${off < 0 ? 'below' : 'above'} the target of ${full(target, 'money')}.`;
    },
    period: (view) => `7 complete days to ${lastDayName(view)}`,
    measured: 'revenue ÷ orders; set the target with average_order_target in shop.toml',
    empty: (view) => (view.lastComplete && sum(week(view).rows, 'order_count') ? null : NO_ORDERS),
    option: (view, palette, { width, height }) => {
      const { value, target } = week(view);
      return gauge(palette, width, height, {
        value,
        target,
        kind: 'money',
        label: `target ${short(target, 'money')}`,
      });
    },
    table(view) {
      const { rows, value, target } = week(view);
      return {
        columns: [
          { name: 'Days', kind: 'text' },
          { name: 'Revenue', kind: 'money' },
          { name: 'Orders', kind: 'count' },
          { name: 'Average order value', kind: 'money' },
          { name: 'Target', kind: 'money' },
        ],
        rows: rows.length
          ? [
              [
                `${rows[0].day} to ${rows.at(-1).day}`,
                sum(rows, 'revenue_amount'),
                sum(rows, 'order_count'),
                value,
                target,
              ],
            ]
          : [],
      };
    },
  },
  {
    id: 'month-against-last',
    query: 'days',
    width: 'half',
    height: 'm',
    title: (view) =>
      view.lastComplete
        ? `${monthName(view.lastComplete)} so far against ${monthName(monthBefore(view.lastComplete))}, day by day`
        : 'This month against last month',
    reading(view) {
      const { now, before } = months(view);
      const same = before[now.length - 1];
      const upTo = now.at(-1);
      if (!same)
        return `${full(upTo.running, 'money')} in ${counted(now.length, 'day')}; there is no complete month before it to compare with.`;
      return `${full(upTo.running, 'money')} in ${counted(now.length, 'day')}, ${full(change(upTo.running, same.running), 'change')} against the same days of ${monthName(same.day)} (${full(same.running, 'money')}).`;
    },
    period: (view) => `1 – ${lastDayName(view)} and the month before, complete days`,
    measured: 'revenue of each day; so far = sum since the first of the month',
    empty: (view) => noOrders(view) ?? (view.lastComplete ? null : 'No complete day yet.'),
    legend: (view, palette) => [
      { text: monthName(view.lastComplete), color: palette.blue },
      { text: monthName(monthBefore(view.lastComplete)), color: palette.ink, shape: 'line' },
      { text: 'incomplete day', color: palette.gray, shape: 'hollow' },
    ],
    option(view, palette) {
      const { now, before } = months(view);
      const tip = (index) => [
        `Day ${index + 1} of the month`,
        [now[index], before[index]].filter(Boolean).flatMap((row) => [
          [longDay(row.day), full(row.revenue_amount, 'money')],
          [`${monthName(row.day)} so far`, full(row.running, 'money')],
        ]),
        now[index]?.isComplete === false || before[index]?.isComplete === false
          ? 'A day here has incomplete data.'
          : null,
      ];
      return monthBars(palette, now, before, tip);
    },
    table(view) {
      const { now, before } = months(view);
      return {
        columns: [
          { name: 'Day of month', kind: 'count' },
          ...[now, before].flatMap((rows) =>
            rows.length
              ? [
                  { name: `${monthName(rows[0].day)}, day`, kind: 'money' },
                  { name: `${monthName(rows[0].day)}, so far`, kind: 'money' },
                ]
              : [],
          ),
        ],
        rows: Array.from({ length: Math.max(now.length, before.length) }, (_, index) => [
          index + 1,
          ...[now, before]
            .filter((rows) => rows.length)
            .flatMap((rows) => [rows[index]?.revenue_amount ?? null, rows[index]?.running ?? null]),
        ]),
      };
    },
  },
  {
    id: 'average-order-by-week',
    query: 'days',
    width: 'half',
    height: 'm',
    title: () => 'Average order value by week',
    reading(view) {
      const whole = weeks(view).filter((row) => row.days === 7 && row.aov !== null);
      if (whole.length < 2) return 'Fewer than two full weeks in this period.';
      const [last, before] = [whole.at(-1), whole.at(-2)];
      return `${full(last.aov, 'money')} in the week from ${dayName(last.key)}, ${full(change(last.aov, before.aov), 'change')} against the week before.`;
    },
    measured: 'revenue ÷ orders of complete days, weeks start on Monday; the axis does not start at 0',
    legend: (view, palette) => [
      { text: 'full week', color: palette.blue, shape: 'dot' },
      { text: 'partial week', color: palette.gray, shape: 'ring' },
      { text: 'target', color: palette.inkSoft, shape: 'dashed' },
    ],
    empty: (view) =>
      noOrders(view) ??
      (weeks(view).some(({ order_count }) => order_count)
        ? null
        : 'No orders on complete days of this period.'),
    option(view, palette, room) {
      const { width } = room;
      const rows = weeks(view);
      const target = view.thresholds.average_order_target;
      return lineChart(
        palette,
        room,
        [
          {
            name: 'Average order value',
            color: palette.blue,
            values: rows.map((row) => row.aov),
            open: rows.map((row) => row.days < 7),
          },
        ],
        {
          kind: 'money',
          fromZero: false,
          named: false,
          axis: dayAxis(
            palette,
            rows.map(({ key }) => key),
            width,
          ),
          target: { value: target, label: `target ${short(target, 'money')}` },
          tip: (index) => [
            `Week from ${longDay(rows[index].key)}`,
            [
              ['Average order value', full(rows[index].aov, 'money')],
              ['Revenue', full(rows[index].revenue_amount, 'money')],
              ['Orders', full(rows[index].order_count, 'count')],
            ],
            rows[index].days < 7 ? `Only ${counted(rows[index].days, 'complete day')} of this week.` : null,
          ],
        },
      );
    },
    table: (view) =>
      tabled(weeks(view), [
        ['Week from', 'date', 'key'],
        ['Complete days', 'count', 'days'],
        ['Revenue', 'money', 'revenue_amount'],
        ['Orders', 'count', 'order_count'],
        ['Average order value', 'money', 'aov'],
      ]),
  },
];
