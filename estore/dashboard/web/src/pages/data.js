// Data: what was loaded, what was refused, which days are whole, what was tested, and what each number means.

import { dayBars } from '../charts/days.js';
import { lineage } from '../charts/lineage.js';
import { nameBars } from '../charts/bars.js';
import { daysBetween, longDay } from '../days.js';
import { h } from '../element.js';
import { counted, full, short } from '../numbers.js';
import { ratio, sum, sumBy } from '../ratio.js';
import { tableOf } from '../table.js';
import { tilesOf, tilesTable } from '../tiles.js';

const whole = (view) => view.wholePeriod;
const LAYERS = ['raw', 'staging', 'intermediate', 'marts', 'metrics', 'dashboard'];

const loadedFiles = (view) => view.rows('files').filter(({ status }) => status === 'loaded');
const fileName = (uri) => String(uri).split('/').at(-1);

/** Every day from the first to the last; one without events is there with null. */
function days(view) {
  if (!view.first) return [];
  const known = new Map(view.rows('days').map((row) => [row.event_date, row]));
  return daysBetween(view.first, view.last).map((day) => ({
    day,
    event_count: null,
    duplicate_row_count: null,
    ...known.get(day),
    isComplete: Boolean(known.get(day)?.is_complete),
  }));
}

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
      note: `${counted(view.rows('files').length - files.length, 'other')} refused or repeated`,
    },
    { name: 'Lines', kind: 'count', value: lines, note: `${full(sum(all, 'event_count'), 'count')} events` },
    {
      name: 'Repeated lines',
      kind: 'rate',
      value: ratio(duplicates, lines),
      note: `${full(duplicates, 'count')} of ${full(lines, 'count')}`,
    },
    {
      name: 'Rejected lines',
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

const modelsOf = (view) =>
  [...view.rows('models')]
    .sort((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer))
    .map(({ model_name, layer, description }) => ({ name: model_name, layer, description }));

const edgesOf = (view) => view.rows('edges').map(({ from_model, to_model }) => [from_model, to_model]);

const definitionColumns = [
  { name: 'Table', kind: 'text' },
  { name: 'Number', kind: 'text' },
  { name: 'What it is', kind: 'text', long: true },
];
const definitions = (view) =>
  view.rows('definitions').map((row) => [row.table_name, row.column_name, row.description]);

export const cards = [
  {
    id: 'data-numbers',
    query: 'files',
    title: () => 'Every line is accounted for: lines = loaded + rejected, loaded = events + repeated',
    period: whole,
    measured: 'lines of loaded files',
    element: (view) => tilesOf(tiles(view)),
    table: (view) => tilesTable(tiles(view)),
  },
  {
    id: 'events-by-day',
    query: 'days',
    width: 'wider',
    height: 'm',
    title: () => 'Events by day, and which days are whole',
    reading(view) {
      const all = days(view);
      const missing = all.filter(({ event_count }) => event_count === null).length;
      const cut = all.filter(({ event_count, isComplete }) => event_count !== null && !isComplete).length;
      return missing || cut
        ? `Of ${counted(all.length, 'day')}, ${counted(missing, 'day')} without any event and ${counted(cut, 'day')} that end before their last hour.`
        : `All ${counted(all.length, 'day')} reach their last hour.`;
    },
    period: whole,
    measured: 'distinct events; a day is complete when its data reach its last hour',
    legend: (view, palette) => [
      { text: 'complete', colour: palette.blue },
      { text: 'incomplete', colour: palette.grey, shape: 'hollow' },
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
                ['Repeated lines', full(row.duplicate_row_count, 'count')],
              ],
              row.event_count === null
                ? 'No event on this day.'
                : row.isComplete
                  ? null
                  : 'Incomplete: the data do not reach the last hour.',
            ];
          },
        },
      );
    },
    table: (view) => ({
      columns: [
        { name: 'Day', kind: 'date' },
        { name: 'Events', kind: 'count' },
        { name: 'Views', kind: 'count' },
        { name: 'Carts', kind: 'count' },
        { name: 'Purchases', kind: 'count' },
        { name: 'Repeated lines', kind: 'count' },
        { name: 'Complete', kind: 'text' },
      ],
      rows: days(view).map((row) => [
        row.day,
        row.event_count,
        row.view_count ?? null,
        row.cart_add_count ?? null,
        row.purchase_count ?? null,
        row.duplicate_row_count,
        row.isComplete,
      ]),
    }),
  },
  {
    id: 'rejects-by-reason',
    query: 'rejects',
    width: 'narrow',
    height: 'm',
    title: () => 'Rejected lines by reason',
    reading: (view) =>
      `${counted(sum(view.rows('rejects'), 'line_count'), 'line')} kept with their reason: \`estore rejects\` lists them.`,
    period: whole,
    measured: 'lines of loaded files',
    empty: (view) => (view.rows('rejects').length ? null : 'No line was rejected.'),
    option(view, palette, { width }) {
      const rows = reasons(view).slice(0, 8);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: row.key,
          values: [{ value: row.line_count, label: short(row.line_count, 'count'), colour: palette.orange }],
        })),
        {
          kind: 'count',
          room: 52,
          tip: (index) => [rows[index].key, [['Lines', full(rows[index].line_count, 'count')]]],
        },
      );
    },
    table: (view) => ({
      columns: [
        { name: 'File', kind: 'text' },
        { name: 'Reason', kind: 'text', long: true },
        { name: 'Lines', kind: 'count' },
      ],
      rows: view.rows('rejects').map((row) => [fileName(row.uri), row.reason, row.line_count]),
    }),
  },
  {
    id: 'files',
    query: 'files',
    title: () => 'Files, as they were loaded or refused',
    period: whole,
    measured: 'lines = loaded + rejected',
    empty: (view) => (view.rows('files').length ? null : 'No file yet.'),
    tableOnly: true,
    table: (view) => ({
      columns: [
        { name: 'File', kind: 'text' },
        { name: 'Status', kind: 'text' },
        { name: 'Size', kind: 'bytes' },
        { name: 'Lines', kind: 'count' },
        { name: 'Loaded', kind: 'count' },
        { name: 'Rejected', kind: 'count' },
        { name: 'First day', kind: 'date' },
        { name: 'Last day', kind: 'date' },
        { name: 'Loaded at (UTC)', kind: 'instant' },
        { name: 'Why refused', kind: 'text' },
      ],
      rows: view
        .rows('files')
        .map((row) => [
          fileName(row.uri),
          row.status,
          row.bytes,
          row.lines,
          row.loaded,
          row.rejected,
          row.first_date,
          row.last_date,
          row.loaded_at,
          row.error,
        ]),
    }),
  },
  {
    id: 'repeated-lines-by-day',
    query: 'days',
    width: 'half',
    height: 's',
    title: () => 'Repeated lines by day',
    reading(view) {
      const all = days(view);
      const most = [...all].sort((a, b) => (b.duplicate_row_count ?? 0) - (a.duplicate_row_count ?? 0))[0];
      const total = sum(all, 'duplicate_row_count');
      return total
        ? `${counted(total, 'line')} repeat an event and count once; most on ${longDay(most.day)} (${full(most.duplicate_row_count, 'count')}).`
        : 'No line repeats an event.';
    },
    period: whole,
    measured: 'lines that repeat an event; they are kept and counted once',
    empty: (view) => (view.first ? null : 'No events yet.'),
    option(view, palette, { width }) {
      const rows = days(view);
      return dayBars(
        palette,
        width,
        rows.map((row) => ({ ...row, value: row.duplicate_row_count })),
        {
          kind: 'count',
          tip: (index) => [
            longDay(rows[index].day),
            [
              ['Repeated lines', full(rows[index].duplicate_row_count, 'count')],
              ['Events', full(rows[index].event_count, 'count')],
              [
                'Of all lines',
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
    table: (view) => ({
      columns: [
        { name: 'Day', kind: 'date' },
        { name: 'Repeated lines', kind: 'count' },
        { name: 'Events', kind: 'count' },
      ],
      rows: days(view).map((row) => [row.day, row.duplicate_row_count, row.event_count]),
    }),
  },
  {
    id: 'tests',
    query: 'tests',
    width: 'half',
    title: (view) => {
      const failed = view.rows('tests').filter(({ status }) => status !== 'pass').length;
      if (!view.rows('tests').length) return 'Tests of the last build';
      return failed
        ? `${counted(failed, 'test')} of the last build did not pass`
        : 'All tests of the last build passed';
    },
    period: whole,
    measured: 'tests of the data, run after each build; failures are rows',
    empty: (view) => (view.rows('tests').length ? null : 'The last build recorded no tests.'),
    tableOnly: true,
    table: (view) => ({
      columns: [
        { name: 'Result', kind: 'text', mark: (row) => (row[0] === 'pass' ? 'blue' : 'orange') },
        { name: 'Table', kind: 'text' },
        { name: 'Test', kind: 'text', long: true },
        { name: 'Failures', kind: 'count' },
      ],
      rows: [...view.rows('tests')]
        .sort((a, b) => Number(a.status === 'pass') - Number(b.status === 'pass'))
        .map((row) => [
          row.status,
          row.table_name,
          [row.test_name.replaceAll('_', ' '), row.description].filter(Boolean).join(': '),
          row.failure_count,
        ]),
    }),
  },
  {
    id: 'lineage',
    query: 'models',
    height: 'xl',
    title: () => 'How the numbers are made: from files, left, to what this dashboard reads, right',
    choices: (view) =>
      view.rows('models').length
        ? {
            label: 'Follow',
            values: [
              ...view.rows('models').map(({ model_name }) => ({ id: model_name, label: model_name })),
              { id: 'all', label: 'all models' },
            ],
          }
        : null,
    reading: (view) =>
      `${counted(view.rows('models').length, 'table')}, ${counted(view.rows('edges').length, 'step')}. Follow one to see what it is made of and what is made of it.`,
    period: whole,
    measured: 'tables of the transformation and what each reads',
    empty: (view) => (view.rows('models').length ? null : 'The last build recorded no lineage.'),
    minWidth: 1080,
    option: (view, palette, { width, height, choice: chosen }) =>
      lineage(palette, width, height, modelsOf(view), edgesOf(view), chosen === 'all' ? null : chosen),
    table: (view) => ({
      columns: [
        { name: 'Table', kind: 'text' },
        { name: 'Layer', kind: 'text' },
        { name: 'Reads', kind: 'text', long: true },
        { name: 'What it is', kind: 'text', long: true },
      ],
      rows: modelsOf(view).map(({ name, layer, description }) => [
        name,
        layer,
        edgesOf(view)
          .filter(([, to]) => to === name)
          .map(([from]) => from)
          .join(', ') || null,
        description,
      ]),
    }),
  },
  {
    id: 'definitions',
    query: 'definitions',
    title: () => 'What each number is',
    period: whole,
    measured: 'from the description of each table and column',
    empty: (view) => (view.rows('definitions').length ? null : 'The last build recorded no definitions.'),
    element(view) {
      const rows = definitions(view);
      const room = h('div');
      const input = h('input', {
        type: 'search',
        class: 'search',
        placeholder: 'Search, such as churn',
        'aria-label': 'Search the definitions',
      });
      const show = () => {
        const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        const found = rows.filter((row) => words.every((word) => row.join(' ').toLowerCase().includes(word)));
        room.replaceChildren(
          found.length
            ? tableOf('What each number is', definitionColumns, found)
            : h('p', { class: 'empty' }, `No definition has “${input.value}”.`),
        );
      };
      input.addEventListener('input', show);
      show();
      return h('div', {}, h('div', { class: 'field' }, input), room);
    },
    table: (view) => ({ columns: definitionColumns, rows: definitions(view) }),
  },
];
