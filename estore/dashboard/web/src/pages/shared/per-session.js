// A sum per session over days or weeks, as a line.

import { lineChart } from '../../charts/lines.js';
import { dayAxis } from '../../charts/parts.js';
import { counted, full } from '../../numbers.js';
import { ratio, sum } from '../../ratio.js';
import { stepName, stepNote, withGaps } from './steps.js';

/**
 * @param {{id: string, query: string, width?: string, height: string, steps: (view: any) => any, empty: (view: any) => string | null, measure: string, kind: any, name: string, of: {name: string, kind: any}, measured: string, fromZero?: boolean, said: (amount: string, sessions: string) => string}} what
 *   of: what is summed
 */
export function perSession({ steps, measure, kind, name, of, fromZero = true, said, ...card }) {
  const value = (row) => ratio(row[measure], row.session_count);
  return {
    width: 'half',
    ...card,
    title: (view) => `${name} by ${view.from && steps(view).byWeek ? 'week' : 'day'}`,
    reading(view) {
      const rows = view.rows(card.query);
      const sessions = sum(rows, 'session_count');
      return said(full(ratio(sum(rows, measure), sessions), kind), counted(sessions, 'session'));
    },
    option(view, palette, room) {
      const all = steps(view);
      const rows = withGaps(all);
      const line = {
        name,
        color: palette.blue,
        values: rows.map(value),
        open: rows.map(({ days }) => all.byWeek && days < 7),
      };
      return lineChart(palette, room, [line], {
        kind,
        fromZero,
        named: false,
        axis: dayAxis(
          palette,
          rows.map(({ key }) => key),
          room.width,
        ),
        tip: (index) => [
          stepName(all, rows[index]),
          [
            [name, full(value(rows[index]), kind)],
            [of.name, full(rows[index][measure], of.kind)],
            ['Sessions', full(rows[index].session_count, 'count')],
          ],
          stepNote(all, rows[index]),
        ],
      });
    },
    table(view) {
      const { rows, byWeek } = steps(view);
      return {
        columns: [
          { name: byWeek ? 'Week from' : 'Day', kind: 'date' },
          { name: 'Complete days', kind: 'count' },
          of,
          { name: 'Sessions', kind: 'count' },
          { name, kind },
        ],
        rows: rows.map((row) => [row.key, row.days, row[measure], row.session_count, value(row)]),
      };
    },
  };
}
