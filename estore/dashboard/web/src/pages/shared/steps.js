// Complete days, or weeks where there are many: the sums behind rates.

import { addDays, daysBetween, longDay, spanOf, weekOf } from '../../days.js';
import { counted } from '../../numbers.js';
import { sumBy } from '../../ratio.js';

const MOST_DAYS = 45;

/**
 * Rows of sessions summed by day or week; both exclude incomplete days.
 * @returns {{byWeek: boolean, rows: any[]}} each row with `key`, its day or Monday, and `days`, how many it holds
 */
export function stepsOf(view, query, measures) {
  if (!view.from) return { byWeek: false, rows: [] };
  const marks = view.rows('marks').filter(({ is_complete }) => is_complete);
  const complete = new Set(marks.map(({ event_date }) => event_date));
  const byWeek = spanOf(view.from, view.to) > MOST_DAYS;
  const rows = view
    .rows(query)
    .filter(({ session_start_date }) => complete.has(session_start_date))
    .map((row) => ({ ...row, days: 1 }));
  const key = ({ session_start_date: day }) => (byWeek ? weekOf(day) : day);
  return { byWeek, rows: sumBy(rows, key, [...measures, 'days']) };
}

/** The rows for a line chart: an incomplete day between two others is a gap. */
export function withGaps({ byWeek, rows }) {
  if (byWeek || !rows.length) return rows;
  const known = new Map(rows.map((row) => [row.key, row]));
  return daysBetween(rows[0].key, rows.at(-1).key).map((key) => known.get(key) ?? { key, days: 0 });
}

/** The days that a row covers. */
export const daysOf = ({ byWeek }, { key }) =>
  byWeek ? [0, 1, 2, 3, 4, 5, 6].map((day) => addDays(key, day)) : [key];

export const stepName = ({ byWeek }, row) => (byWeek ? `Week from ${longDay(row.key)}` : longDay(row.key));
export const stepNote = ({ byWeek }, row) =>
  byWeek && row.days < 7
    ? `Only ${counted(row.days, 'complete day')} of this week.`
    : row.days
      ? null
      : 'Incomplete: the data of this day end early.';
