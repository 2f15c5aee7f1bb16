// The alerts as a card: data issues that make numbers misleading.

import { alertName, alertsOf, severityColor } from '../../alerts.js';
import { tabled } from '../../columns.js';
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
  table: (view) =>
    tabled(alertsOf(view), [
      ['Severity', 'text', 'severity', { mark: ([severity]) => severityColor(severity) }],
      ['What', 'text', (row) => alertName(row)],
      ['Days', 'prose', (row) => daysOf(row)],
      ['About', 'text', 'subject', { spare: true }],
      ['Measured', 'count', 'measured', { spare: true }],
      ['Expected', 'count', 'expected', { spare: true }],
      ['Revenue', 'money', 'revenue_amount', { spare: true }],
      ['Description', 'prose', 'sentence', { long: true }],
    ]),
};
