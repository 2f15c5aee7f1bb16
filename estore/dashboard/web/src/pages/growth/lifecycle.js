// New, returning, resurrected and dormant customers by month or week.

import { dayAxis, grid, tooltip, valueAxis } from '../../charts/parts.js';
import { dayName, monthName } from '../../days.js';
import { counted, full } from '../../numbers.js';
import { whole } from '../../view.js';
import { CENSORED } from '../retention/new-customers.js';

const KINDS = [
  ['returning_count', 'Returning', 'blue', 1],
  ['resurrected_count', 'Resurrected', 'purple', 1],
  ['new_count', 'New', 'green', 1],
  ['dormant_count', 'Dormant', 'orange', -1],
];
const rowsOf = (view, grain) => view.rows('lifecycle').filter((row) => row.grain === grain);
const nameOf = (grain, row) =>
  grain === 'month' ? monthName(row.period_start) : `week from ${dayName(row.period_start, true)}`;

export const lifecycleCard = {
  id: 'lifecycle',
  query: 'lifecycle',
  width: 'half',
  height: 'm',
  title: (view, grain) => `Customers gained, kept and lost by ${grain ?? 'month'}`,
  choices: () => ({
    label: 'By',
    values: [
      { id: 'week', label: 'Week' },
      { id: 'month', label: 'Month' },
    ],
  }),
  reading(view, grain) {
    const last = rowsOf(view, grain).findLast((row) => row.dormant_count !== null);
    if (!last) return 'Not known yet: two complete periods are needed.';
    const ratio = last.quick_ratio === null ? '' : ` (quick ratio ${full(last.quick_ratio, 'amount')})`;
    const gained = last.new_count + last.resurrected_count;
    return `In ${nameOf(grain, last)}, ${counted(gained, 'customer')} ${gained === 1 ? 'was' : 'were'} new or came back, and ${full(last.dormant_count, 'count')} of the period before did not order${ratio}.`;
  },
  period: whole,
  measured:
    'customers with an order; dormant = ordered in the period before, not in this one; above a quick ratio of 1, active customers grow',
  legend: (view, palette) =>
    KINDS.map(([, text, color]) => ({ text: text.toLowerCase(), color: palette[color] })),
  empty: (view) => (view.rows('lifecycle').some((row) => row.active_count) ? null : 'No purchases yet.'),
  option(view, palette, { width, choice }) {
    const rows = rowsOf(view, choice);
    return {
      grid: grid(),
      tooltip: tooltip(palette, ({ dataIndex }) => {
        const row = rows[dataIndex];
        return [
          nameOf(choice, row),
          [
            ...KINDS.map(([column, name]) => [name, full(row[column], 'count')]),
            ['Active', full(row.active_count, 'count')],
            ['Quick ratio', full(row.quick_ratio, 'amount')],
          ],
          [
            row.is_complete ? null : 'This period is not complete.',
            row.is_left_censored ? `New customers ${CENSORED}.` : null,
          ]
            .filter(Boolean)
            .join(' ') || null,
        ];
      }),
      xAxis: dayAxis(
        palette,
        rows.map(({ period_start }) => period_start),
        width - 60,
      ),
      yAxis: valueAxis(palette, 'count'),
      series: KINDS.map(([column, name, color, sign]) => ({
        type: 'bar',
        name,
        stack: 'customers',
        barMaxWidth: 40,
        data: rows.map((row) => ({
          value: row[column] === null ? null : sign * row[column],
          itemStyle: { color: palette[color], opacity: row.is_complete ? 1 : 0.5 },
        })),
      })),
    };
  },
  table: (view, grain) => ({
    columns: [
      { name: 'From', kind: 'date' },
      { name: 'Active', kind: 'count' },
      ...KINDS.map(([, name]) => ({ name, kind: 'count' })),
      { name: 'Quick ratio', kind: 'amount' },
      { name: 'Complete', kind: 'text' },
      { name: 'Left-censored', kind: 'text' },
    ],
    rows: rowsOf(view, grain).map((row) => [
      row.period_start,
      row.active_count,
      ...KINDS.map(([column]) => row[column]),
      row.quick_ratio,
      row.is_complete,
      row.is_left_censored,
    ]),
  }),
};
