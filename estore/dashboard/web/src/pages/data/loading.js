// Loaded and refused files, and which days are complete.

import { MARK, alertDays, alertWords } from '../../alerts.js';
import { nameBars } from '../../charts/bars.js';
import { cutAt, dayBars } from '../../charts/days.js';
import { tabled } from '../../columns.js';
import { daysBetween, longDay } from '../../days.js';
import { counted, full, short } from '../../numbers.js';
import { ratio, sum, sumBy } from '../../ratio.js';
import { tilesOf, tilesTable } from '../../tiles.js';
import { once, whole } from '../../view.js';

const loadedFiles = (view) => view.rows('files').filter(({ status }) => status === 'loaded');
const fileName = (uri) => String(uri).split('/').at(-1);

/** Every day from the first to the last; one without events is there with null. */
const days = once((view) => {
  if (!view.first) return [];
  const alerts = alertDays(view, ['view', 'cart', 'purchase']);
  const known = new Map(view.rows('days').map((row) => [row.event_date, row]));
  return daysBetween(view.first, view.last).map((day) => ({
    day,
    event_count: null,
    duplicate_row_count: null,
    ...known.get(day),
    isComplete: Boolean(known.get(day)?.is_complete),
    alerts: alerts.get(day) ?? [],
    hasAlert: alerts.has(day),
  }));
});

/** Where duplicate rows are cut off: one file sent twice would hide every other day. */
const cutAtOf = (view) => cutAt(days(view).map((row) => row.duplicate_row_count));

/** Rows of event types that the file's source does not keep. */
const ignored = (row) => (row.status === 'loaded' ? row.lines - row.loaded - row.rejected : 0);

function tiles(view) {
  const files = loadedFiles(view);
  const all = days(view);
  const lines = sum(files, 'lines');
  const tests = view.rows('tests');
  const failed = tests.filter(({ status }) => status !== 'pass');
  const duplicates = sum(all, 'duplicate_row_count');
  return [
    {
      name: 'Files loaded',
      kind: 'count',
      value: files.length,
      note:
        view.rows('files').length > files.length
          ? `${counted(view.rows('files').length - files.length, 'other')} refused or duplicate`
          : 'none refused or duplicate',
    },
    { name: 'Rows', kind: 'count', value: lines, note: `${full(sum(all, 'event_count'), 'count')} events` },
    {
      name: 'Duplicate rows',
      kind: 'rate',
      value: ratio(duplicates, lines),
      note: `${full(duplicates, 'count')} of ${full(lines, 'count')}`,
    },
    {
      name: 'Rejected rows',
      kind: 'rate',
      value: ratio(sum(files, 'rejected'), lines),
      note: `${full(sum(files, 'rejected'), 'count')} of ${full(lines, 'count')}`,
    },
    {
      name: 'Complete days',
      kind: 'count',
      value: all.filter(({ isComplete }) => isComplete).length,
      note: `of ${counted(all.length, 'day')}`,
    },
    {
      name: 'Tests passed',
      kind: 'count',
      value: tests.length ? tests.length - failed.length : null,
      note: tests.length ? `of ${full(tests.length, 'count')}` : 'no tests recorded',
    },
  ];
}

const reasons = (view) =>
  sumBy(view.rows('rejects'), ({ reason }) => reason, ['line_count']).sort(
    (a, b) => b.line_count - a.line_count,
  );

export const loadingCards = [
  {
    id: 'data-numbers',
    query: 'files',
    title: () => 'Every row is accounted for',
    period: whole,
    measured: 'rows of loaded files: rows = loaded + rejected + ignored, loaded = events + duplicates',
    element: (view) => tilesOf(tiles(view)),
    table: (view) => tilesTable(tiles(view)),
  },
  {
    id: 'events-by-day',
    query: 'days',
    width: 'wider',
    height: 'm',
    title: () => 'Events by day',
    reading(view) {
      const all = days(view);
      const missing = all.filter(({ event_count }) => event_count === null).length;
      const cut = all.filter(({ event_count, isComplete }) => event_count !== null && !isComplete).length;
      return missing || cut
        ? `Of ${counted(all.length, 'day')}, ${counted(missing, 'day')} ${missing === 1 ? 'has' : 'have'} no events and ${counted(cut, 'day')} ${cut === 1 ? 'is' : 'are'} incomplete.`
        : `All ${counted(all.length, 'day')} are complete.`;
    },
    period: whole,
    measured: 'distinct events; the last day is complete when its data reach the usual last hour',
    legend: (view, palette) => [
      { text: 'complete', color: palette.blue },
      { text: 'incomplete', color: palette.gray, shape: 'hollow' },
      ...(days(view).some(({ hasAlert }) => hasAlert)
        ? [{ text: MARK, color: palette.purple, shape: 'triangle' }]
        : []),
    ],
    empty: (view) => (view.first ? null : 'No events yet. Load a file with `estore run PATH`.'),
    option(view, palette, { width }) {
      const rows = days(view);
      return dayBars(
        palette,
        width,
        rows.map((row) => ({ ...row, value: row.event_count })),
        {
          kind: 'count',
          tip: (index) => {
            const row = rows[index];
            return [
              longDay(row.day),
              [
                ['Events', full(row.event_count, 'count')],
                ['Views', full(row.view_count, 'count')],
                ['Carts', full(row.cart_add_count, 'count')],
                ['Purchases', full(row.purchase_count, 'count')],
                ['Duplicate rows', full(row.duplicate_row_count, 'count')],
              ],
              row.hasAlert
                ? alertWords(row.alerts)
                : row.event_count === null
                  ? 'No events on this day.'
                  : row.isComplete
                    ? null
                    : 'Incomplete: the data of this day end early.',
            ];
          },
        },
      );
    },
    table: (view) =>
      tabled(days(view), [
        ['Day', 'date', 'day'],
        ['Events', 'count', 'event_count'],
        ['Views', 'count', (row) => row.view_count ?? null],
        ['Carts', 'count', (row) => row.cart_add_count ?? null],
        ['Purchases', 'count', (row) => row.purchase_count ?? null],
        ['Duplicate rows', 'count', 'duplicate_row_count'],
        ['Complete', 'text', 'isComplete'],
      ]),
  },
  {
    id: 'rejects-by-reason',
    query: 'rejects',
    width: 'narrow',
    height: 'm',
    title: () => 'Rejected rows by reason',
    reading: (view) =>
      `${counted(sum(view.rows('rejects'), 'line_count'), 'rejected row')}: \`estore rejects\` lists them with the reason.`,
    period: whole,
    measured: 'rows of loaded files',
    empty: (view) => (view.rows('rejects').length ? null : 'No row was rejected.'),
    option(view, palette, { width }) {
      const rows = reasons(view).slice(0, 8);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: row.key,
          values: [{ value: row.line_count, label: short(row.line_count, 'count'), color: palette.orange }],
        })),
        {
          kind: 'count',
          room: 52,
          tip: (index) => [rows[index].key, [['Rows', full(rows[index].line_count, 'count')]]],
        },
      );
    },
    table: (view) =>
      tabled(view.rows('rejects'), [
        ['File', 'text', (row) => fileName(row.uri)],
        ['Reason', 'text', 'reason', { long: true }],
        ['Rows', 'count', 'line_count'],
      ]),
  },
  {
    id: 'files',
    query: 'files',
    title: () => 'Loaded and refused files',
    period: whole,
    measured: 'rows = loaded + rejected + ignored by event type',
    empty: (view) => (view.rows('files').length ? null : 'No files yet.'),
    tableOnly: true,
    stacked: true,
    table: (view) =>
      tabled(view.rows('files'), [
        ['File', 'text', (row) => fileName(row.uri)],
        ['Status', 'text', 'status'],
        ['Size', 'bytes', 'bytes'],
        ['Rows', 'count', 'lines'],
        ['Loaded', 'count', 'loaded'],
        ['Rejected', 'count', 'rejected'],
        ['Ignored', 'count', (row) => ignored(row)],
        ['First day', 'date', 'first_date'],
        ['Last day', 'date', 'last_date'],
        ['Loaded at (UTC)', 'instant', 'loaded_at'],
        ['Reason for refusal', 'text', 'error'],
      ]),
  },
  {
    id: 'repeated-lines-by-day',
    query: 'days',
    width: 'half',
    height: 's',
    title: () => 'Duplicate rows by day',
    reading(view) {
      const all = days(view);
      const most = [...all].sort((a, b) => (b.duplicate_row_count ?? 0) - (a.duplicate_row_count ?? 0))[0];
      const total = sum(all, 'duplicate_row_count');
      if (!total) return 'There are no duplicate rows.';
      const top = cutAtOf(view);
      const cut = top === null ? 0 : all.filter((row) => row.duplicate_row_count > top).length;
      const said = `${counted(total, 'duplicate row')}, each counted once; most on ${longDay(most.day)} (${full(most.duplicate_row_count, 'count')}).`;
      return cut
        ? `${said} The axis ends at ${full(top, 'count')}: ${counted(cut, 'higher day')} ${cut > 1 ? 'are' : 'is'} cut off (↑).`
        : said;
    },
    period: whole,
    measured: 'duplicate rows of an event; they are stored, and the event counts once',
    empty: (view) => (view.first ? null : 'No events yet.'),
    option(view, palette, { width }) {
      const rows = days(view);
      return dayBars(
        palette,
        width,
        rows.map((row) => ({
          ...row,
          value: row.duplicate_row_count,
          hasAlert: row.alerts.some(({ kind }) => kind === 'duplicate_burst'),
        })),
        {
          kind: 'count',
          top: cutAtOf(view),
          tip: (index) => [
            longDay(rows[index].day),
            [
              ['Duplicate rows', full(rows[index].duplicate_row_count, 'count')],
              ['Events', full(rows[index].event_count, 'count')],
              [
                'Share of all rows',
                full(
                  ratio(
                    rows[index].duplicate_row_count,
                    (rows[index].event_count ?? 0) + (rows[index].duplicate_row_count ?? 0),
                  ),
                  'rate',
                ),
              ],
            ],
          ],
        },
      );
    },
    table: (view) =>
      tabled(days(view), [
        ['Day', 'date', 'day'],
        ['Duplicate rows', 'count', 'duplicate_row_count'],
        ['Events', 'count', 'event_count'],
      ]),
  },
];
