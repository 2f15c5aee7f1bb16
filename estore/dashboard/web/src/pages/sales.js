// Sales: the last complete day, the month so far, average order, and every day with what is strange about it.

import { MARK, alertWords } from '../alerts.js';
import { dayBars, monthBars, sevenDayMeans } from '../charts/days.js';
import { gauge } from '../charts/gauge.js';
import { lineChart } from '../charts/lines.js';
import { dayAxis } from '../charts/parts.js';
import { dayName, longDay, monthBefore, monthName } from '../days.js';
import { counted, full, listed, short } from '../numbers.js';
import { change, ratio, sum } from '../ratio.js';
import { tilesOf, tilesTable } from '../tiles.js';

import {
  NO_ORDERS,
  days,
  isFiltered,
  lastDayName,
  months,
  noOrders,
  tiles,
  week,
  weeks,
} from './sales-days.js';

export const cards = [
  {
    id: 'last-complete-day',
    query: 'days',
    title: (view) =>
      view.lastComplete ? `${longDay(view.lastComplete)}, the last complete day` : 'The last complete day',
    period: (view) => `${lastDayName(view)} against the same weekday a week before, lines over 28 days`,
    measured: 'average order = sales ÷ orders; conversion = sessions with a purchase ÷ sessions',
    empty: (view) =>
      view.lastComplete ? null : 'No complete day yet: a day is complete when its data reach its last hour.',
    element: (view) => tilesOf(tiles(view)),
    table: (view) => (view.lastComplete ? tilesTable(tiles(view)) : { columns: [], rows: [] }),
  },
  {
    id: 'sales-by-day',
    query: 'days',
    width: 'wider',
    height: 'm',
    title: () => 'Sales by day',
    reading(view) {
      const shown = view.within(days(view), 'day');
      const strange = shown.filter(({ isStrange }) => isStrange);
      const unfinished = shown.filter(({ isComplete }) => !isComplete);
      const parts = [
        `${full(sum(shown, 'revenue_amount'), 'money')} from ${counted(sum(shown, 'order_count'), 'order')}; ${full(ratio(sum(shown, 'first_order_count'), sum(shown, 'order_count')), 'rate')} of them a customer’s first.`,
      ];
      if (strange.length) parts.push(`${counted(strange.length, 'day')} unlike the same weekday before.`);
      if (unfinished.length)
        parts.push(
          unfinished.length > 3
            ? `${unfinished.length} days are incomplete.`
            : `${listed(unfinished.map(({ day }) => dayName(day)))} ${unfinished.length > 1 ? 'are' : 'is'} incomplete.`,
        );
      const told = shown.filter(({ hasAlert }) => hasAlert);
      if (told.length)
        parts.push(`Mind ${counted(told.length, 'day')} with an alert (▲): the page Data says why.`);
      if (isFiltered(view))
        parts.push('Unusual days are known for the whole shop only, so none is marked here.');
      return parts.join(' ');
    },
    measured: 'revenue of orders, by the shop’s day',
    legend: (view, palette) => [
      { text: 'complete day', colour: palette.blue },
      { text: 'mean of 7 complete days', colour: palette.blue, shape: 'line' },
      { text: 'unlike the same weekday before', colour: palette.orange, shape: 'diamond' },
      { text: 'incomplete day', colour: palette.grey, shape: 'hollow' },
      ...(view.within(days(view), 'day').some(({ hasAlert }) => hasAlert)
        ? [{ text: MARK, colour: palette.purple, shape: 'triangle' }]
        : []),
    ],
    empty: (view) =>
      noOrders(view) ??
      (sum(view.within(view.rows('days'), 'order_date'), 'order_count') ? null : 'No orders in this period.'),
    option(view, palette, { width }) {
      // The mean needs the six days before the first one shown.
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
              ['Sales', full(row.revenue_amount, 'money')],
              ['Orders', full(row.order_count, 'count')],
              ['Average order', full(ratio(row.revenue_amount, row.order_count), 'money')],
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
                  ? 'Incomplete: the data of this day do not reach its last hour.'
                  : row.isStrange
                    ? 'Unlike the same weekday in the weeks before.'
                    : null,
            ];
          },
        },
      );
    },
    table: (view) => ({
      columns: [
        { name: 'Day', kind: 'date' },
        { name: 'Sales', kind: 'money' },
        { name: 'Orders', kind: 'count' },
        { name: 'Average order', kind: 'money' },
        { name: 'Buyers', kind: 'count' },
        { name: 'Items', kind: 'count' },
        { name: 'First orders', kind: 'count' },
        { name: 'Complete', kind: 'text' },
        { name: 'Unusual', kind: 'text' },
        { name: 'Alerts', kind: 'text', long: true },
      ],
      rows: view
        .within(days(view), 'day')
        .map((row) => [
          row.day,
          row.revenue_amount,
          row.order_count,
          ratio(row.revenue_amount, row.order_count),
          row.buyer_count,
          row.item_count,
          row.first_order_count,
          row.isComplete,
          row.isStrange,
          alertWords(row.alerts) || null,
        ]),
    }),
  },
  {
    id: 'average-order-of-the-week',
    query: 'days',
    width: 'narrow',
    height: 'arc',
    title: () => 'Average order of the last seven complete days',
    reading(view) {
      const { value, target, rows } = week(view);
      const off = value - target;
      return `${full(value, 'money')} from ${counted(sum(rows, 'order_count'), 'order')}: ${full(Math.abs(off), 'money')} ${off < 0 ? 'below' : 'above'} the target of ${full(target, 'money')}.`;
    },
    period: (view) => `7 complete days to ${lastDayName(view)}`,
    measured: 'sales ÷ orders; the target is average_order_target in shop.toml',
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
          { name: 'Sales', kind: 'money' },
          { name: 'Orders', kind: 'count' },
          { name: 'Average order', kind: 'money' },
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
        return `${full(upTo.running, 'money')} in ${counted(now.length, 'day')}; there is no whole month before to compare with.`;
      return `${full(upTo.running, 'money')} in ${counted(now.length, 'day')}, ${full(change(upTo.running, same.running), 'change')} against the same days of ${monthName(same.day)} (${full(same.running, 'money')}).`;
    },
    period: (view) => `1 – ${lastDayName(view)} and the month before, complete days`,
    measured: 'sales of each day; so far = summed from the first of the month',
    empty: (view) => noOrders(view) ?? (view.lastComplete ? null : 'No complete day yet.'),
    legend: (view, palette) => [
      { text: monthName(view.lastComplete), colour: palette.blue },
      { text: monthName(monthBefore(view.lastComplete)), colour: palette.ink, shape: 'line' },
      { text: 'incomplete day', colour: palette.grey, shape: 'hollow' },
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
          ? 'The data of a day here do not reach its last hour.'
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
    title: () => 'Average order by week',
    reading(view) {
      const whole = weeks(view).filter((row) => row.days === 7 && row.aov !== null);
      if (whole.length < 2) return 'Fewer than two whole weeks in this period.';
      const [last, before] = [whole.at(-1), whole.at(-2)];
      return `${full(last.aov, 'money')} in the week from ${dayName(last.key)}, ${full(change(last.aov, before.aov), 'change')} against the week before.`;
    },
    measured: 'sales ÷ orders of complete days, weeks from Monday; the scale does not begin at 0',
    legend: (view, palette) => [
      { text: 'whole week', colour: palette.blue, shape: 'dot' },
      { text: 'week not whole', colour: palette.grey, shape: 'ring' },
      { text: 'target', colour: palette.inkSoft, shape: 'dashed' },
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
            name: 'Average order',
            colour: palette.blue,
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
              ['Average order', full(rows[index].aov, 'money')],
              ['Sales', full(rows[index].revenue_amount, 'money')],
              ['Orders', full(rows[index].order_count, 'count')],
            ],
            rows[index].days < 7 ? `Only ${counted(rows[index].days, 'complete day')} of this week.` : null,
          ],
        },
      );
    },
    table: (view) => ({
      columns: [
        { name: 'Week from', kind: 'date' },
        { name: 'Complete days', kind: 'count' },
        { name: 'Sales', kind: 'money' },
        { name: 'Orders', kind: 'count' },
        { name: 'Average order', kind: 'money' },
      ],
      rows: weeks(view).map((row) => [row.key, row.days, row.revenue_amount, row.order_count, row.aov]),
    }),
  },
];
