// The alerts as a card: data issues that make numbers misleading.

import { alertName, alertsOf, severityColor } from '../../alerts.js';
import { counted } from '../../numbers.js';
import { whole } from '../../view.js';

const daysOf = ({ from_date, to_date }) => (from_date === to_date ? from_date : `${from_date} to ${to_date}`);

export const alertsCard = {
  id: 'alerts',
  query: 'alerts',
  title(view) {
    const all = alertsOf(view);
    const high = all.filter(({ severity }) => severity === 'high').length;
    if (!all.length) return 'Data issues';
    return `${counted(all.length, 'data issue')}${high ? `, ${high} of high severity` : ''}`;
  },
  period: whole,
  measured:
    'compared with usual days; high = numbers of that time are wrong, medium = some are wrong, low = for information',
  empty: (view) =>
    alertsOf(view).length
      ? null
      : view.first
        ? 'No issues found: no tracking gaps, no bursts of duplicate rows, no changed categories.'
        : 'No events yet. Load a file with `estore run PATH`.',
  tableOnly: true,
  tall: true,
  stacked: true,
  table: (view) => ({
    columns: [
      { name: 'Severity', kind: 'text', mark: ([severity]) => severityColor(severity) },
      { name: 'What', kind: 'text' },
      { name: 'Days', kind: 'prose' },
      { name: 'About', kind: 'text', spare: true },
      { name: 'Measured', kind: 'count', spare: true },
      { name: 'Expected', kind: 'count', spare: true },
      { name: 'Revenue', kind: 'money', spare: true },
      { name: 'Description', kind: 'prose', long: true },
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
