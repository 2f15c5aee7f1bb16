// The alerts as a card: what in the data would mislead whoever does not know of it.

import { alertName, alertsOf, severityColour } from '../alerts.js';
import { counted } from '../numbers.js';
import { whole } from '../view.js';

const daysOf = ({ from_date, to_date }) => (from_date === to_date ? from_date : `${from_date} to ${to_date}`);

export const alertsCard = {
  id: 'alerts',
  query: 'alerts',
  title(view) {
    const all = alertsOf(view);
    const high = all.filter(({ severity }) => severity === 'high').length;
    if (!all.length) return 'What in the data would mislead';
    return `${counted(all.length, 'thing')} in the data that would mislead${high ? `, ${high} of them badly` : ''}`;
  },
  period: whole,
  measured:
    'found against what is usual; high = numbers of that time are wrong, medium = some are, low = good to know',
  empty: (view) =>
    alertsOf(view).length
      ? null
      : view.first
        ? 'Nothing stands out: no gap in the tracking, no burst of repeats, no break in the names.'
        : 'No events yet. Load a file with `estore run PATH`.',
  tableOnly: true,
  tall: true,
  stacked: true,
  table: (view) => ({
    columns: [
      { name: 'Severity', kind: 'text', mark: ([severity]) => severityColour(severity) },
      { name: 'What', kind: 'text' },
      { name: 'Days', kind: 'prose' },
      { name: 'About', kind: 'text', spare: true },
      { name: 'Measured', kind: 'count', spare: true },
      { name: 'Expected', kind: 'count', spare: true },
      { name: 'Revenue', kind: 'money', spare: true },
      { name: 'In words', kind: 'prose', long: true },
    ],
    rows: alertsOf(view).map((row) => [
      row.severity,
      alertName(row),
      daysOf(row),
      row.subject,
      row.measured,
      row.expected,
      row.revenue_amount,
      row.sentence,
    ]),
  }),
};
